// AdamW on one rank, and as fully sharded data parallelism runs it: the debug Llama's 6 million parameters over 8
// ranks.

#include <shardtype/bench/adamw.hpp>

namespace st = shardtype;
namespace bench = st::bench;

struct one final : st::axis<1> {};
struct ranks final : st::axis<8> {};
template <class T, long N>
using whole = st::tensor<T, st::shape<N>, st::mesh<one>>;
template <class T, long N>
using sharded = st::tensor<T, st::shape<N>, st::mesh<ranks>, st::shard<0, ranks>>;

BENCHMARK(bench::adamw<whole<float, 100'000>>);
BENCHMARK(bench::adamw<whole<float, 750'000>>);
BENCHMARK(bench::adamw<whole<float, 6'000'000>>);
BENCHMARK(bench::adamw<whole<double, 750'000>>);
BENCHMARK(bench::adamw<sharded<float, 6'000'000>>);
