// The rows of the other replicas are other rows, no summands.
//
// expect: [ST-C401]
// expect: write<shardtype::over_axis<tensor_gpus>
// expect: on_axis<data_gpus>
#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
using grid = mesh<data_gpus, tensor_gpus>;
using summands = tensor<float, shape<8, 16>, grid, shard<0, data_gpus>, partial<tensor_gpus>>;

void sum(float* memory, thread::rank_communicators const& ranks) {
    auto const z = all_reduce<ST_TOKEN(data_gpus, tensor_gpus), to_invariant>(view<summands>(memory, ranks));
    (void)z;
}
