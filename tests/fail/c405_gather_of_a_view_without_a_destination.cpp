// The gathered tensor is twice as large as the memory of the view.
//
// expect: [ST-C405]
// expect: ST_C405<
// expect: write<shardtype::give_destination<128
// expect: names::all_gather
#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct one_gpu final : axis<1> {};
using grid = mesh<data_gpus, one_gpu>;

template <class Axis>
using rows = tensor<float, shape<8, 16>, grid, shard<0, Axis>>;

void gather(float* part, thread::rank_communicators const& ranks) {
    using axis = ST_TOKEN(data_gpus, one_gpu);
    auto const x = view<rows<axis>>(part, ranks);
    auto const y = all_gather<axis, to_replicate>(x);
    (void)y;
}
