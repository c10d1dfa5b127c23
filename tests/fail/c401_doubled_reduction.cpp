// The second all_reduce would multiply by the number of devices.
//
// expect: [ST-C401]
// expect: ST_C401<
// expect: write<shardtype::remove_this_call>
// expect: on_axis<tensor_gpus>
// expect: names::all_reduce
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<8, 16, 32>, partial<tensor_gpus>> y{};
constexpr auto once = all_reduce<tensor_gpus, to_replicate>(y);
constexpr auto twice = all_reduce<tensor_gpus, to_invariant>(ST_TOKEN(once, y));
