// The second argument repeats what the gradient does: here it has to become a sum again.
//
// expect: [ST-C406]
// expect: write<shardtype::backward_is<shardtype::unchecked::backward::invariant_to_partial
// expect: names::unchecked::replicate_to_invariant
#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<4> {};
using used = tensor<float, shape<8, 16>, mesh<tensor_gpus>, replicate<tensor_gpus>>;

void stop_using(float* memory, thread::communicator const& ranks) {
    using namespace unchecked::backward;
    auto const x = view<used>(memory, ranks);
    auto const y =
        unchecked::replicate_to_invariant<tensor_gpus, ST_TOKEN(replicate_to_invariant, invariant_to_partial)>(x);
    (void)y;
}
