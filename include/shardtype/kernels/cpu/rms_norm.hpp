#pragma once
#include <cmath>
#include <shardtype/kernels/cpu/blocks.hpp>
#include <shardtype/kernels/cpu/vector_loop.hpp>
#include <shardtype/kernels/execution.hpp>

namespace shardtype::detail::vec {

/// Rows whose part of dw is summed in registers before it is added to memory: fewer roundings, and x and dy of
/// the block are still in cache when dx is made.
inline constexpr long rms_norm_rows = 16;

/// dw (+)= sum over a block of rows of dy x rstd: four batches of columns at a time, since one chain of additions
/// waits.
template <class T>
void rms_norm_weight_gradient(T const* dy, T const* x, wide_t<T> const* rstd, wide_t<T>* dw, bool add, long rows,
                              long cols) {
    using wide = wide_t<T>;
    using batch = vec::batch<T>;
    constexpr long width = lanes<T>;
    long c = 0;
    for (; c + 4 * width <= cols; c += 4 * width) {
        batch s0(wide(0)), s1(wide(0)), s2(wide(0)), s3(wide(0));
        for (long r = 0; r < rows; ++r) {
            T const* const d = dy + r * cols + c;
            T const* const h = x + r * cols + c;
            batch const scale(rstd[r]);
            s0 += load(d) * (load(h) * scale);
            s1 += load(d + width) * (load(h + width) * scale);
            s2 += load(d + 2 * width) * (load(h + 2 * width) * scale);
            s3 += load(d + 3 * width) * (load(h + 3 * width) * scale);
        }
        wide* const out = dw + c;
        (add ? load(out) + s0 : s0).store_unaligned(out);
        (add ? load(out + width) + s1 : s1).store_unaligned(out + width);
        (add ? load(out + 2 * width) + s2 : s2).store_unaligned(out + 2 * width);
        (add ? load(out + 3 * width) + s3 : s3).store_unaligned(out + 3 * width);
    }
    for (; c < cols; c += width) {
        long const count = cols - c < width ? cols - c : width;
        batch sum(wide(0));
        for (long r = 0; r < rows; ++r) {
            sum += load_part(dy + r * cols + c, count) * (load_part(x + r * cols + c, count) * batch(rstd[r]));
        }
        store_part(add ? load_part(dw + c, count) + sum : sum, dw + c, count);
    }
}

}  // namespace shardtype::detail::vec

namespace shardtype::cpu {

/// y = x rstd w and rstd = 1 / sqrt(mean(x^2) + eps) per row; x, y [rows, cols], w [cols], rstd [rows].
/// `y` may be `x`; rstd of bf16 is float.
template <class T>
void rms_norm_forward(execution const&, T const* x, T const* w, T* y, wide_t<T>* rstd, long rows, long cols,
                      wide_t<T> eps) {
    using wide = wide_t<T>;
    using batch = detail::vec::batch<T>;
    for_each_block(
        rows,
        [=](long begin, long end) {
            for (long r = begin; r < end; ++r) {
                T const* const row = x + r * cols;
                wide const squares = detail::vec::sum<T>(
                    cols, [](batch const& a) { return a * a; }, row);
                wide const scale = wide(1) / std::sqrt(squares / static_cast<wide>(cols) + eps);
                rstd[r] = scale;
                detail::vec::map<T, 1>(
                    0, cols,
                    [scale](batch const& a, batch const& b) { return std::array<batch, 1>{a * batch(scale) * b}; },
                    {y + r * cols}, row, w);
            }
        },
        detail::vec::rms_norm_rows);
}

/// With h = x rstd: dx (+)= rstd (dy w - h mean(dy w h)) per row, dw (+)= sum over rows of dy h, rows in order.
/// `dx` may be `dy` or `x` where it is not accumulated; dw of bf16 is float.
template <class T>
void rms_norm_backward(execution const&, T const* dy, T const* x, T const* w, wide_t<T> const* rstd, T* dx,
                       bool accumulate_dx, wide_t<T>* dw, bool accumulate_dw, long rows, long cols) {
    using wide = wide_t<T>;
    using batch = detail::vec::batch<T>;
    for_each_block(
        rows,
        [=](long begin, long end) {
            bool const first = begin == 0 && !accumulate_dw;
            detail::vec::rms_norm_weight_gradient(dy + begin * cols, x + begin * cols, rstd + begin, dw, !first,
                                                  end - begin, cols);
            for (long r = begin; r < end; ++r) {
                T const* const d = dy + r * cols;
                T const* const row = x + r * cols;
                T* const out = dx + r * cols;
                wide const dot = detail::vec::sum<T>(
                    cols, [](batch const& a, batch const& b, batch const& c) { return a * b * c; }, d, w, row);
                batch const scale(rstd[r]);
                batch const mean(dot * rstd[r] * rstd[r] / static_cast<wide>(cols));
                auto const gradient = [scale, mean](batch const& a, batch const& b, batch const& c) {
                    return scale * (a * b - c * mean);
                };
                detail::vec::map_or_add<T>(accumulate_dx, cols, gradient, out, d, w, row);
            }
        },
        detail::vec::rms_norm_rows);
    if (rows == 0 && !accumulate_dw) {
        for (long c = 0; c < cols; ++c) dw[c] = wide(0);
    }
}

}  // namespace shardtype::cpu
