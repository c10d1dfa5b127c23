#include <doctest/doctest.h>
#include <shardtype/kernels/cpu/layer_norm.hpp>
#include "numeric.hpp"

namespace cpu = shardtype::cpu;

namespace {

using vector = std::vector<double>;

struct reference {
    vector y, mean, rstd;
};

reference naive(vector const& x, vector const& w, vector const& b, long rows, long cols, double eps) {
    reference out{vector(x.size()), {}, {}};
    for (long r = 0; r < rows; ++r) {
        double const* const row = x.data() + r * cols;
        double mean = 0, variance = 0;
        for (long c = 0; c < cols; ++c) mean += row[c] / static_cast<double>(cols);
        for (long c = 0; c < cols; ++c) variance += (row[c] - mean) * (row[c] - mean) / static_cast<double>(cols);
        out.mean.push_back(mean);
        out.rstd.push_back(1 / std::sqrt(variance + eps));
        for (long c = 0; c < cols; ++c) {
            auto const i = static_cast<std::size_t>(c);
            out.y[static_cast<std::size_t>(r * cols + c)] = (row[c] - mean) * out.rstd.back() * w[i] + b[i];
        }
    }
    return out;
}

}  // namespace

TEST_CASE_TEMPLATE("forward equals the formula, of a large mean too, also in place", T, float, double) {
    for (long const cols : {2L, 7L, 16L, 61L, 256L, 259L})
        for (double const middle : {0.0, 100.0}) {
            double const tolerance = (sizeof(T) == 4 ? 2e-6 : 4e-14) * (1 + middle);
            long const rows = 19;
            auto x = numeric::random<T>(rows * cols, 1, middle - 2, middle + 2);
            auto const w = numeric::random<T>(cols, 2, 0.5, 1.5), b = numeric::random<T>(cols, 3);
            auto const want =
                naive(numeric::as<double>(x), numeric::as<double>(w), numeric::as<double>(b), rows, cols, 1e-5);
            std::vector<T> y(x.size()), mean(static_cast<std::size_t>(rows)), rstd(mean);
            cpu::layer_norm_forward<T>({}, x.data(), w.data(), b.data(), y.data(), mean.data(), rstd.data(), rows, cols,
                                       T(1e-5));
            CHECK(numeric::error(y, want.y) < tolerance);
            CHECK(numeric::error(mean, want.mean) < tolerance);
            CHECK(numeric::error(rstd, want.rstd) < tolerance);
            cpu::layer_norm_forward<T>({}, x.data(), w.data(), b.data(), x.data(), mean.data(), rstd.data(), rows, cols,
                                       T(1e-5));
            CHECK(x == y);
        }
}

TEST_CASE("backward equals central differences") {
    for (long const cols : {5L, 24L, 37L}) {
        long const rows = 18;  // more than one block of rows
        auto x = numeric::random<double>(rows * cols, 1, -1, 3);
        auto w = numeric::random<double>(cols, 2, 0.5, 1.5), b = numeric::random<double>(cols, 4);
        auto const dy = numeric::random<double>(rows * cols, 3);
        vector y(x.size()), mean(static_cast<std::size_t>(rows)), rstd(mean), dx(x.size()), dw(w.size()), db(w.size());
        cpu::layer_norm_forward<double>({}, x.data(), w.data(), b.data(), y.data(), mean.data(), rstd.data(), rows,
                                        cols, 1e-3);
        cpu::layer_norm_backward<double>({}, dy.data(), x.data(), w.data(), mean.data(), rstd.data(), dx.data(), false,
                                         dw.data(), false, db.data(), false, rows, cols);
        auto const value = [&] { return numeric::dot(naive(x, w, b, rows, cols, 1e-3).y, dy); };
        CHECK(numeric::error(dx, numeric::gradient(x, value)) < 1e-8);
        CHECK(numeric::error(dw, numeric::gradient(w, value)) < 1e-8);
        CHECK(numeric::error(db, numeric::gradient(b, value)) < 1e-8);
    }
}

