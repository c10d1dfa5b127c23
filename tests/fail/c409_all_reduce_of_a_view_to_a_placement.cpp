// A target names no axis: the collective does.
//
// expect: [ST-C409]
// expect: ST_C409<
// expect: write<shardtype::to_replicate
// expect: on_axis<tensor_gpus>
// expect: names::all_reduce
#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<4> {};
using summands = tensor<float, shape<8, 16>, mesh<tensor_gpus>, partial<tensor_gpus>>;
using placement_there = replicate<tensor_gpus>;

void sum(float* memory, float* out, thread::communicator const& ranks) {
    auto const y = view<summands>(memory, ranks);
    auto const z = all_reduce<tensor_gpus, ST_TOKEN(placement_there, to_replicate)>(y, out);
    out[0] = z.data()[1];
}
