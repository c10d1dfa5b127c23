// One loop in a model: inner layers are written out.
//
// expect: [ST-S605]
// expect: ST_S605<
// expect: my_job
#include <shardtype/shardtype.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <int N, class... Layers>
using once = chain<Layers...>;
struct my_job {
    using mesh = shardtype::mesh<data_gpus, tensor_gpus>;
    using strategy = shardtype::strategy<fsdp<data_gpus>, tensor_parallel<tensor_gpus>>;
    using model = chain<embedding<256, 64>, repeat<2, ST_TOKEN(repeat, once) < 2, swiglu<64>>>, rms_norm, linear<256>,
          cross_entropy > ;
    static constexpr batch_shape batch{.global = 8, .sequence = 16};
};
constexpr int operations = checked<my_job>::value.node_count;
