// Two gathers follow each other: what the first makes has to lie somewhere.
//
// expect: [ST-C405]
// expect: ST_C405<
// expect: write<shardtype::give_destination_and_scratch<128
// expect: redistribute
#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
using block = tensor<float, shape<8, 16>, mesh<data_gpus, tensor_gpus>, shard<0, data_gpus>, shard<1, tensor_gpus>>;
using columns = tensor<float, shape<8, 16>, mesh<data_gpus, tensor_gpus>, shard<1, tensor_gpus>>;

void gather(float* part, float* whole, thread::rank_communicators const& ranks) {
    auto const x = view<ST_TOKEN(block, columns)>(part, ranks);
    auto const y = redistribute<replicate<data_gpus, tensor_gpus>>(x, whole);
    (void)y;
}
