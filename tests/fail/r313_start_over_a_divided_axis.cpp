// A gather over a divided axis is one over each part, and one slot holds one collective.
//
// expect: [ST-R313]
// expect: ST_R313<
// expect: over_axis<shardtype::major<tensor_gpus, 2
// expect: names::all_reduce
#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<4> {};
using first = major<tensor_gpus, 2>;
using second = minor<tensor_gpus, 2>;
using summands = tensor<float, shape<8, 16>, mesh<first, second>, partial<first, second>>;

void sum(float* memory, float* out, thread::rank_communicators const& ranks) {
    auto const y = view<summands>(memory, ranks);
    auto pending = all_reduce_start<ST_TOKEN(tensor_gpus, second), to_invariant>(y, out);
    auto const z = pending.wait();
    (void)z;
}
