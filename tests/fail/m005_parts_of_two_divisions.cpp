// The major part of two and the minor part of another division, in four.
//
// expect: [ST-M005]
// expect: ST_M005<
// expect: mesh<shardtype::major<tensor_gpus, 4>, shardtype::minor<tensor_gpus, 4>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<8> {};
using outer = major<tensor_gpus, 2>;
using inner = minor<tensor_gpus, 2>;
using grid = mesh<outer, minor<tensor_gpus, ST_TOKEN(4, 2)>>;
constexpr int devices = grid::size;
