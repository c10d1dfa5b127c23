// Redistributions of the debug Llama's activations [8, 256, 256] and of one weight, on 8 ranks as a [2, 4] mesh.

#include <shardtype/bench/redistribution.hpp>

namespace st = shardtype;
namespace bench = st::bench;

struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
using grid = st::mesh<dp, tp>;
template <class... Placements>
using hidden = st::tensor<float, st::shape<8, 256, 256>, grid, Placements...>;
template <class... Placements>
using weight = st::tensor<float, st::shape<768, 256>, grid, Placements...>;

using batch = st::shard<0, dp>;
using by_sequence = hidden<batch, st::shard<1, tp>>;
using by_columns = hidden<batch, st::shard<2, tp>>;
using whole = hidden<batch, st::replicate<tp>>;
using summands = hidden<batch, st::partial<tp>>;
using ids = st::tensor<int, st::shape<8, 256>, grid, batch>;
using ids_by_sequence = st::tensor<int, st::shape<8, 256>, grid, batch, st::shard<1, tp>>;

BENCHMARK(bench::redistribution<by_sequence, whole>);       // all_gather, of rows
BENCHMARK(bench::redistribution<by_columns, whole>);        // all_gather, of columns
BENCHMARK(bench::redistribution<summands, whole>);          // all_reduce
BENCHMARK(bench::redistribution<summands, by_sequence>);    // reduce_scatter
BENCHMARK(bench::redistribution<by_columns, by_sequence>);  // all_to_all
BENCHMARK(bench::redistribution<by_sequence, by_columns>);
BENCHMARK(bench::redistribution<whole, by_columns>);                                            // slice
BENCHMARK(bench::redistribution<whole, summands>);                                              // mask
BENCHMARK(bench::redistribution<weight<st::shard<0, dp, tp>>, weight<st::replicate<dp, tp>>>);  // two gathers
BENCHMARK(bench::redistribution<ids_by_sequence, ids>);
