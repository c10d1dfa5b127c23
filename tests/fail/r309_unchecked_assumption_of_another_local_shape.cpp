// The memory of a shard is smaller than that of the whole: no word of the caller's makes it larger.
//
// expect: [ST-R309]
// expect: unchecked::assume
#include <shardtype/rules/unchecked.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<4> {};
template <class... P>
using matrix = tensor<float, shape<8, 16>, mesh<tensor_gpus>, P...>;
using part = matrix<shard<0, tensor_gpus>>;
using summand = matrix<partial<tensor_gpus>>;

constexpr ST_TOKEN(part, summand) x{};
constexpr auto y = unchecked::assume<matrix<>>(x);
