// Every rank walks whole micro-batches: 24 sequences are not a multiple of 2 x 8.
//
// expect: [ST-J705]
// expect: ST_J705<
// expect: write<
// expect: knobs::global_batch_size<16>
// expect: knobs::global_batch_size<24>
// expect: knobs::local_batch_size<2>
// expect: knobs::data_parallel_shard_degree<8>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;
using job = st::training_job<st::job{.world_size = 8, .local_batch_size = 2, .global_batch_size = ST_TOKEN(24, 32)}>;
static_assert(job::world_size > 0);
