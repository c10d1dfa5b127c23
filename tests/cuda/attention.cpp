#include "attention_reference.hpp"

namespace {

using namespace attention_test;

static_assert(shardtype::cuda::attention_forward_scratch_bytes<float>({1, 2048, 16, 16, 16}) == 0);
static_assert(shardtype::cuda::attention_backward_scratch_bytes<double>({2, 2048, 16, 16, 16}) == 2 * 16 * 2048 * 8);

// cuDNN's gradients by slices: all at once, some sequences, some heads, not even one group of heads
using shardtype::cuda::detail::attention_slice_of;
static_assert(attention_slice_of({4, 1024, 32, 8, 128}).batch == 4);
static_assert(attention_slice_of({4, 2048, 32, 8, 128}).batch == 2);
static_assert(attention_slice_of({4, 2048, 32, 8, 128}).kv_heads == 8);
static_assert(attention_slice_of({1, 8192, 32, 8, 128}).kv_heads == 1);
static_assert(attention_slice_of({6, 4096, 12, 12, 64}).kv_heads == 12);
static_assert(attention_slice_of({1, 16384, 32, 8, 128}).batch == 0);

template <class T>
void compare(attention_shape s, double tolerance, double gradient_tolerance, double spread = 1, std::size_t shift = 0) {
    problem<T> const p(s, spread);
    CAPTURE(p.n.text());
    auto const want = naive(p);
    auto const got = run_own(p, shift);
    CHECK(relative_error(got.out, want.out) < tolerance);
    CHECK(relative_error(got.lse, want.lse) < (sizeof(T) == 8 ? tolerance : 1e-6));
    CHECK(relative_error(got.dv, want.dv) < gradient_tolerance);
    if (s.seq == 1) return;  // one key alone has no gradient
    CHECK(relative_error(got.dq, want.dq) < gradient_tolerance);
    CHECK(relative_error(got.dk, want.dk) < gradient_tolerance);
}

// every width of the kernels, whole and padded; tiles that end anywhere; groups of heads
std::vector<attention_shape> shapes() {
    return {{1, 1, 1, 1, 16},  {2, 3, 2, 1, 16},   {1, 64, 1, 1, 16}, {1, 65, 2, 2, 16},  {2, 48, 4, 2, 32},
            {1, 130, 3, 1, 8}, {1, 63, 1, 1, 24},  {1, 97, 2, 1, 64}, {1, 40, 6, 3, 64},  {1, 113, 2, 2, 5},
            {1, 70, 2, 1, 40}, {1, 70, 4, 2, 128}, {1, 33, 1, 1, 1},  {2, 35, 1, 1, 100}, {1, 300, 2, 1, 16}};
}

}  // namespace

TEST_CASE("float attention agrees with float64, forward and backward") {
    for (auto s : shapes()) compare<float>(s, 1e-6, 3e-6);
}

TEST_CASE("double attention agrees with the definition") {
    for (auto s : shapes()) compare<double>(s, 1e-14, 1e-13);
}

TEST_CASE("bf16 is summed in float and rounded once") {
    for (auto s : shapes()) compare<bf16>(s, 3e-3, 6e-3);
}

TEST_CASE("extreme scores stay right") {
    compare<double>({1, 70, 1, 1, 16}, 1e-11, 1e-10, 200);
    compare<float>({1, 70, 1, 1, 16}, 1e-4, 1e-2, 200);
    problem<float> p({1, 70, 1, 1, 16});
    for (float sign : {-1.0f, 1.0f}) {
        p.q.assign(p.q.size(), 10.0f);
        p.k.assign(p.k.size(), 10.0f * sign);
        auto const got = run_own(p);
        auto const want = naive(p);
        CHECK(relative_error(got.out, want.out) < 1e-6);
        CHECK(relative_error(got.lse, want.lse) < 1e-6);
    }
}

TEST_CASE("16 bytes are moved at once only where every row begins at a multiple of them") {
    using shardtype::cuda::detail::attention_call_of;
    alignas(16) float const x[8] = {};
    CHECK(attention_call_of<float>({1, 8, 2, 1, 12}, x, x + 4).vectors);
    CHECK(!attention_call_of<float>({1, 8, 2, 1, 12}, x, x + 1).vectors);
    CHECK(!attention_call_of<float>({1, 8, 2, 1, 10}, x).vectors);
    CHECK(!attention_call_of<bf16>({1, 8, 2, 1, 12}, x).vectors);
}

TEST_CASE("operands that are not aligned to 16 bytes are read element by element") {
    compare<float>({1, 40, 2, 1, 16}, 1e-6, 3e-6, 1, 1);
    compare<double>({1, 40, 2, 1, 16}, 1e-14, 1e-13, 1, 1);
    compare<bf16>({1, 40, 2, 1, 16}, 3e-3, 6e-3, 1, 3);
}

TEST_CASE("a NaN in the input is a NaN in the rows that see it") {
    problem<float> p({1, 40, 1, 1, 16});
    p.k[20 * 16] = NAN;
    auto const got = run_own(p);
    for (std::size_t i = 0; i < 40; ++i) {
        CHECK(std::isnan(got.lse[i]) == (i >= 20));
        CHECK(std::isnan(got.out[i * 16]) == (i >= 20));
    }
}

TEST_CASE_TEMPLATE("two runs give the same bits", T, float, double, bf16) {
    problem<T> const p({2, 100, 4, 2, 16});
    auto const a = run_own(p), b = run_own(p);
    CHECK((same(a.out, b.out) && same(a.lse, b.lse)));
    CHECK((same(a.dq, b.dq) && same(a.dk, b.dk) && same(a.dv, b.dv)));
}

TEST_CASE("what no kernel computes is refused in one line, at set-up") {
    using plan = shardtype::cuda::prepared_attention<float>;
    CHECK_THROWS_WITH_AS(plan({1, 8, 2, 2, 136}, attention_direction::forward),
                         "attention_forward: sizes must be positive, heads a multiple of kv_heads and head_dim at most "
                         "128, got heads = 2, kv_heads = 2, batch = 1, seq = 8, head_dim = 136",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(plan({1, 8, 3, 2, 16}, attention_direction::backward),
                         doctest::Contains("attention_backward: sizes"), std::invalid_argument);
    problem<float> const p({1, 8, 2, 2, 16});
    float* const none = nullptr;
    CHECK_THROWS_WITH_AS(
        shardtype::cuda::attention_backward<float>({}, p.n.s, none, none, none, none, none, none, none, none, none),
        "attention_backward: needs 64 bytes of scratch, got 0", std::runtime_error);
}
