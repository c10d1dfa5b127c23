// The memory of y holds the sum from there on, and y says that it holds a summand: a second all_reduce would multiply
// by the number of devices.
//
// expect: [ST-C407]
// expect: ST_C407<
// expect: write<shardtype::std_move_operand
// expect: names::all_reduce
// expect: std::move(view)
#include <utility>

#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<4> {};
using summands = tensor<float, shape<8, 16>, mesh<tensor_gpus>, partial<tensor_gpus>>;

template <class X>
X& keep(X& x) {
    return x;
}

void sum(float* memory, thread::communicator const& ranks) {
    using std::move;
    auto y = view<summands>(memory, ranks);
    auto const z = all_reduce<tensor_gpus, to_invariant>(ST_TOKEN(keep, move)(y));
    (void)z;
}
