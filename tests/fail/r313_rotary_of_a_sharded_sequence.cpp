// Each rank could turn its own positions by its own part of the table. The kernel looks a whole table up by position.
//
// expect: [ST-R313]
// expect: ST_R313<
// expect: on_axis<tensor_gpus>
// expect: rules::rotary
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

template <int Dim>
struct split_by {
    static constexpr real<shape<8, 16, 4, 8>, shard<Dim, tensor_gpus>> x{};
    static constexpr real<shape<16, 8>> angles{};
};
template <>
struct split_by<1> {
    static constexpr real<shape<8, 16, 4, 8>, shard<1, tensor_gpus>> x{};
    static constexpr real<shape<16, 8>, shard<0, tensor_gpus>> angles{};
};
using operands = split_by<ST_TOKEN(1, 2)>;
constexpr auto y = op::rotary(operands::x, operands::angles);
