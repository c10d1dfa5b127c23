// 10 x 8 elements divide over 4 ranks, but not where the rows are cut.
//
// expect: [ST-R314]
// expect: ST_R314<
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus>, Placements...>;

constexpr real<shape<10, 8>> tokens{};
constexpr auto x = redistribute<padded_shard<0, data_gpus>>(tokens);
constexpr auto whole = all_gather<data_gpus, to_replicate>(x);
constexpr auto y = reshape<shape<80>>(ST_TOKEN(x, whole));
