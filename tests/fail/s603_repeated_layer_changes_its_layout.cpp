// The repeated layer takes whole columns and gives sharded ones: a second trip could not take them.
//
// expect: [ST-S603]
// expect: ST_S603<
// expect: on_axis<tensor_gpus>
// expect: my_job
#include <shardtype/shardtype.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
struct my_job {
    using mesh = shardtype::mesh<data_gpus, tensor_gpus>;
    using strategy = shardtype::strategy<fsdp<data_gpus>, tensor_parallel<tensor_gpus>>;
    using model = chain<embedding<256, 64>, repeat<2, ST_TOKEN(linear, swiglu) < 64>>, rms_norm, linear<256>,
          cross_entropy > ;
    static constexpr batch_shape batch{.global = 8, .sequence = 16};
};
constexpr int operations = checked<my_job>::value.node_count;
