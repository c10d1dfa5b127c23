// An axis of a mesh is a class derived from axis<N>, and not the number's type; nothing is said of what takes the mesh.
//
// expect: [ST-M002]
// expect-gcc: ST_M002<int>
// expect-clang: ST_M002<int>
// expect-nvcc: Axis=int
#include <shardtype/shardtype.hpp>

using namespace shardtype;
struct data_gpus final : axis<2> {};
struct tensor_gpus final : axis<4> {};
using grid = mesh<data_gpus, ST_TOKEN(int, tensor_gpus)>;

constexpr tensor<float, shape<8, 16, 32>, grid, shard<0, data_gpus>> x{};
constexpr auto y = op::add(x, x);
