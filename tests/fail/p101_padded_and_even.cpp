// Twelve rows over four devices need no padding: even parts are spelled shard.
//
// expect: [ST-P101]
// expect: ST_P101<
// expect: shard<0, data_gpus>
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<4> {};

constexpr tensor<float, shape<ST_TOKEN(12, 10), 8>, mesh<data_gpus>, padded_shard<0, data_gpus>> x{};
