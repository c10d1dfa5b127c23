// Two spellings of one layout would be two types: the message prints the canonical one.
//
// expect: [ST-P101]
// expect: ST_P101<
// expect: partial<data_gpus, tensor_gpus>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real<shape<8, 16>, ST_TOKEN(partial, replicate) < data_gpus>, partial < tensor_gpus >> x{};
