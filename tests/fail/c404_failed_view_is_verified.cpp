// verify, escape hatches and started collectives say nothing of what has failed before.
//
// expect: [ST-C404]
#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<4> {};
template <class... P>
using matrix = tensor<float, shape<8, 16>, mesh<tensor_gpus>, P...>;
using rows = matrix<shard<0, tensor_gpus>>;
using whole = matrix<replicate<tensor_gpus>>;

void look(float* memory, float* out, float* other, thread::communicator const& ranks) {
    auto const x = view<ST_TOKEN(whole, rows)>(memory, ranks);
    auto pending = all_gather_start<tensor_gpus, to_replicate>(x, out);
    auto const z = pending.wait();
    verify(z);
    namespace backward = unchecked::backward;
    auto const i = unchecked::replicate_to_invariant<tensor_gpus, backward::invariant_to_partial>(z);
    auto const p = unchecked::invariant_to_partial<tensor_gpus, backward::replicate_to_invariant>(i, other);
    auto const sum = all_reduce<tensor_gpus, to_replicate>(p, out);
    auto const moved = all_to_all<tensor_gpus, 1>(redistribute<shard<0, tensor_gpus>>(sum), other);
    verify(moved);
    other[0] = unchecked::assume<matrix<shard<1, tensor_gpus>>>(moved).data()[0];
    (void)redistribution_scratch<decltype(sum), whole>;
}
