#pragma once
#include <shardtype/kernels/cpu/blocks.hpp>
#include <shardtype/kernels/cpu/vector_loop.hpp>
#include <shardtype/kernels/execution.hpp>

namespace shardtype::detail::vec {

/// Rows that are summed in registers before the sum is added to memory: fewer roundings of what is added last.
inline constexpr long bias_rows = 16;

/// out (+)= the sum of `rows` rows of x, four batches of columns at a time.
template <class T>
void add_rows(T const* x, wide_t<T>* out, bool add, long rows, long cols) {
    using batch = vec::batch<T>;
    constexpr long width = lanes<T>;
    long c = 0;
    for (; c + 4 * width <= cols; c += 4 * width) {
        batch s0(wide_t<T>(0)), s1(wide_t<T>(0)), s2(wide_t<T>(0)), s3(wide_t<T>(0));
        for (long r = 0; r < rows; ++r) {
            T const* const row = x + r * cols + c;
            s0 += load(row);
            s1 += load(row + width);
            s2 += load(row + 2 * width);
            s3 += load(row + 3 * width);
        }
        wide_t<T>* const to = out + c;
        (add ? load(to) + s0 : s0).store_unaligned(to);
        (add ? load(to + width) + s1 : s1).store_unaligned(to + width);
        (add ? load(to + 2 * width) + s2 : s2).store_unaligned(to + 2 * width);
        (add ? load(to + 3 * width) + s3 : s3).store_unaligned(to + 3 * width);
    }
    for (; c < cols; c += width) {
        long const count = cols - c < width ? cols - c : width;
        batch sum(wide_t<T>(0));
        for (long r = 0; r < rows; ++r) sum += load_part(x + r * cols + c, count);
        store_part(add ? load_part(out + c, count) + sum : sum, out + c, count);
    }
}

}  // namespace shardtype::detail::vec

namespace shardtype::cpu {

/// y = x + b, b added to every row; x, y [rows, cols], b [cols]. `y` may be `x`.
template <class T>
void bias_forward(execution const&, T const* x, T const* b, T* y, long rows, long cols) {
    using batch = detail::vec::batch<T>;
    for_each_block(
        rows,
        [=](long begin, long end) {
            for (long r = begin; r < end; ++r)
                detail::vec::map<T, 1>(
                    0, cols, [](batch const& a, batch const& c) { return std::array<batch, 1>{a + c}; }, {y + r * cols},
                    x + r * cols, b);
        },
        detail::vec::bias_rows);
}

/// db (+)= the sum of the rows of dy [rows, cols], rows in order; db of bf16 is float.
template <class T>
void bias_backward(execution const&, T const* dy, wide_t<T>* db, bool accumulate, long rows, long cols) {
    for_each_block(
        rows,
        [=](long begin, long end) {
            detail::vec::add_rows(dy + begin * cols, db, begin != 0 || accumulate, end - begin, cols);
        },
        detail::vec::bias_rows);
    if (rows == 0 && !accumulate)
        for (long c = 0; c < cols; ++c) db[c] = wide_t<T>(0);
}

}  // namespace shardtype::cpu
