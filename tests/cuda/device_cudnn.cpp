// cuDNN's attention against the definition in float64 and against our own kernels.

#include <cstdio>
#include "attention_reference.hpp"

#ifndef SHARDTYPE_CUDNN

TEST_CASE("cuDNN's attention") { std::puts("skipped: built without cuDNN"); }

#else

namespace {

using namespace attention_test;
using shardtype::cuda::prepared_attention;

results<bf16> run_prepared(problem<bf16> const& p) {
    prepared_attention<bf16> const forth(p.n.s, attention_direction::forward);
    prepared_attention<bf16> const back(p.n.s, attention_direction::backward);
    CHECK(forth.by_library());
    CHECK(back.by_library());
    return run<bf16>(
        p, [&](execution const& e, auto... operands) { forth.forward(e, operands...); },
        [&](execution const& e, auto... operands) { back.backward(e, operands...); });
}

std::vector<double> wide(std::vector<bf16> const& x) { return widened(x); }
std::vector<double> wide(std::vector<float> const& x) { return widened(x); }

// Probabilities and the scores' gradients are rounded to bf16 before they are multiplied: 2^-9 relative, averaged.
constexpr double rounding = 6e-3;

}  // namespace

TEST_CASE("cuDNN's attention agrees with float64, and its bits repeat") {
    for (auto s : {attention_shape{1, 64, 1, 1, 64},
                   {2, 100, 4, 4, 64},
                   {1, 257, 8, 2, 128},
                   {3, 77, 6, 2, 40},
                   {1, 300, 4, 4, 16}}) {
        problem<bf16> const p(s);
        CAPTURE(p.n.text());
        auto const want = naive(p);
        auto const got = run_prepared(p), again = run_prepared(p);
        CHECK(relative_error(got.out, want.out) < rounding);
        CHECK(relative_error(got.lse, want.lse) < 1e-5);
        CHECK(relative_error(got.dq, want.dq) < 2 * rounding);
        CHECK(relative_error(got.dk, want.dk) < 2 * rounding);
        CHECK(relative_error(got.dv, want.dv) < 2 * rounding);
        CHECK((same(got.out, again.out) && same(got.lse, again.lse)));
        CHECK((same(got.dq, again.dq) && same(got.dk, again.dk) && same(got.dv, again.dv)));
    }
}

TEST_CASE("what is taken by slices agrees with our own kernels: some sequences, some heads") {
    for (auto s : {attention_shape{4, 2048, 32, 8, 64}, {1, 8192, 16, 4, 128}}) {
        problem<bf16> const p(s);
        CAPTURE(p.n.text());
        auto const got = run_prepared(p), want = run_own(p), again = run_prepared(p);
        CHECK(relative_error(got.out, wide(want.out)) < rounding);
        CHECK(relative_error(got.lse, wide(want.lse)) < 1e-5);
        CHECK(relative_error(got.dq, wide(want.dq)) < 2 * rounding);
        CHECK(relative_error(got.dk, wide(want.dk)) < 2 * rounding);
        CHECK(relative_error(got.dv, wide(want.dv)) < 2 * rounding);
        CHECK((same(got.dq, again.dq) && same(got.dk, again.dk) && same(got.dv, again.dv)));
    }
}

TEST_CASE("heads that cuDNN does not take go to our own kernel") {
    prepared_attention<bf16> const odd({1, 64, 2, 2, 20}, attention_direction::forward);
    CHECK(!odd.by_library());
}

#endif
