// On views as on types: the second all_reduce would multiply by the number of devices.
//
// expect: [ST-C401]
// expect: write<shardtype::remove_this_call>
// expect: on_axis<tensor_gpus>
#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<4> {};
using summands = tensor<float, shape<8, 16>, mesh<tensor_gpus>, partial<tensor_gpus>>;

void sum(float* memory, float* out, thread::communicator const& ranks) {
    auto const y = view<summands>(memory, ranks);
    auto const once = all_reduce<tensor_gpus, to_replicate>(y, out);
    auto const twice = all_reduce<tensor_gpus, to_invariant>(ST_TOKEN(once, y), out);
    (void)once, (void)twice;
}
