// A stored weight that has a gradient, and a used copy that has none: it would never train.
//
// expect: [ST-G503]
// expect: ST_G503<
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<4> {};

using stored = tensor<float, shape<16, 8>, mesh<data_gpus>, shard<0, data_gpus>>;
using whole = tensor<float, shape<16, 8>, mesh<data_gpus>, replicate<data_gpus>>;
using frozen = constant<whole>;
constexpr auto used = materialize(parameter<stored, ST_TOKEN(frozen, whole)>{});
