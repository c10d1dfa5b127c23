// A slice of a view that stays in use is read only: what is written there would change the whole on one rank.
//
// expect: [ST-C405]
// expect: names::unchecked::invariant_to_partial
#include <utility>

#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class... P>
using matrix = tensor<float, shape<8, 16>, mesh<data_gpus, tensor_gpus>, P...>;

template <class X>
X& keep(X& x) {
    return x;
}

void mask(float* memory, thread::rank_communicators const& ranks) {
    using std::move;
    auto whole = view<matrix<>>(memory, ranks);
    auto rows = redistribute<shard<0, data_gpus>>(ST_TOKEN(keep, move)(whole));
    using backward = unchecked::backward::replicate_to_invariant;
    auto const first = unchecked::invariant_to_partial<tensor_gpus, backward>(move(rows));
    (void)first;
}
