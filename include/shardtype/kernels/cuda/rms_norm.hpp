#pragma once
#include <shardtype/kernels/cuda/norm_backward.hpp>
#include <shardtype/kernels/cuda/norm_forward.hpp>

namespace shardtype::cuda {

/// y = x rstd w and rstd = 1 / sqrt(mean(x^2) + eps) per row; x, y [rows, cols], w [cols], rstd [rows].
/// `y` may be `x`; rstd of bf16 is float.
template <class T>
void rms_norm_forward(execution const& with, T const* x, T const* w, T* y, wide_t<T>* rstd, long rows, long cols,
                      wide_t<T> eps) {
    detail::norm_forward<false>(with, detail::norm_rows<T>{x, w, nullptr, y, nullptr, rstd, rows, cols, eps});
}

/// With h = x rstd: dx (+)= rstd (dy w - h mean(dy w h)) per row, dw (+)= sum over rows of dy h, in a fixed order.
/// `dx` may be `dy` or `x` where it is not accumulated; dw of bf16 is float. Takes scratch.
template <class T>
void rms_norm_backward(execution const& with, T const* dy, T const* x, T const* w, wide_t<T> const* rstd, T* dx,
                       bool accumulate_dx, wide_t<T>* dw, bool accumulate_dw, long rows, long cols) {
    long const count = detail::norm_backward_parts<false>(
        with, detail::norm_gradient_rows<T>{dy, x, w, nullptr, rstd, dx, accumulate_dx, rows, cols});
    detail::add_parts(with, static_cast<wide_t<T> const*>(with.scratch), count, 1, 0, dw, accumulate_dw, cols);
}

}  // namespace shardtype::cuda
