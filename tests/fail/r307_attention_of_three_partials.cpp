// Two changes are needed, and both are printed; the values may stay partial, as attention is linear in them.
//
// expect: [ST-R307]
// expect: ST_R307<
// expect: write<shardtype::redistribute_operand<0, shardtype::replicate<tensor_gpus>
// expect: redistribute_operand<1, shardtype::replicate<tensor_gpus>
// expect: rules::attention
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
using heads_of = mesh<data_gpus, tensor_gpus>;
using summands = tensor<float, shape<8, 16, 4, 8>, heads_of, partial<tensor_gpus>>;
using whole = tensor<float, shape<8, 16, 4, 8>, heads_of, replicate<tensor_gpus>>;
constexpr ST_TOKEN(summands, whole) q{};
constexpr summands v{};
constexpr auto y = op::attention(q, q, v);
