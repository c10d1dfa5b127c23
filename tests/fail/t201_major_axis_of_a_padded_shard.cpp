// Only the minor axis of a padded shard may leave a rest.
//
// expect: [ST-T201]
// expect: ST_T201<0, 9
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<4> {};
struct tensor_gpus final : axis<2> {};

constexpr tensor<float, shape<ST_TOKEN(9, 10), 8>, mesh<data_gpus, tensor_gpus>,
                 padded_shard<0, tensor_gpus, data_gpus>>
    x{};
