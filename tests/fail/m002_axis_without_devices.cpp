// An axis has at least one device.
//
// expect: [ST-M002]
// expect: ST_M002<
// expect: pipeline_gpus
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;

struct pipeline_gpus final : axis<ST_TOKEN(0, 1)> {};
using grid = mesh<pipeline_gpus>;
static_assert(grid::axes == 1);
