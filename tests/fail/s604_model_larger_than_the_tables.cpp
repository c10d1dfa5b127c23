// 512 layers written out: equal layers belong into a repeat.
//
// expect: [ST-S604]
// expect: ST_S604<
// expect: full_table<shardtype::tables::max_
#include <shardtype/shardtype.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Layer>
using eight = chain<Layer, Layer, Layer, Layer, Layer, Layer, Layer, Layer>;
template <class Layer>
using one = chain<Layer>;
struct my_job {
    using mesh = shardtype::mesh<data_gpus, tensor_gpus>;
    using strategy = shardtype::strategy<fsdp<data_gpus>, tensor_parallel<tensor_gpus>>;
    using model = chain<embedding<256, 64>, eight<ST_TOKEN(eight, one) < eight<rms_norm>>>, rms_norm, linear<256>,
          cross_entropy > ;
    static constexpr batch_shape batch{.global = 8, .sequence = 16};
};
constexpr int operations = checked<my_job>::value.node_count;
