// 1000 bytes are 250 floats: they do not divide over 8 ranks.
//
// expect: [ST-T201]
#include <shardtype/bench/collective.hpp>

namespace st = shardtype;
struct ranks final : st::axis<8> {};
BENCHMARK(st::bench::collective<st::bench::all_gather, float, ST_TOKEN(1000, 1024), st::mesh<ranks>>);
