#pragma once
#include <cmath>
#include <shardtype/kernels/cpu/blocks.hpp>
#include <shardtype/kernels/cpu/vector_loop.hpp>
#include <shardtype/kernels/execution.hpp>

namespace shardtype::detail::vec {

/// Rows whose part of dw and db is summed in registers before it is added to memory; x and dy of the block are still
/// in cache when dx is made.
inline constexpr long layer_norm_rows = 16;

/// dw (+)= sum over a block of rows of dy h and db (+)= that of dy, with h = (x - mean) rstd.
template <class T>
void layer_norm_weight_gradients(T const* dy, T const* x, wide_t<T> const* mean, wide_t<T> const* rstd, wide_t<T>* dw,
                                 bool add_w, wide_t<T>* db, bool add_b, long rows, long cols) {
    using batch = vec::batch<T>;
    constexpr long width = lanes<T>;
    auto const put = [](batch const& sum, wide_t<T>* to, bool add, long count) {
        if (count == width) {
            (add ? load(to) + sum : sum).store_unaligned(to);
        } else {
            store_part(add ? load_part(to, count) + sum : sum, to, count);
        }
    };
    long c = 0;
    for (; c + 2 * width <= cols; c += 2 * width) {
        batch w0(wide_t<T>(0)), w1(wide_t<T>(0)), b0(wide_t<T>(0)), b1(wide_t<T>(0));
        for (long r = 0; r < rows; ++r) {
            batch const d0 = load(dy + r * cols + c), d1 = load(dy + r * cols + c + width);
            batch const scale(rstd[r]), middle(mean[r]);
            w0 += d0 * ((load(x + r * cols + c) - middle) * scale);
            w1 += d1 * ((load(x + r * cols + c + width) - middle) * scale);
            b0 += d0;
            b1 += d1;
        }
        put(w0, dw + c, add_w, width), put(w1, dw + c + width, add_w, width);
        put(b0, db + c, add_b, width), put(b1, db + c + width, add_b, width);
    }
    for (; c < cols; c += width) {
        long const count = cols - c < width ? cols - c : width;
        batch w(wide_t<T>(0)), b(wide_t<T>(0));
        for (long r = 0; r < rows; ++r) {
            batch const d = load_part(dy + r * cols + c, count);
            batch const scale(rstd[r]), middle(mean[r]);
            w += d * ((load_part(x + r * cols + c, count) - middle) * scale);
            b += d;
        }
        put(w, dw + c, add_w, count), put(b, db + c, add_b, count);
    }
}

/// Sum of (x - mean)^2. The lanes past the end count as the mean: a difference of squares would cancel.
template <class T>
wide_t<T> squares_about(T const* x, wide_t<T> mean, long cols) {
    using batch = vec::batch<T>;
    long const whole = cols - cols % lanes<T>;
    auto const square = [mean](batch const& a) { return (a - batch(mean)) * (a - batch(mean)); };
    wide_t<T> const rest =
        whole < cols ? xsimd::hadd(square(load_part<T>(x + whole, cols - whole, mean))) : wide_t<T>(0);
    return sum<T>(whole, square, x) + rest;
}

}  // namespace shardtype::detail::vec

namespace shardtype::cpu {

/// y = (x - mean) rstd w + b with mean and rstd = 1 / sqrt(variance + eps) per row; x, y [rows, cols], w, b [cols],
/// mean, rstd [rows]. `y` may be `x`.
template <class T>
void layer_norm_forward(execution const&, T const* x, T const* w, T const* b, T* y, wide_t<T>* mean, wide_t<T>* rstd,
                        long rows, long cols, wide_t<T> eps) {
    using wide = wide_t<T>;
    using batch = detail::vec::batch<T>;
    for_each_block(
        rows,
        [=](long begin, long end) {
            for (long r = begin; r < end; ++r) {
                T const* const row = x + r * cols;
                auto const n = static_cast<wide>(cols);
                wide const m = detail::vec::sum<T>(
                                   cols, [](batch const& a) { return a; }, row) /
                               n;
                wide const s = wide(1) / std::sqrt(detail::vec::squares_about<T>(row, m, cols) / n + eps);
                mean[r] = m;
                rstd[r] = s;
                detail::vec::map<T, 1>(
                    0, cols,
                    [m, s](batch const& a, batch const& weight, batch const& shift) {
                        return std::array<batch, 1>{(a - batch(m)) * batch(s) * weight + shift};
                    },
                    {y + r * cols}, row, w, b);
            }
        },
        detail::vec::layer_norm_rows);
}

/// With h = (x - mean) rstd and g = dy w: dx (+)= rstd (g - mean(g) - h mean(g h)) per row, dw (+)= sum over rows of
/// dy h, db (+)= sum over rows of dy, rows in order. `dx` may be `dy` or `x` where it is not accumulated. dw and db of bf16 are float.
template <class T>
void layer_norm_backward(execution const&, T const* dy, T const* x, T const* w, wide_t<T> const* mean,
                         wide_t<T> const* rstd, T* dx, bool accumulate_dx, wide_t<T>* dw, bool accumulate_dw,
                         wide_t<T>* db, bool accumulate_db, long rows, long cols) {
    using wide = wide_t<T>;
    using batch = detail::vec::batch<T>;
    for_each_block(
        rows,
        [=](long begin, long end) {
            bool const later = begin != 0;
            detail::vec::layer_norm_weight_gradients(dy + begin * cols, x + begin * cols, mean + begin, rstd + begin,
                                                     dw, later || accumulate_dw, db, later || accumulate_db,
                                                     end - begin, cols);
            for (long r = begin; r < end; ++r) {
                T const* const d = dy + r * cols;
                T const* const row = x + r * cols;
                T* const out = dx + r * cols;
                wide const n = static_cast<wide>(cols), s = rstd[r], m = mean[r];
                wide const sum = detail::vec::sum<T>(
                    cols, [](batch const& a, batch const& b) { return a * b; }, d, w);
                wide const dot = detail::vec::sum<T>(
                    cols, [m](batch const& a, batch const& b, batch const& c) { return a * b * (c - batch(m)); }, d, w,
                    row);
                wide const slope = dot * s * s / n;
                auto const gradient = [=](batch const& a, batch const& b, batch const& c) {
                    return batch(s) * (a * b - batch(sum / n) - (c - batch(m)) * batch(slope));
                };
                detail::vec::map_or_add<T>(accumulate_dx, cols, gradient, out, d, w, row);
            }
        },
        detail::vec::layer_norm_rows);
    for (long c = 0; rows == 0 && c < cols; ++c) {
        if (!accumulate_dw) dw[c] = wide(0);
        if (!accumulate_db) db[c] = wide(0);
    }
}

}  // namespace shardtype::cpu
