#pragma once
#include <shardtype/kernels/cpu/vector_loop.hpp>

namespace shardtype::detail {

/// The sizes of a register tile (rows x vectors) and of the slices of k that are packed on the stack.
inline constexpr long blocked_rows = 4;
inline constexpr long blocked_vectors = 2;
inline constexpr long blocked_depth = 128;

/// C[m,n] (+)= op(A) op(B) with both operands packed in slices on the stack, in a fixed order.
template <class T>
void gemm_blocked(long m, long n, long k, bool transpose_a, bool transpose_b, bool accumulate, T const* a, T const* b,
                  T* c) {
    using batch = vec::batch<T>;
    constexpr long lanes = vec::lanes<T>;
    constexpr long width = blocked_vectors * lanes;
    alignas(64) T packed_b[blocked_depth * width];
    T packed_a[blocked_depth * blocked_rows];
    for (long k0 = 0; k0 < k; k0 += blocked_depth) {
        long const depth = k - k0 < blocked_depth ? k - k0 : blocked_depth;
        bool const add = accumulate || k0 > 0;
        for (long j0 = 0; j0 < n; j0 += width) {
            for (long l = 0; l < depth; ++l) {
                for (long j = 0; j < width; ++j) {
                    long const row = k0 + l, column = j0 + j;
                    packed_b[l * width + j] = column >= n   ? T(0)
                                              : transpose_b ? b[column * k + row]
                                                            : b[row * n + column];
                }
            }
            for (long i0 = 0; i0 < m; i0 += blocked_rows) {
                for (long l = 0; l < depth; ++l) {
                    for (long i = 0; i < blocked_rows; ++i) {
                        long const row = i0 + i, column = k0 + l;
                        packed_a[l * blocked_rows + i] = row >= m      ? T(0)
                                                         : transpose_a ? a[column * m + row]
                                                                       : a[row * k + column];
                    }
                }
                batch sum[blocked_rows][blocked_vectors];
                for (auto& row : sum) {
                    for (auto& x : row) x = batch(T(0));
                }
                for (long l = 0; l < depth; ++l) {
                    batch const left = batch::load_aligned(packed_b + l * width);
                    batch const right = batch::load_aligned(packed_b + l * width + lanes);
                    for (long i = 0; i < blocked_rows; ++i) {
                        batch const x(packed_a[l * blocked_rows + i]);
                        sum[i][0] = xsimd::fma(x, left, sum[i][0]);
                        sum[i][1] = xsimd::fma(x, right, sum[i][1]);
                    }
                }
                for (long i = 0; i < blocked_rows && i0 + i < m; ++i) {
                    for (long v = 0; v < blocked_vectors; ++v) {
                        long const column = j0 + v * lanes;
                        long const count = n - column < lanes ? n - column : lanes;
                        if (count <= 0) break;
                        T* const out = c + (i0 + i) * n + column;
                        batch const x = sum[i][v];
                        vec::store_part(add ? x + vec::load_part(out, count) : x, out, count);
                    }
                }
            }
        }
    }
}

}  // namespace shardtype::detail
