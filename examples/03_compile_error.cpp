// A forgotten all-reduce does not compile, and the message says what to write. With -DWRONG this file is the wrong
// program; the test compiles it and compares what the compiler says with 03_compile_error.message.expected.

#include <cstdio>

//! [program]
#include <shardtype/shardtype.hpp>

namespace st = shardtype;

//! [operands]
struct dp final : st::axis<2> {};  // axes are types of your own: the compiler prints their names
struct tp final : st::axis<4> {};
using grid = st::mesh<dp, tp>;  // 2 x 4 ranks
template <class Shape, class... Placements>
using f32 = st::tensor<float, Shape, grid, Placements...>;

constexpr f32<st::shape<8, 256, 768>, st::shard<0, dp>, st::shard<2, tp>> hidden{};  // [batch, sequence, columns]
constexpr f32<st::shape<256, 768>, st::shard<1, tp>, st::replicate<dp>> down{};      // split over its inputs
constexpr f32<st::shape<256>, st::replicate<dp>> gain{};
constexpr auto y = st::op::linear(hidden, down);  // each tp rank holds one summand of y
//! [operands]
//! [program]

//! [why]
// The norm of a sum is not the sum of the norms, so rms_norm takes no partial operand.
static_assert(y.value.on[1].is == st::kind::partial);
static_assert(!st::can<st::rules::rms_norm, decltype(y), decltype(gain)>);  // asks, without an error
//! [why]

#if defined(WRONG)
//! [wrong]
constexpr auto z = st::op::rms_norm(y, gain);
//! [wrong]
#else
//! [right]
constexpr auto z = st::op::rms_norm(st::redistribute<st::invariant<tp>>(y), gain);
//! [right]

int main() {
    using result = decltype(z);
    std::printf("z: %ld of %ld KiB on each rank, split over dp, whole over tp\n", result::local_bytes >> 10,
                result::bytes >> 10);
}
#endif
