// Each device would look up only its own tokens, and find only its own rows.
//
// expect: [ST-R301]
// expect: ST_R301<
// expect: on_axis<tensor_gpus>
// expect: rules::embedding
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;
template <class Shape, class... Placements>
using ids = tensor<int, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using by_vocabulary = real<shape<256, 32>, shard<0, tensor_gpus>>;
using whole = real<shape<256, 32>, replicate<tensor_gpus>>;
constexpr ids<shape<8, 16>, shard<0, tensor_gpus>> tokens{};
constexpr ST_TOKEN(by_vocabulary, whole) w{};
constexpr auto x = op::embedding(tokens, w);
