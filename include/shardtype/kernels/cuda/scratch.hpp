#pragma once
#include <shardtype/tensor/dtype.hpp>

// What the CUDA kernels other than products and attention need of scratch, without CUDA's headers: for programs that
// only lay out memory.

namespace shardtype::cuda {

namespace detail {

constexpr long at_most(long x, long limit) { return x < limit ? x : limit; }

/// The most SMs that a kernel of partial sums spreads over; a larger device is left partly idle by it.
inline constexpr long most_multiprocessors = 160;

/// How a norm's row is spread: so many threads with so many chunks of 16 bytes each; 0 threads where it is too long to
/// be kept in registers.
struct row_shape {
    int threads, pieces;
};
/// @param bytes of an element
constexpr row_shape row_shape_of(long cols, long bytes) {
    long const chunks = (cols * bytes + 15) / 16;
    if (chunks <= 64) return {32, 2};
    if (chunks <= 256) return {128, 2};
    if (chunks <= 512) return {256, 2};
    if (chunks <= 1024) return {512, 2};
    if (chunks <= 2048 && bytes == 4) return {512, 4};
    return {0, 0};
}

/// Blocks of a norm's backward kernel on one SM: as many as its registers allow, a block being at least 128 threads.
/// @param values gradients of weights
constexpr int norm_blocks_per_sm(int threads, int values) {
    int const block = threads == 32 ? 256 : threads;
    return block == 512 ? 1 : (values == 1 ? 768 : 512) / block;
}

/// Those of them whose partial sums lie in scratch, on a device of so many SMs: each has at least eight rows, so that the
/// sums are little beside what it reads.
constexpr long norm_blocks(long rows, row_shape shape, int values, long multiprocessors) {
    long const fill = at_most(multiprocessors, most_multiprocessors) * norm_blocks_per_sm(shape.threads, values);
    long const rows_of_block = shape.threads == 32 ? 64 : 8;
    return at_most((rows + rows_of_block - 1) / rows_of_block, fill);
}

/// Parts of the rows that are summed apart where whole columns are summed.
constexpr long column_parts(long rows) { return at_most((rows + 63) / 64, 128); }

/// Bytes of the partial sums of `values` gradients of a norm's weights.
template <class T>
constexpr long norm_scratch_bytes(long rows, long cols, int values) {
    row_shape const shape = row_shape_of(cols, sizeof(T));
    long const by_row = shape.threads == 0 ? 0 : norm_blocks(rows, shape, values, most_multiprocessors);
    long const by_column = column_parts(rows);  // rows that are not aligned take this way
    long const parts = by_row > by_column ? by_row : by_column;
    return parts * values * cols * static_cast<long>(sizeof(wide_t<T>));
}

/// Elements that a block of square_sum has at least, and its most blocks.
inline constexpr long square_sum_elements = 16384, square_sum_blocks = 1024;

}  // namespace detail

/// Bytes of scratch, at most about 8 MB where rows are kept in registers.
template <class T>
constexpr long rms_norm_backward_scratch_bytes(long rows, long cols) {
    return detail::norm_scratch_bytes<T>(rows, cols, 1);
}

/// Bytes of scratch, at most about 11 MB where rows are kept in registers.
template <class T>
constexpr long layer_norm_backward_scratch_bytes(long rows, long cols) {
    return detail::norm_scratch_bytes<T>(rows, cols, 2);
}

/// Bytes of scratch: 128 rows at most.
template <class T>
constexpr long bias_backward_scratch_bytes(long rows, long cols) {
    return detail::column_parts(rows) * cols * static_cast<long>(sizeof(wide_t<T>));
}

/// Bytes of scratch: the tokens' order, twice, and their number.
constexpr long embedding_backward_scratch_bytes(long count) { return (2 * count + 1) * 4; }

/// Bytes of scratch, at most 8 KiB.
constexpr long square_sum_scratch_bytes(long n) {
    return 8 * detail::at_most(n / detail::square_sum_elements + 1, detail::square_sum_blocks);
}

}  // namespace shardtype::cuda
