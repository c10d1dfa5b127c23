#pragma once
#include <shardtype/kernels/cpu/elementwise.hpp>
#include <shardtype/kernels/execution.hpp>

namespace shardtype::cpu {

/// y[i] = w[tokens[i] - first_row] where that is in [0, rows), zeros elsewhere: the vocabulary may be sharded.
/// y [count, cols], w [rows, cols].
template <class T>
void embedding_forward(execution const& with, int const* tokens, T const* w, T* y, long count, long cols,
                       long first_row, long rows) {
    for (long i = 0; i < count; ++i) {
        long const row = tokens[i] - first_row;
        if (row >= 0 && row < rows) {
            copy(with, w + row * cols, y + i * cols, cols);
        } else {
            fill(with, T(0), y + i * cols, cols);
        }
    }
}

/// dw[tokens[i] - first_row] += dy[i] for i in order, where that row is in [0, rows); dw, float for bf16, is zeroed
/// first unless `accumulate`.
template <class T>
void embedding_backward(execution const& with, int const* tokens, T const* dy, wide_t<T>* dw, long count, long cols,
                        long first_row, long rows, bool accumulate) {
    using wide = wide_t<T>;
    if (!accumulate) fill(with, wide(0), dw, rows * cols);
    for (long i = 0; i < count; ++i) {
        long const row = tokens[i] - first_row;
        if (row >= 0 && row < rows)
            add(with, static_cast<wide const*>(dw + row * cols), dy + i * cols, dw + row * cols, cols);
    }
}

}  // namespace shardtype::cpu
