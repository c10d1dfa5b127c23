#include <doctest/doctest.h>
#include <shardtype/kernels/cpu/gelu.hpp>
#include "numeric.hpp"

namespace cpu = shardtype::cpu;

namespace {

constexpr double pi = 3.14159265358979323846;

/// In long double: 1 + tanh cancels for negative x.
double naive(double x) {
    long double const v = x, u = std::sqrt(2 / static_cast<long double>(pi)) * (v + 0.044715L * v * v * v);
    return static_cast<double>(v / (1 + std::exp(-2 * u)));
}
double slope(double x) {
    long double const v = x, c = std::sqrt(2 / static_cast<long double>(pi)), u = c * (v + 0.044715L * v * v * v);
    long double const s = 1 / (1 + std::exp(-2 * u)), rest = 1 / (1 + std::exp(2 * u));
    return static_cast<double>(s + v * s * rest * 2 * c * (1 + 3 * 0.044715L * v * v));
}

}  // namespace

TEST_CASE("the formula is GPT-2's, x / 2 (1 + tanh u)") {
    for (double x = -3; x <= 3; x += 0.25)
        CHECK(naive(x) == doctest::Approx(0.5 * x * (1 + std::tanh(std::sqrt(2 / pi) * (x + 0.044715 * x * x * x)))));
    CHECK(naive(1) == doctest::Approx(0.841192).epsilon(1e-6));
}

TEST_CASE_TEMPLATE("forward equals the formula at odd sizes, far inputs and in place", T, float, double) {
    double const tolerance = sizeof(T) == 4 ? 1e-6 : 2e-15;
    for (long const n : {1L, 15L, 16L, 4095L, 4096L, 8211L}) {
        auto x = numeric::random<T>(n, 1, -4, 4);
        if (n > 4) x[0] = T(-200), x[1] = T(1e6), x[2] = T(0), x[3] = T(-1e6);
        std::vector<T> y(x.size());
        cpu::gelu_forward<T>({}, x.data(), y.data(), n);
        double worst = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            double const want = naive(static_cast<double>(x[i]));
            CHECK(std::isfinite(y[i]));
            if (std::abs(want) > 1e-6)
                worst = std::max(worst, std::abs(static_cast<double>(y[i]) - want) / std::abs(want));
        }
        CHECK(worst < (sizeof(T) == 4 ? 3e-6 : 1e-14));
        auto inside = numeric::random<T>(n, 1, -4, 4);
        std::vector<double> want;
        for (T const v : inside) want.push_back(naive(static_cast<double>(v)));
        cpu::gelu_forward<T>({}, inside.data(), inside.data(), n);
        CHECK(numeric::error(inside, want) < tolerance);
    }
}

TEST_CASE("backward equals central differences") {
    long const n = 83;
    auto x = numeric::random<double>(n, 1, -4, 4);
    auto const dy = numeric::random<double>(n, 3);
    std::vector<double> y(x.size()), dx(x.size());
    auto const value = [&] {
        cpu::gelu_forward<double>({}, x.data(), y.data(), n);
        return numeric::dot(y, dy);
    };
    cpu::gelu_backward<double>({}, dy.data(), x.data(), dx.data(), n);
    CHECK(numeric::error(dx, numeric::gradient(x, value)) < 1e-8);
}

TEST_CASE_TEMPLATE("backward may write over its inputs, and far inputs have slope 0 or 1", T, float, double) {
    double const tolerance = sizeof(T) == 4 ? 1e-6 : 2e-15;
    long const n = 4133;
    auto const x = numeric::random<T>(n, 1, -9, 9), dy = numeric::random<T>(n, 2);
    std::vector<double> want;
    for (std::size_t i = 0; i < x.size(); ++i)
        want.push_back(static_cast<double>(dy[i]) * slope(static_cast<double>(x[i])));
    std::vector<T> dx(x.size());
    cpu::gelu_backward<T>({}, dy.data(), x.data(), dx.data(), n);
    CHECK(numeric::error(dx, want) < tolerance);
    auto a = x, b = dy;
    cpu::gelu_backward<T>({}, dy.data(), a.data(), a.data(), n);
    CHECK(a == dx);
    cpu::gelu_backward<T>({}, b.data(), x.data(), b.data(), n);
    CHECK(b == dx);
    T const far[] = {T(-1e6), T(-50), T(50), T(1e6)}, one[] = {T(1), T(1), T(1), T(1)};
    T slopes[4];
    cpu::gelu_backward<T>({}, one, far, slopes, 4);
    CHECK(slopes[0] == T(0));
    CHECK(slopes[1] == T(0));
    CHECK(slopes[2] == T(1));
    CHECK(slopes[3] == T(1));
}

TEST_CASE("bf16 is float at the edges") {
    using shardtype::bf16;
    long const n = 131;
    auto const x = numeric::random<bf16>(n, 1, -4, 4), dy = numeric::random<bf16>(n, 2);
    auto const fx = numeric::as<float>(x), fdy = numeric::as<float>(dy);
    std::vector<bf16> y(x);
    std::vector<float> fy(fx);
    cpu::gelu_forward<bf16>({}, x.data(), y.data(), n);
    cpu::gelu_forward<float>({}, fx.data(), fy.data(), n);
    CHECK(numeric::as<float>(y) == numeric::as<float>(numeric::as<bf16>(fy)));
    cpu::gelu_backward<bf16>({}, dy.data(), x.data(), y.data(), n);
    cpu::gelu_backward<float>({}, fdy.data(), fx.data(), fy.data(), n);
    CHECK(numeric::as<float>(y) == numeric::as<float>(numeric::as<bf16>(fy)));
}