TEST_CASE_TEMPLATE("backward in float, each output written or added, and in place", T, float, double) {
    double const tolerance = sizeof(T) == 4 ? 3e-6 : 1e-13;
    long const rows = 300, cols = 67;
    auto const x = numeric::random<T>(rows * cols, 1, -1, 3), w = numeric::random<T>(cols, 2, 0.5, 1.5);
    auto const dy = numeric::random<T>(rows * cols, 3), old_dx = numeric::random<T>(rows * cols, 4);
    auto const old_dw = numeric::random<T>(cols, 5), old_db = numeric::random<T>(cols, 6);
    auto const x64 = numeric::as<double>(x), w64 = numeric::as<double>(w), dy64 = numeric::as<double>(dy);
    auto const truth = naive(x64, w64, w64, rows, cols, 1e-5);
    auto const mean = numeric::as<T>(truth.mean), rstd = numeric::as<T>(truth.rstd);

    vector want_dx(x.size()), want_dw(w.size()), want_db(w.size());
    for (long r = 0; r < rows; ++r) {
        auto const at = [&](long c) { return static_cast<std::size_t>(r * cols + c); };
        auto const row = static_cast<std::size_t>(r);
        double const s = truth.rstd[row];
        double sum = 0, dot = 0;
        auto const h = [&](long c) { return (x64[at(c)] - truth.mean[row]) * s; };
        auto const g = [&](long c) { return dy64[at(c)] * w64[static_cast<std::size_t>(c)]; };
        for (long c = 0; c < cols; ++c) sum += g(c) / static_cast<double>(cols);
        for (long c = 0; c < cols; ++c) dot += g(c) * h(c) / static_cast<double>(cols);
        for (long c = 0; c < cols; ++c) {
            want_dx[at(c)] = s * (g(c) - sum - h(c) * dot);
            want_dw[static_cast<std::size_t>(c)] += dy64[at(c)] * h(c);
            want_db[static_cast<std::size_t>(c)] += dy64[at(c)];
        }
    }
    auto const plus = [](vector a, std::vector<T> const& b, bool add) {
        for (std::size_t i = 0; add && i < a.size(); ++i) a[i] += static_cast<double>(b[i]);
        return a;
    };
    for (unsigned modes = 0; modes < 8; ++modes) {
        bool const add_x = (modes & 1U) != 0, add_w = (modes & 2U) != 0, add_b = (modes & 4U) != 0;
        auto dx = old_dx, dw = old_dw, db = old_db;
        cpu::layer_norm_backward<T>({}, dy.data(), x.data(), w.data(), mean.data(), rstd.data(), dx.data(), add_x,
                                    dw.data(), add_w, db.data(), add_b, rows, cols);
        CHECK(numeric::error(dx, plus(want_dx, old_dx, add_x)) < tolerance);
        CHECK(numeric::error(dw, plus(want_dw, old_dw, add_w)) < tolerance);
        CHECK(numeric::error(db, plus(want_db, old_db, add_b)) < tolerance);
    }
    for (bool const over_dy : {true, false}) {
        auto a = dy, b = x, dw = old_dw, db = old_db;
        T* const out = over_dy ? a.data() : b.data();
        cpu::layer_norm_backward<T>({}, a.data(), b.data(), w.data(), mean.data(), rstd.data(), out, false, dw.data(),
                                    false, db.data(), false, rows, cols);
        CHECK(numeric::error(over_dy ? a : b, want_dx) < tolerance);
    }
}

TEST_CASE("bf16 is float at the edges: statistics and gradients of weights are float") {
    using shardtype::bf16;
    long const rows = 33, cols = 45;
    auto const x = numeric::random<bf16>(rows * cols, 1, -1, 3), w = numeric::random<bf16>(cols, 2, 0.5, 1.5);
    auto const b = numeric::random<bf16>(cols, 3), dy = numeric::random<bf16>(rows * cols, 4);
    auto const fx = numeric::as<float>(x), fw = numeric::as<float>(w), fb = numeric::as<float>(b);
    auto const fdy = numeric::as<float>(dy);
    std::vector<float> mean(static_cast<std::size_t>(rows)), rstd(mean), fmean(mean), frstd(mean), fy(fx), fdx(fx);
    std::vector<float> dw(fw), db(fw), fdw(fw), fdb(fw);
    std::vector<bf16> y(x), dx(x);
    cpu::layer_norm_forward<bf16>({}, x.data(), w.data(), b.data(), y.data(), mean.data(), rstd.data(), rows, cols,
                                  1e-5F);
    cpu::layer_norm_forward<float>({}, fx.data(), fw.data(), fb.data(), fy.data(), fmean.data(), frstd.data(), rows,
                                   cols, 1e-5F);
    cpu::layer_norm_backward<bf16>({}, dy.data(), x.data(), w.data(), mean.data(), rstd.data(), dx.data(), false,
                                   dw.data(), true, db.data(), false, rows, cols);
    cpu::layer_norm_backward<float>({}, fdy.data(), fx.data(), fw.data(), mean.data(), rstd.data(), fdx.data(), false,
                                    fdw.data(), true, fdb.data(), false, rows, cols);
    CHECK(mean == fmean);
    CHECK(rstd == frstd);
    CHECK(numeric::as<float>(y) == numeric::as<float>(numeric::as<bf16>(fy)));
    CHECK(numeric::as<float>(dx) == numeric::as<float>(numeric::as<bf16>(fdx)));
    CHECK(dw == fdw);
    CHECK(db == fdb);
}
