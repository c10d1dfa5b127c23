// An axis beside the parts that stand in its place.
//
// expect: [ST-M005]
// expect: ST_M005<
// expect: mesh<shardtype::major<tensor_gpus, 2>, shardtype::minor<tensor_gpus, 2>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<8> {};
using outer = major<tensor_gpus, 2>;
using inner = minor<tensor_gpus, 2>;

using grid = mesh<ST_TOKEN(tensor_gpus, data_gpus), outer, inner>;
constexpr int devices = grid::size;
