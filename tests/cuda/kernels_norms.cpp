#include <doctest/doctest.h>
#include <shardtype/kernels/cuda/layer_norm.hpp>
#include <shardtype/kernels/cuda/rms_norm.hpp>
#include "kernels_device.hpp"

namespace gpu = shardtype::cuda;
using device::array, device::lent, shardtype::bf16, shardtype::wide_t;

namespace {

using vector = std::vector<double>;

/// Either norm by its formulas in float64, its gradients too. `centred` is layer norm.
struct reference {
    vector y, mean, rstd, dx, dw, db;

    reference(bool centred, vector const& x, vector const& w, vector const& b, vector const& dy, long rows, long cols,
              double eps)
        : y(x.size()), dx(x.size()), dw(w.size()), db(w.size()) {
        auto const n = static_cast<double>(cols);
        for (long r = 0; r < rows; ++r) {
            auto const at = [&](long c) { return static_cast<std::size_t>(r * cols + c); };
            double m = 0, squares = 0, g_sum = 0, gh_sum = 0;
            for (long c = 0; centred && c < cols; ++c) m += x[at(c)] / n;
            for (long c = 0; c < cols; ++c) squares += (x[at(c)] - m) * (x[at(c)] - m) / n;
            double const s = 1 / std::sqrt(squares + eps);
            mean.push_back(m);
            rstd.push_back(s);
            for (long c = 0; c < cols; ++c) {
                auto const i = static_cast<std::size_t>(c);
                double const h = (x[at(c)] - m) * s, g = dy[at(c)] * w[i];
                y[at(c)] = h * w[i] + (centred ? b[i] : 0);
                dw[i] += dy[at(c)] * h;
                db[i] += dy[at(c)];
                g_sum += g / n;
                gh_sum += g * h / n;
            }
            for (long c = 0; c < cols; ++c) {
                double const h = (x[at(c)] - m) * s, g = dy[at(c)] * w[static_cast<std::size_t>(c)];
                dx[at(c)] = s * (g - (centred ? g_sum : 0) - h * gh_sum);
            }
        }
    }
};

template <class T>
vector plus(vector a, std::vector<T> const& b, bool add) {
    for (std::size_t i = 0; add && i < a.size(); ++i) a[i] += static_cast<double>(b[i]);
    return a;
}

/// One of the norms, one size: all its modes.
template <bool Centred, class T>
void check(long rows, long cols, long offset, double middle = 0) {
    using wide = wide_t<T>;
    CAPTURE(rows);
    CAPTURE(cols);
    CAPTURE(offset);
    CAPTURE(Centred);
    auto const x = numeric::random<T>(rows * cols, 1, middle - 2, middle + 2),
               w = numeric::random<T>(cols, 2, 0.5, 1.5);
    auto const b = numeric::random<T>(cols, 3), dy = numeric::random<T>(rows * cols, 4);
    auto const old_dx = numeric::random<T>(rows * cols, 5);
    auto const old_dw = numeric::random<wide>(cols, 6), old_db = numeric::random<wide>(cols, 7);
    reference const want(Centred, numeric::as<double>(x), numeric::as<double>(w), numeric::as<double>(b),
                         numeric::as<double>(dy), rows, cols, 1e-5);
    double const f32 = 4e-6 * (1 + middle), f64 = 2e-13 * (1 + middle);
    // One column deviates from its mean by nothing: dx is 0, and 1 / sqrt(epsilon), 316, multiplies what rounding leaves of it.
    auto const is_dx = [&](std::vector<T> const& got, std::vector<double> const& should_be) {
        if (!Centred || cols > 1) return device::close(got, should_be, f32, f64, 4e-5, 1);
        double worst = 0;
        for (std::size_t k = 0; k < got.size(); ++k)
            worst = std::max(worst, std::abs(static_cast<double>(got[k]) - should_be[k]));
        return worst <= 320 * (sizeof(T) == 2 ? 1e-4 : sizeof(T) == 4 ? f32 : f64);
    };
    array<T> const dev_x(x, offset), dev_w(w, offset), dev_b(b, offset), dev_dy(dy, offset);
    auto const forward = [&](array<T> const& from, array<T> const& to, array<wide> const& mean,
                             array<wide> const& rstd) {
        if constexpr (Centred)
            gpu::layer_norm_forward<T>(lent(), from, dev_w, dev_b, to, mean, rstd, rows, cols, wide(1e-5));
        else
            gpu::rms_norm_forward<T>(lent(), from, dev_w, to, rstd, rows, cols, wide(1e-5));
    };
    std::vector<wide> const none(static_cast<std::size_t>(rows), wide(NAN));
    array<wide> const mean(none), rstd(none);
    array<T> const y(std::vector<T>(x.size(), T(NAN)), offset), in_place(x, offset);
    forward(dev_x, y, mean, rstd);
    CHECK(device::close(y.host(), want.y, f32, f64, 1e-5, 1));
    CHECK(numeric::error(rstd.host(), want.rstd) < (sizeof(wide) == 4 ? f32 : f64));
    if (Centred) CHECK(numeric::error(mean.host(), want.mean) < (sizeof(wide) == 4 ? 2e-6 : f64));
    forward(in_place, in_place, mean, rstd);
    CHECK(device::bits(in_place.host()) == device::bits(y.host()));

    long const bytes = Centred ? gpu::layer_norm_backward_scratch_bytes<T>(rows, cols)
                               : gpu::rms_norm_backward_scratch_bytes<T>(rows, cols);
    auto const backward = [&](array<T> const& d, array<T> const& h, array<T> const& dx, bool add_x,
                              array<wide> const& dw, bool add_w, array<wide> const& db, bool add_b) {
        lent const scratch(bytes);
        if constexpr (Centred)
            gpu::layer_norm_backward<T>(scratch, d, h, dev_w, mean, rstd, dx, add_x, dw, add_w, db, add_b, rows, cols);
        else
            gpu::rms_norm_backward<T>(scratch, d, h, dev_w, rstd, dx, add_x, dw, add_w, rows, cols);
        CHECK(scratch.kept_its_bounds());
    };
    std::vector<unsigned> all_modes{0, Centred ? 7U : 3U};
    if (cols < 300) all_modes.insert(all_modes.end(), {1, 2, 4});
    for (unsigned const modes : all_modes) {
        bool const add_x = (modes & 1U) != 0, add_w = (modes & 2U) != 0, add_b = (modes & 4U) != 0;
        array<T> const dx(old_dx, offset);
        array<wide> const dw(old_dw, offset), db(old_db, offset);
        backward(dev_dy, dev_x, dx, add_x, dw, add_w, db, add_b);
        CHECK(is_dx(dx.host(), plus(want.dx, old_dx, add_x)));
        CHECK(numeric::error(dw.host(), plus(want.dw, old_dw, add_w)) < (sizeof(wide) == 4 ? f32 : f64));
        if (Centred) CHECK(numeric::error(db.host(), plus(want.db, old_db, add_b)) < (sizeof(wide) == 4 ? f32 : f64));
    }
    for (bool const over_dy : {true, false}) {
        array<T> const d(dy, offset), h(x, offset);
        array<wide> const dw(old_dw), db(old_db);
        backward(d, h, over_dy ? d : h, false, dw, false, db, false);
        CHECK(is_dx((over_dy ? d : h).host(), want.dx));
        CHECK(numeric::error(dw.host(), want.dw) < (sizeof(wide) == 4 ? f32 : f64));
    }
}

template <class T>
void check_both(long rows, long cols, long offset = 0) {
    check<false, T>(rows, cols, offset);
    check<true, T>(rows, cols, offset);
}

}  // namespace

