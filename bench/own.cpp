// Benchmarks of your own sizes: name the types, then a line each. Copy this file; bench/*.cpp are found by CMake.
//
//   build/bench/bench_own [--benchmark_filter=matmul] [--help]
//
// In a project of your own, with the program's main in shardtype::bench_main:
//
//   set(SHARDTYPE_BUILD_BENCH ON)   # defines the two targets where Google Benchmark is found; builds nothing by itself
//   add_subdirectory(shardtype)     # or FetchContent
//   add_executable(own own.cpp)
//   target_link_libraries(own PRIVATE shardtype::bench_main)
//
// With BENCHMARK_MAIN() in the file instead, link shardtype::bench. Compile for your CPU (-O3 -march=native).

#include <shardtype/bench.hpp>

namespace st = shardtype;
namespace bench = st::bench;

struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
using grid = st::mesh<dp, tp>;  // 8 ranks

//! [own]
using hidden = st::tensor<float, st::shape<8, 256, 768>, grid, st::shard<0, dp>, st::shard<2, tp>>;
using down = st::tensor<float, st::shape<256, 768>, grid, st::shard<1, tp>, st::replicate<dp>>;
BENCHMARK(bench::matmul<hidden, down>);  // each rank's product; a pair that does not match does not compile
//! [own]

using whole = st::tensor<float, st::shape<8, 256, 768>, grid, st::shard<0, dp>, st::replicate<tp>>;
BENCHMARK(bench::redistribution<hidden, whole>);
BENCHMARK(bench::collective<bench::all_reduce, float, (1 << 20), grid, tp>);  // in both groups of tp at once
BENCHMARK(bench::adamw<st::tensor<double, st::shape<256, 768>, grid, st::shard<0, dp>, st::shard<1, tp>>>);

constexpr st::llama_config config{.dim = 64, .layers = 3, .heads = 4, .kv_heads = 4, .ffn_dim = 192, .vocabulary = 256};
struct my_job {
    using mesh = grid;
    using strategy = st::strategy<st::fsdp<dp>, st::sequence_parallel<tp>>;
    using model = st::llama<config>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 64};
};
BENCHMARK(bench::train_step<my_job>)->Unit(benchmark::kMillisecond);
