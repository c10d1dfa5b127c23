// An operand that is no tensor.
//
// expect: [ST-T202]
// expect: ST_T202<
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<4> {};

using whole = tensor<float, shape<16, 8>, mesh<tensor_gpus>>;
constexpr auto x = redistribute<replicate<tensor_gpus>>(ST_TOKEN(int, whole){});
