// What follows the redistribution would have no gradient, silently.
//
// expect: [ST-G503]
// expect: ST_G503<
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<4> {};

using whole = tensor<float, shape<16, 8>, mesh<tensor_gpus>>;
using rows = tensor<float, shape<16, 8>, mesh<tensor_gpus>, shard<0, tensor_gpus>>;
using frozen_rows = constant<rows>;
constexpr auto x = redistribute_to<ST_TOKEN(frozen_rows, rows)>(whole{});
