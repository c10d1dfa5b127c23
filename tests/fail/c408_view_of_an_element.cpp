// One element is no memory: a view takes a pointer to the first.
//
// expect: [ST-C408]
// expect: ST_C408<
// expect: write<shardtype::pointer_or_span<float
// expect: names::view
#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<4> {};
using rows = tensor<float, shape<8, 16>, mesh<tensor_gpus>, shard<0, tensor_gpus>>;

void gather(float* memory, float* whole, thread::communicator const& ranks) {
    float& first = *memory;
    (void)first;
    auto const x = view<rows>(ST_TOKEN(first, memory), ranks);
    auto const y = all_gather<tensor_gpus, to_invariant>(x, whole);
    (void)y;
}
