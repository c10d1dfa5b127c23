// A training step of the Llama-3 debug model, 8 sequences of 256 tokens, on 8 ranks and on one.

#include <shardtype/bench/train_step.hpp>

namespace st = shardtype;
namespace bench = st::bench;
using st::dp_replicate, st::dp_shard, st::tp;

template <class Mesh, class... Roles>
struct llama {
    using mesh = Mesh;
    using strategy = st::strategy<Roles...>;
    using model = st::llama<st::llama3_debug>;
    static constexpr st::batch_shape batch{.global = 8, .sequence = 256};
};

using fsdp_8 = llama<st::mesh<dp_shard<8>>, st::fsdp<dp_shard<8>>>;
using tp_8 = llama<st::mesh<tp<8>>, st::sequence_parallel<tp<8>>>;
using fsdp_2_tp_4 = llama<st::mesh<dp_shard<2>, tp<4>>, st::fsdp<dp_shard<2>>, st::sequence_parallel<tp<4>>>;
using ddp_8 = llama<st::mesh<dp_replicate<8>>, st::ddp<dp_replicate<8>>>;
using single = llama<st::mesh<dp_shard<1>>, st::fsdp<dp_shard<1>>>;

BENCHMARK(bench::train_step<fsdp_8>)->Unit(benchmark::kMillisecond);
BENCHMARK(bench::train_step<tp_8>)->Unit(benchmark::kMillisecond);
BENCHMARK(bench::train_step<fsdp_2_tp_4>)->Unit(benchmark::kMillisecond);
BENCHMARK(bench::train_step<ddp_8>)->Unit(benchmark::kMillisecond);
BENCHMARK(bench::train_step<single>)->Unit(benchmark::kMillisecond);
