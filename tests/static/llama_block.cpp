// A Llama block typed by hand, forward and backward, under tensor parallelism: plain (the residual stream invariant on
// the tensor axis) and with sequence parallelism (the residual stream sharded on the sequence). Data parallel
// throughout.

#include <type_traits>

#include <shardtype/rules/parameter.hpp>

namespace st = shardtype;
namespace op = shardtype::op;
using st::partial, st::replicate, st::shape, st::shard;

struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
using grid = st::mesh<dp, tp>;
template <class Shape, class... P>
using real = st::tensor<float, Shape, grid, P...>;
template <class Shape, class... P>
using ids = st::tensor<int, Shape, grid, P...>;

// Batch 8, sequence 16, hidden 64, 8 query and 4 kv heads of 8, feed-forward 128, vocabulary 256.
using residual = shape<8, 16, 64>;
using plain = real<residual, shard<0, dp>>;
using in_parts = real<residual, shard<0, dp>, shard<1, tp>>;
using inside = real<residual, shard<0, dp>, replicate<tp>>;
using summand = real<residual, shard<0, dp>, partial<tp>>;

// FSDP: stored with dp minor, used whole on dp.
template <long N, long K>
using column = st::parameter<real<shape<N, K>, shard<0, tp, dp>>, real<shape<N, K>, shard<0, tp>, replicate<dp>>>;
template <long N, long K>
using row =
    st::parameter<real<shape<N, K>, shard<0, dp>, shard<1, tp>>, real<shape<N, K>, shard<1, tp>, replicate<dp>>>;
using norm_plain = st::parameter<real<shape<64>, shard<0, dp>>, real<shape<64>, replicate<dp>>>;
using norm_in_parts = st::parameter<real<shape<64>, shard<0, dp>>, real<shape<64>, replicate<dp, tp>>>;
constexpr auto wq = st::materialize(column<64, 64>{});
constexpr auto wk = st::materialize(column<32, 64>{});
constexpr auto wo = st::materialize(row<64, 64>{});
constexpr auto w1 = st::materialize(column<128, 64>{});
constexpr auto w2 = st::materialize(row<64, 128>{});
constexpr ids<shape<8, 16>, shard<0, dp>> tokens{};
constexpr real<shape<16, 8>> angles{};

template <class X, class Expected>
inline constexpr bool is = st::same<std::remove_const_t<X>, Expected>;

/// From the inside of the parallel region to its summands.
template <class X>
constexpr auto attention(X x) {
    auto const q = op::rotary(st::reshape<shape<8, 16, 8, 8>>(op::linear(x, wq)), angles);
    auto const k = op::rotary(st::reshape<shape<8, 16, 4, 8>>(op::linear(x, wk)), angles);
    auto const v = st::reshape<shape<8, 16, 4, 8>>(op::linear(x, wk));
    static_assert(is<decltype(q), real<shape<8, 16, 8, 8>, shard<0, dp>, shard<2, tp>>>);
    static_assert(is<decltype(k), real<shape<8, 16, 4, 8>, shard<0, dp>, shard<2, tp>>>);
    auto const out = op::attention(q, k, v);
    static_assert(is<decltype(out), real<shape<8, 16, 8, 8>, shard<0, dp>, shard<2, tp>>>);
    return op::linear(st::reshape<residual>(out), wo);
}
template <class X>
constexpr auto feed_forward(X x) {
    auto const h = op::swiglu(op::linear(x, w1), op::linear(x, w1));
    static_assert(is<decltype(h), real<shape<8, 16, 128>, shard<0, dp>, shard<2, tp>>>);
    return op::linear(h, w2);
}
static_assert(is<decltype(attention(inside{})), summand> && is<decltype(feed_forward(inside{})), summand>);

