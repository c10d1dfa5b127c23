// An all_reduce without a destination writes where it reads.
//
// expect: [ST-C405]
// expect: ST_C405<
// expect: write<shardtype::give_destination<128
// expect: names::all_reduce
#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<4> {};
using summands = tensor<float, shape<8, 16>, mesh<tensor_gpus>, partial<tensor_gpus>>;

using read_only = float const;
using writable = float;

void sum(ST_TOKEN(read_only, writable) * memory, thread::communicator const& ranks) {
    auto const z = all_reduce<tensor_gpus, to_invariant>(view<summands>(memory, ranks));
    (void)z;
}
