// The mesh has the parts of an axis: the message prints the tensor with them.
//
// expect: [ST-P101]
// expect: ST_P101<
// expect: shard<0, shardtype::major<tensor_gpus, 2>, shardtype::minor<tensor_gpus, 2>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<8> {};

using outer = major<tensor_gpus, 2>;
template <class Axis>
using rows = tensor<float, shape<16, 8>, mesh<outer, minor<tensor_gpus, 2>>, shard<0, Axis>>;
constexpr rows<ST_TOKEN(tensor_gpus, outer)> x{};
