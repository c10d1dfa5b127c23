// A constant has no gradient to move it by.
//
// expect: [ST-G502]
// expect: ST_G502<
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<4> {};

using weight = tensor<float, shape<16, 8>, mesh<data_gpus>, shard<0, data_gpus>>;
using frozen = constant<weight>;
constexpr auto next = update(ST_TOKEN(frozen, weight){}, weight{});
