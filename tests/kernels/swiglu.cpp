#include <doctest/doctest.h>
#include <shardtype/kernels/cpu/swiglu.hpp>
#include "numeric.hpp"

namespace cpu = shardtype::cpu;

TEST_CASE_TEMPLATE("forward equals the formula at odd sizes, far inputs and in place", T, float, double) {
    double const tolerance = sizeof(T) == 4 ? 5e-7 : 1e-15;
    for (long const n : {1L, 15L, 16L, 4095L, 4096L, 8211L}) {
        auto gate = numeric::random<T>(n, 1, -30, 30), up = numeric::random<T>(n, 2);
        if (n > 4) gate[0] = T(-200), gate[1] = T(200), gate[2] = T(0);
        std::vector<double> want;
        for (std::size_t i = 0; i < gate.size(); ++i) {
            double const g = static_cast<double>(gate[i]);
            want.push_back(g / (1 + std::exp(-g)) * static_cast<double>(up[i]));
        }
        std::vector<T> y(gate.size());
        cpu::swiglu_forward<T>({}, gate.data(), up.data(), y.data(), n);
        double worst = 0;  // per element: small results count as much as large ones
        for (std::size_t i = 3; i < y.size(); ++i) {
            worst = std::max(worst, std::abs(static_cast<double>(y[i]) - want[i]) / std::abs(want[i]));
        }
        CHECK(worst < tolerance);
        CHECK(numeric::error(y, want) < tolerance);
        auto over_gate = gate;
        cpu::swiglu_forward<T>({}, over_gate.data(), up.data(), over_gate.data(), n);
        CHECK(over_gate == y);
        cpu::swiglu_forward<T>({}, gate.data(), up.data(), up.data(), n);
        CHECK(up == y);
    }
}

TEST_CASE("backward equals central differences") {
    long const n = 83;
    auto gate = numeric::random<double>(n, 1, -4, 4), up = numeric::random<double>(n, 2);
    auto const dy = numeric::random<double>(n, 3);
    std::vector<double> y(gate.size()), dgate(gate.size()), dup(gate.size());
    auto const value = [&] {
        cpu::swiglu_forward<double>({}, gate.data(), up.data(), y.data(), n);
        return numeric::dot(y, dy);
    };
    cpu::swiglu_backward<double>({}, dy.data(), gate.data(), up.data(), dgate.data(), dup.data(), n);
    CHECK(numeric::error(dgate, numeric::gradient(gate, value)) < 1e-8);
    CHECK(numeric::error(dup, numeric::gradient(up, value)) < 1e-8);
}

TEST_CASE_TEMPLATE("backward may write over its inputs", T, float, double) {
    long const n = 4133;
    auto const gate = numeric::random<T>(n, 1, -9, 9), up = numeric::random<T>(n, 2), dy = numeric::random<T>(n, 3);
    std::vector<T> dgate(gate.size()), dup(gate.size());
    cpu::swiglu_backward<T>({}, dy.data(), gate.data(), up.data(), dgate.data(), dup.data(), n);
    std::vector<double> want_dgate, want_dup;
    for (std::size_t i = 0; i < gate.size(); ++i) {
        double const g = static_cast<double>(gate[i]), s = 1 / (1 + std::exp(-g));
        want_dgate.push_back(static_cast<double>(dy[i]) * static_cast<double>(up[i]) * (s + g * s * (1 - s)));
        want_dup.push_back(static_cast<double>(dy[i]) * g * s);
    }
    double const tolerance = sizeof(T) == 4 ? 5e-7 : 1e-15;
    CHECK(numeric::error(dgate, want_dgate) < tolerance);
    CHECK(numeric::error(dup, want_dup) < tolerance);
    auto a = gate, b = up, c = dy;
    cpu::swiglu_backward<T>({}, dy.data(), a.data(), b.data(), a.data(), b.data(), n);
    CHECK(a == dgate);
    CHECK(b == dup);
    a = gate;
    cpu::swiglu_backward<T>({}, c.data(), a.data(), up.data(), c.data(), a.data(), n);
    CHECK(c == dgate);
    CHECK(a == dup);
}

TEST_CASE("bf16 is computed in float and rounded once, in place too") {
    using shardtype::bf16;
    for (long const n : {1L, 15L, 4133L}) {
        auto const gate = numeric::random<bf16>(n, 1, -9, 9), up = numeric::random<bf16>(n, 2);
        auto const dy = numeric::random<bf16>(n, 3);
        auto const gate64 = numeric::as<double>(gate), up64 = numeric::as<double>(up), dy64 = numeric::as<double>(dy);
        std::vector<double> want(gate.size()), want_dgate(gate.size()), want_dup(gate.size());
        cpu::swiglu_forward<double>({}, gate64.data(), up64.data(), want.data(), n);
        cpu::swiglu_backward<double>({}, dy64.data(), gate64.data(), up64.data(), want_dgate.data(), want_dup.data(),
                                     n);
        auto y = gate, a = gate, b = up;
        cpu::swiglu_forward<bf16>({}, y.data(), up.data(), y.data(), n);
        CHECK(numeric::rounded_once(y, want));
        cpu::swiglu_backward<bf16>({}, dy.data(), a.data(), b.data(), a.data(), b.data(), n);
        CHECK(numeric::rounded_once(a, want_dgate, 1e-5, 1e-2));
        CHECK(numeric::rounded_once(b, want_dup));
    }
}