TEST_CASE_TEMPLATE("short rows, a warp each; odd and unaligned ones too", T, float, double, bf16) {
    for (long const cols : {1L, 7L, 16L, 61L, 64L, 256L, 259L}) check_both<T>(19, cols);
    for (long const cols : {16L, 64L}) check_both<T>(19, cols, 1);
    check_both<T>(300, 64);  // several rows per team and blocks of partial sums
    check_both<T>(700, 67);
}

TEST_CASE_TEMPLATE("rows that a block has in registers, and longer ones that it reads again", T, float, double, bf16) {
    // 16-byte chunks at the edges of each shape
    constexpr long n = 16 / sizeof(T);
    for (long const chunks : {65L, 200L, 256L, 257L, 512L, 513L, 1024L, 1025L, 2049L}) check_both<T>(3, chunks * n);
    check_both<T>(70, 256 * n);  // more rows than teams: a team has several
    check_both<T>(3, 2100 * n + 1);
    check_both<T>(3, 1000 * n, 1);
}

TEST_CASE_TEMPLATE("a large mean does not cancel the variance", T, float, double) {
    for (long const cols : {64L, 61L, 2048L}) check<true, T>(5, cols, 0, 100);
}

TEST_CASE_TEMPLATE("no rows: gradients of weights are zero or stay", T, float, bf16) {
    for (bool const add : {false, true}) {
        std::vector<float> const old(40, 3);
        array<T> const none({});
        array<float> const dw(old), db(old), no_rows({});
        gpu::rms_norm_backward<T>(lent(), none, none, none, no_rows, none, false, dw, add, 0, 40);
        CHECK(dw.host() == (add ? old : std::vector<float>(40, 0)));
        gpu::layer_norm_backward<T>(lent(), none, none, none, no_rows, no_rows, none, false, dw, true, db, add, 0, 40);
        CHECK(db.host() == (add ? old : std::vector<float>(40, 0)));
    }
}

TEST_CASE_TEMPLATE("the gradients of weights have the same bits every time", T, float, bf16) {
    for (long const cols : {32L, 33L, 1024L}) {
        long const rows = 200;
        auto const x = numeric::random<T>(rows * cols, 1), w = numeric::random<T>(cols, 2);
        auto const dy = numeric::random<T>(rows * cols, 3);
        auto const statistics = numeric::random<float>(rows, 4, 0.5, 2);
        CHECK(device::repeats([&] {
            array<T> const dx(x), dev_x(x), dev_w(w), dev_dy(dy);
            array<float> const s(statistics), dw(std::vector<float>(w.size(), 1)), db(std::vector<float>(w.size(), 1));
            lent const scratch(gpu::layer_norm_backward_scratch_bytes<T>(rows, cols));
            gpu::layer_norm_backward<T>(scratch, dev_dy, dev_x, dev_w, s, s, dx, true, dw, true, db, false, rows, cols);
            auto all = dw.host();
            for (float const v : db.host()) all.push_back(v);
            for (auto const v : dx.host()) all.push_back(static_cast<float>(v));
            return all;
        }));
    }
}
