// Which ranks a collective over an axis joins, one communicator cannot say for two axes.
//
// expect: [ST-C408]
// expect: write<shardtype::communicators_of<2
#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
using rows = tensor<float, shape<8, 16>, mesh<data_gpus, tensor_gpus>, shard<0, tensor_gpus>>;

void look(float* memory, thread::rank_communicators const& each) {
    auto const& all = each.all;
    (void)all;
    verify(view<rows>(memory, ST_TOKEN(all, each)));
}
