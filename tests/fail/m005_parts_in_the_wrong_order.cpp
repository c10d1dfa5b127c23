// The minor part before the major one would number the ranks of the axis in another order.
//
// expect: [ST-M005]
// expect: ST_M005<
// expect: mesh<data_gpus, shardtype::major<tensor_gpus, 2>, shardtype::minor<tensor_gpus, 2>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<8> {};
using outer = major<tensor_gpus, 2>;
using inner = minor<tensor_gpus, 2>;
template <class First, class Second>
using in_order = mesh<data_gpus, First, Second>;
template <class First, class Second>
using swapped = mesh<data_gpus, Second, First>;

using grid = ST_TOKEN(swapped, in_order)<outer, inner>;
constexpr int devices = grid::size;
