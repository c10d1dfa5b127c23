// An axis that is not named is invariant: the word is for the target of a redistribution.
//
// expect: [ST-T202]
// expect: ST_T202<
// expect: invariant<data_gpus>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr real < shape<8, 16>, ST_TOKEN(invariant, replicate) < data_gpus >> x{};
