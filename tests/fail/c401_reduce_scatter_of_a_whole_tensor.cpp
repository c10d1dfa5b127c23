
//
// expect: [ST-C401]
// expect: ST_C401<
// expect: write<shardtype::remove_this_call>
// expect: on_axis<tensor_gpus>
// expect: names::reduce_scatter
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real < shape<8, 16, 32>, ST_TOKEN(replicate, partial) < tensor_gpus >> y{};
constexpr auto z = reduce_scatter<tensor_gpus, 1>(y);
