// reduce_gradient takes the gradient of the used copy, which is partial, and makes the one reduction itself.
//
// expect: [ST-G501]
// expect: ST_G501<
// expect: partial<data_gpus>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

using stored = real<shape<64, 32>>;
using used = real<shape<64, 32>, replicate<data_gpus>>;
constexpr real<shape<64, 32>, partial<data_gpus>> dw{};
constexpr auto dw_reduced = all_reduce<data_gpus, to_replicate>(dw);
constexpr auto gradient_at_the_optimizer = reduce_gradient(parameter<stored, used>{}, ST_TOKEN(dw_reduced, dw));
