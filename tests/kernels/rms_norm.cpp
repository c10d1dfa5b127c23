#include <doctest/doctest.h>
#include <shardtype/kernels/cpu/rms_norm.hpp>
#include "numeric.hpp"

namespace cpu = shardtype::cpu;

namespace {

struct reference {
    std::vector<double> y, rstd;
};

reference naive(std::vector<double> const& x, std::vector<double> const& w, long rows, long cols, double eps) {
    reference out{std::vector<double>(x.size()), std::vector<double>(static_cast<std::size_t>(rows))};
    for (long r = 0; r < rows; ++r) {
        double s = 0;
        for (long c = 0; c < cols; ++c)
            s += x[static_cast<std::size_t>(r * cols + c)] * x[static_cast<std::size_t>(r * cols + c)];
        double const rstd = 1 / std::sqrt(s / static_cast<double>(cols) + eps);
        out.rstd[static_cast<std::size_t>(r)] = rstd;
        for (long c = 0; c < cols; ++c) {
            auto const i = static_cast<std::size_t>(r * cols + c);
            out.y[i] = x[i] * rstd * w[static_cast<std::size_t>(c)];
        }
    }
    return out;
}

}  // namespace

TEST_CASE_TEMPLATE("forward equals the formula, also in place", T, float, double) {
    double const tolerance = sizeof(T) == 4 ? 1e-6 : 1e-14;
    for (long const cols : {1L, 7L, 16L, 61L, 256L, 259L}) {
        long const rows = 19;
        auto x = numeric::random<T>(rows * cols, 1, -2, 2);
        auto const w = numeric::random<T>(cols, 2, 0.5, 1.5);
        auto const want = naive(numeric::as<double>(x), numeric::as<double>(w), rows, cols, 1e-5);
        std::vector<T> y(x.size()), rstd(static_cast<std::size_t>(rows));
        cpu::rms_norm_forward<T>({}, x.data(), w.data(), y.data(), rstd.data(), rows, cols, T(1e-5));
        CHECK(numeric::error(y, want.y) < tolerance);
        CHECK(numeric::error(rstd, want.rstd) < tolerance);
        cpu::rms_norm_forward<T>({}, x.data(), w.data(), x.data(), rstd.data(), rows, cols, T(1e-5));
        CHECK(x == y);
    }
}

TEST_CASE("backward equals central differences") {
    for (long const cols : {5L, 24L, 37L}) {
        long const rows = 18;  // more than one block of rows
        auto x = numeric::random<double>(rows * cols, 1, -2, 2);
        auto w = numeric::random<double>(cols, 2, 0.5, 1.5);
        auto const dy = numeric::random<double>(rows * cols, 3);
        std::vector<double> y(x.size()), rstd(static_cast<std::size_t>(rows)), dx(x.size()), dw(w.size());
        cpu::rms_norm_forward<double>({}, x.data(), w.data(), y.data(), rstd.data(), rows, cols, 1e-3);
        cpu::rms_norm_backward<double>({}, dy.data(), x.data(), w.data(), rstd.data(), dx.data(), false, dw.data(),
                                       false, rows, cols);
        auto const value = [&] { return numeric::dot(naive(x, w, rows, cols, 1e-3).y, dy); };
        CHECK(numeric::error(dx, numeric::gradient(x, value)) < 1e-8);
        CHECK(numeric::error(dw, numeric::gradient(w, value)) < 1e-8);
    }
}

