
//
// expect: [ST-T202]
// expect: ST_T202<
// expect-gcc: ST_T202<shardtype::tensor<char
// expect-clang: ST_T202<shardtype::tensor<char
// expect-nvcc: Written=shardtype::tensor<char
#include <shardtype/rules/parameter.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
template <class Shape, class... Placements>
using real = tensor<float, Shape, mesh<data_gpus, tensor_gpus>, Placements...>;

constexpr tensor<ST_TOKEN(char, float), shape<8, 16>, mesh<data_gpus, tensor_gpus>> x{};
