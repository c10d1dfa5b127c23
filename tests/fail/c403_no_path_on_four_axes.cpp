// On four axes the search has no room for every layout, and the direct way has no step from replicate to invariant.
//
// expect: [ST-C403]
// expect: ST_C403<
#include <shardtype/rules/redistribute.hpp>

using namespace shardtype;
struct nodes final : axis<2> {};
struct rows final : axis<2> {};
struct columns final : axis<2> {};
struct layers final : axis<2> {};
template <class... Placements>
using real = tensor<float, shape<64, 64, 64, 64>, mesh<nodes, rows, columns, layers>, Placements...>;

constexpr real < ST_TOKEN(replicate, partial) < nodes, rows, columns, layers >> x{};
constexpr auto y = redistribute<invariant<nodes, rows, columns, layers>>(x);
