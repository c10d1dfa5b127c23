// Every query looks at all keys before it.
//
// expect: [ST-R306]
// expect: ST_R306<
// expect: on_axis<tensor_gpus>
// expect: rules::attention
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

template <int Dim>
using heads = real<shape<8, 16, 4, 8>, shard<Dim, tensor_gpus>>;
constexpr heads<ST_TOKEN(1, 2)> q{};
constexpr auto y = op::attention(q, q, q);
