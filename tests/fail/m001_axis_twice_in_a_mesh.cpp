// A mesh names each of its axes once.
//
// expect: [ST-M001]
// expect: ST_M001<
// expect: data_gpus
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;

struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
using grid = mesh<data_gpus, ST_TOKEN(data_gpus, tensor_gpus)>;
static_assert(grid::axes == 2);
