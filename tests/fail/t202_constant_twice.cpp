// constant<...> of what has no gradient already: constant_t<...> takes both.
//
// expect: [ST-T202]
// expect: ST_T202<
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<4> {};

using table = constant<tensor<float, shape<16, 8>, mesh<tensor_gpus>>>;
constexpr ST_TOKEN(constant, constant_t)<table> x{};
