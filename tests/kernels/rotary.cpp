#include <doctest/doctest.h>
#include <shardtype/kernels/cpu/rotary.hpp>
#include "numeric.hpp"

namespace cpu = shardtype::cpu;

TEST_CASE_TEMPLATE("rotary turns pairs by position, in place too, and its inverse turns back", T, float, double) {
    double const tolerance = sizeof(T) == 4 ? 2e-6 : 1e-14;
    long const batch = 2, seq = 37;
    // 2100 is too wide for the repeated table
    long const sizes[][2] = {{1, 2}, {3, 4}, {16, 16}, {2, 16}, {1, 16}, {5, 6}, {3, 48}, {2, 64}, {1, 128}, {1, 2100}};
    for (auto const& size : sizes) {
        long const heads = size[0], head_dim = size[1], half = head_dim / 2;
        CAPTURE(heads);
        CAPTURE(head_dim);
        std::vector<T> cos(static_cast<std::size_t>(seq * half)), sin(cos.size());
        cpu::rotary_table(cos.data(), sin.data(), seq, head_dim, 500000.0);
        auto const x = numeric::random<T>(batch * seq * heads * head_dim, 1);
        std::vector<T> y(x.size());
        cpu::rotary<T>({}, x.data(), cos.data(), sin.data(), y.data(), batch, seq, heads, head_dim, false);
        std::vector<double> want(x.size());
        for (long row = 0; row < batch * seq; ++row) {
            for (long h = 0; h < heads; ++h) {
                for (long p = 0; p < half; ++p) {
                    double const exponent = static_cast<double>(2 * p) / static_cast<double>(head_dim);
                    double const angle = static_cast<double>(row % seq) / std::pow(500000.0, exponent);
                    auto const i = static_cast<std::size_t>((row * heads + h) * head_dim + 2 * p);
                    double const re = static_cast<double>(x[i]), im = static_cast<double>(x[i + 1]);
                    want[i] = re * std::cos(angle) - im * std::sin(angle);
                    want[i + 1] = re * std::sin(angle) + im * std::cos(angle);
                }
            }
        }
        CHECK(numeric::error(y, want) < tolerance);
        auto in_place = x;
        cpu::rotary<T>({}, in_place.data(), cos.data(), sin.data(), in_place.data(), batch, seq, heads, head_dim,
                       false);
        CHECK(in_place == y);
        cpu::rotary<T>({}, y.data(), cos.data(), sin.data(), y.data(), batch, seq, heads, head_dim, true);
        CHECK(numeric::error(y, x) < tolerance);
    }
}

TEST_CASE("the inverse is the gradient") {
    long const seq = 3, heads = 3, head_dim = 6;
    std::vector<double> cos(9), sin(9);
    cpu::rotary_table(cos.data(), sin.data(), seq, head_dim, 100.0);
    auto x = numeric::random<double>(2 * seq * heads * head_dim, 1);
    auto const dy = numeric::random<double>(2 * seq * heads * head_dim, 2);
    std::vector<double> y(x.size()), dx(x.size());
    auto const value = [&] {
        cpu::rotary<double>({}, x.data(), cos.data(), sin.data(), y.data(), 2, seq, heads, head_dim, false);
        return numeric::dot(y, dy);
    };
    cpu::rotary<double>({}, dy.data(), cos.data(), sin.data(), dx.data(), 2, seq, heads, head_dim, true);
    CHECK(numeric::error(dx, numeric::gradient(x, value)) < 1e-9);
}

TEST_CASE("bf16 is turned by a table in float and rounded once, in place too") {
    using shardtype::bf16;
    long const batch = 2, seq = 37;
    long const sizes[][2] = {{1, 2}, {3, 4}, {16, 16}, {5, 6}, {3, 48}, {1, 128}, {1, 2100}};
    for (auto const& size : sizes) {
        long const heads = size[0], head_dim = size[1], half = head_dim / 2;
        CAPTURE(heads);
        CAPTURE(head_dim);
        std::vector<float> cos(static_cast<std::size_t>(seq * half)), sin(cos.size());
        cpu::rotary_table(cos.data(), sin.data(), seq, head_dim, 500000.0);
        auto const cos64 = numeric::as<double>(cos), sin64 = numeric::as<double>(sin);
        auto const x = numeric::random<bf16>(batch * seq * heads * head_dim, 1);
        auto const x64 = numeric::as<double>(x);
        for (bool const inverse : {false, true}) {
            std::vector<double> want(x.size());
            cpu::rotary<double>({}, x64.data(), cos64.data(), sin64.data(), want.data(), batch, seq, heads, head_dim,
                                inverse);
            std::vector<bf16> y(x.size());
            cpu::rotary<bf16>({}, x.data(), cos.data(), sin.data(), y.data(), batch, seq, heads, head_dim, inverse);
            CHECK(numeric::rounded_once(y, want, 1e-5, 0.01));
            auto in_place = x;
            cpu::rotary<bf16>({}, in_place.data(), cos.data(), sin.data(), in_place.data(), batch, seq, heads, head_dim,
                              inverse);
            CHECK(in_place == y);
        }
    }
}
