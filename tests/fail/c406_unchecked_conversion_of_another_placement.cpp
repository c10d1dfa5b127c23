// A summand is not what the conversion is named after: it would be taken for the whole.
//
// expect: [ST-C406]
// expect: ST_C406<
// expect: on_axis<tensor_gpus>
// expect: unchecked::replicate_to_invariant
#include <shardtype/rules/unchecked.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<4> {};
template <template <class...> class Placement>
using matrix = tensor<float, shape<8, 16>, mesh<tensor_gpus>, Placement<tensor_gpus>>;

constexpr matrix<ST_TOKEN(partial, replicate)> x{};
constexpr auto y = unchecked::replicate_to_invariant<tensor_gpus, unchecked::backward::invariant_to_partial>(x);
