// Eight devices in three major parts.
//
// expect: [ST-M004]
// expect-gcc: ST_M004<tensor_gpus, 3>
// expect-clang: ST_M004<tensor_gpus, 3>
// expect-nvcc: Axis=tensor_gpus, Parts=3
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<8> {};

using outer = major<tensor_gpus, ST_TOKEN(3, 2)>;
constexpr int devices = mesh<outer, minor<tensor_gpus, 2>>::size;