TEST_CASE_TEMPLATE("backward in float, accumulating and in place", T, float, double) {
    double const tolerance = sizeof(T) == 4 ? 2e-6 : 1e-13;
    long const rows = 300, cols = 67;
    auto const x = numeric::random<T>(rows * cols, 1, -2, 2), w = numeric::random<T>(cols, 2, 0.5, 1.5);
    auto const dy = numeric::random<T>(rows * cols, 3), old_dx = numeric::random<T>(rows * cols, 4);
    auto const old_dw = numeric::random<T>(cols, 5);
    auto const x64 = numeric::as<double>(x), w64 = numeric::as<double>(w), dy64 = numeric::as<double>(dy);
    auto const rstd64 = naive(x64, w64, rows, cols, 1e-5).rstd;
    auto const rstd = numeric::as<T>(rstd64);

    std::vector<double> want_dx(x.size()), want_dw(w.size());
    for (long r = 0; r < rows; ++r) {
        double const s = rstd64[static_cast<std::size_t>(r)];
        double mean = 0;
        for (long c = 0; c < cols; ++c) {
            auto const i = static_cast<std::size_t>(r * cols + c);
            mean += dy64[i] * w64[static_cast<std::size_t>(c)] * x64[i] * s / static_cast<double>(cols);
        }
        for (long c = 0; c < cols; ++c) {
            auto const i = static_cast<std::size_t>(r * cols + c);
            want_dx[i] = s * (dy64[i] * w64[static_cast<std::size_t>(c)] - x64[i] * s * mean);
            want_dw[static_cast<std::size_t>(c)] += dy64[i] * x64[i] * s;
        }
    }
    auto const plus = [](std::vector<double> a, std::vector<T> const& b) {
        for (std::size_t i = 0; i < a.size(); ++i) a[i] += static_cast<double>(b[i]);
        return a;
    };
    auto dx = old_dx;
    auto dw = old_dw;
    cpu::rms_norm_backward<T>({}, dy.data(), x.data(), w.data(), rstd.data(), dx.data(), true, dw.data(), true, rows,
                              cols);
    CHECK(numeric::error(dx, plus(want_dx, old_dx)) < tolerance);
    CHECK(numeric::error(dw, plus(want_dw, old_dw)) < tolerance);

    for (bool const over_dy : {true, false}) {
        auto a = dy, b = x;
        T* const out = over_dy ? a.data() : b.data();
        cpu::rms_norm_backward<T>({}, a.data(), b.data(), w.data(), rstd.data(), out, false, dw.data(), false, rows,
                                  cols);
        CHECK(numeric::error(over_dy ? a : b, want_dx) < tolerance);
        CHECK(numeric::error(dw, want_dw) < tolerance);
    }
}

TEST_CASE("bf16 is rounded once; statistics and the gradient of the weight are float") {
    using shardtype::bf16;
    for (long const cols : {7L, 64L, 259L}) {
        long const rows = 300;
        auto const x = numeric::random<bf16>(rows * cols, 1, -2, 2), w = numeric::random<bf16>(cols, 2, 0.5, 1.5);
        auto const dy = numeric::random<bf16>(rows * cols, 3), old = numeric::random<bf16>(rows * cols, 4);
        auto const x64 = numeric::as<double>(x), w64 = numeric::as<double>(w), dy64 = numeric::as<double>(dy);
        auto const want = naive(x64, w64, rows, cols, 1e-5);
        std::vector<bf16> y(x.size());
        std::vector<float> rstd(static_cast<std::size_t>(rows));
        cpu::rms_norm_forward<bf16>({}, x.data(), w.data(), y.data(), rstd.data(), rows, cols, 1e-5F);
        CHECK(numeric::rounded_once(y, want.y));
        CHECK(numeric::error(rstd, want.rstd) < 1e-6);

        std::vector<double> want_dx(x.size()), want_dw(w.size());
        cpu::rms_norm_backward<double>({}, dy64.data(), x64.data(), w64.data(), want.rstd.data(), want_dx.data(), false,
                                       want_dw.data(), false, rows, cols);
        for (bool const add : {false, true}) {
            auto dx = old;
            std::vector<float> dw(w.size(), 3);
            cpu::rms_norm_backward<bf16>({}, dy.data(), x.data(), w.data(), rstd.data(), dx.data(), add, dw.data(), add,
                                         rows, cols);
            auto total = want_dx, total_dw = want_dw;
            for (std::size_t i = 0; i < total.size(); ++i) total[i] += add ? static_cast<double>(old[i]) : 0;
            for (double& d : total_dw) d += add ? 3 : 0;
            CHECK(numeric::rounded_once(dx, total, 1e-5, 0.1));
            CHECK(numeric::error(dw, total_dw) < 1e-5);
        }
        auto in_place = x;
        cpu::rms_norm_forward<bf16>({}, in_place.data(), w.data(), in_place.data(), rstd.data(), rows, cols, 1e-5F);
        CHECK(in_place == y);
    }
}