/// A block: each branch enters the parallel region as replicate on tp and leaves it by a reduction back to the stream.
template <class Stream, class Norm>
constexpr auto block(Stream x) {
    auto const g = st::materialize(Norm{});
    auto const leave = [](auto y) {
        if constexpr (is<Stream, plain>)
            return st::all_reduce<tp, st::to_invariant>(y);
        else
            return st::reduce_scatter<tp, 1>(y);
    };
    auto const a = op::add(x, leave(attention(st::redistribute<replicate<tp>>(op::rms_norm(x, g)))));
    static_assert(is<decltype(a), Stream>);
    return op::add(a, leave(feed_forward(st::redistribute<replicate<tp>>(op::rms_norm(a, g)))));
}
static_assert(is<decltype(block<plain, norm_plain>({})), plain>);
static_assert(is<decltype(block<in_parts, norm_in_parts>({})), in_parts>);

// Embedding and loss: the vocabulary is sharded, its gathered rows are a sum; the loss is a sum over the data axis
// only.
using vocabulary = column<256, 64>;
constexpr auto embedded = op::embedding(tokens, st::materialize(vocabulary{}));
static_assert(is<decltype(embedded), summand>);
constexpr auto logits = op::linear(inside{}, st::materialize(vocabulary{}));
static_assert(is<decltype(logits), real<shape<8, 16, 256>, shard<0, dp>, shard<2, tp>>>);
constexpr auto loss = op::cross_entropy(logits, tokens);
static_assert(is<decltype(loss), real<shape<>, partial<dp>>>);
static_assert(is<decltype(st::backward_from(loss)), real<shape<>, replicate<dp>>>);

// Gradients, from the loss back. `gradient<I>` is that of operand I.
template <int I, class Op, class Dy, class... X>
using gradient = std::remove_cvref_t<decltype(boost::hana::at_c<I>(st::gradients(Op{}, Dy{}, X{}...)))>;
using linear_operation = decltype(op::linear);
using norm_operation = decltype(op::rms_norm);
template <class Parameter>
using used = typename Parameter::used;
using used_column = st::gradient_t<used<column<128, 64>>>;
using heads = real<shape<8, 16, 128>, shard<0, dp>, shard<2, tp>>;
static_assert(is<gradient<0, decltype(op::cross_entropy), real<shape<>, replicate<dp>>,
                          real<shape<8, 16, 256>, shard<0, dp>, shard<2, tp>>, ids<shape<8, 16>, shard<0, dp>>>,
                 real<shape<8, 16, 256>, shard<0, dp>, shard<2, tp>>>);
static_assert(is<gradient<1, decltype(op::cross_entropy), real<shape<>, replicate<dp>>,
                          real<shape<8, 16, 256>, shard<0, dp>, shard<2, tp>>, ids<shape<8, 16>, shard<0, dp>>>,
                 st::no_gradient>);
// Column parallel: dx is a sum over tp, dw one over dp. FSDP scatters dw back to the stored rows.
static_assert(is<gradient<0, linear_operation, heads, inside, used<column<128, 64>>>, summand>);
static_assert(is<gradient<1, linear_operation, heads, inside, used<column<128, 64>>>, used_column>);
static_assert(is<used_column, real<shape<128, 64>, shard<0, tp>, partial<dp>>>);
static_assert(
    is<decltype(st::reduce_gradient(column<128, 64>{}, used_column{})), real<shape<128, 64>, shard<0, tp, dp>>>);
// Row parallel: the result's gradient is replicate on tp, dx is sharded as x.
static_assert(is<gradient<0, linear_operation, inside, heads, used<row<64, 128>>>, heads>);
static_assert(is<gradient<1, linear_operation, inside, heads, used<row<64, 128>>>,
                 real<shape<64, 128>, shard<1, tp>, partial<dp>>>);
// Norms: plain, the weight's gradient is whole on tp; with sequence parallelism it is a sum there too.
static_assert(
    is<gradient<1, norm_operation, plain, plain, real<shape<64>, replicate<dp>>>, real<shape<64>, partial<dp>>>);
static_assert(is<gradient<1, norm_operation, in_parts, in_parts, real<shape<64>, replicate<dp, tp>>>,
                 real<shape<64>, partial<dp, tp>>>);
static_assert(is<decltype(st::reduce_gradient(norm_in_parts{}, real<shape<64>, partial<dp, tp>>{})),
                 real<shape<64>, shard<0, dp>>>);
