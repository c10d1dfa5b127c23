// What follows from a mistake is silent: its result is used, and asserted to have a shape and bytes.
//
// expect: [ST-R302]
// expect: ST_R302<
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real < shape<8, 16, 32>, ST_TOKEN(partial, replicate) < tensor_gpus >> x{};
constexpr auto normed = op::rms_norm(x, real<shape<32>, replicate<tensor_gpus>>{});
static_assert(normed.local_shape == shape<8, 16, 32>{} && normed.local_bytes == 16384 && normed.local_bytes < 16385);
constexpr auto y = op::linear(normed, real<shape<64, 32>, shard<0, tensor_gpus>>{});
static_assert(y.local_shape == shape<8, 16, 16>{});
constexpr auto whole = all_gather<tensor_gpus, to_replicate>(y);
constexpr auto dy =
    gradients(op::linear, gradient_t<decltype(y)>{}, normed, real<shape<64, 32>, shard<0, tensor_gpus>>{});
