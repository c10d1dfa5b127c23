#pragma once
#include <cuda_runtime.h>
#include <shardtype/kernels/cuda/attention_scratch.hpp>
#include <shardtype/kernels/cuda/element.hpp>
#include <shardtype/kernels/cuda/unroll.hpp>

namespace shardtype::cuda::detail {

/// Threads that share a row of scores; they lie in one warp, so rows are reduced and handed over without a barrier.
inline constexpr int attention_lanes = 8;

/// The tiles of one block, for heads of at most D numbers: what the row operands (queries, or keys for dk and dv) and
/// the streamed operand take of 48 KiB of shared memory decides. W is what is computed in.
template <class W, int D>
struct attention_tiles {
    static constexpr int bytes = static_cast<int>(sizeof(W)) * D;
    static constexpr bool narrow = sizeof(W) == 4;
    static constexpr int vector = 16 / static_cast<int>(sizeof(W));
    static constexpr int stride = D + vector;  ///< of a row in shared memory: eight rows lie in different banks
    static constexpr int forward_rows = bytes <= 256 ? 64 : bytes <= 512 ? 32 : 16;
    static constexpr int forward_columns = bytes <= 128 && narrow ? 64 : bytes <= 512 ? 32 : 16;
    static constexpr int backward_rows = bytes <= 128 ? 64 : bytes <= 512 ? 32 : 16;
    static constexpr int backward_columns = bytes <= 128   ? (narrow ? 64 : 32)
                                            : bytes <= 256 ? 32
                                            : bytes <= 512 ? 16
                                                           : 8;
    static constexpr int forward_each = forward_rows >= 32 ? 4 : 2;  ///< rows of one thread
    static constexpr int backward_each = backward_rows >= 32 ? 4 : 2;
    static constexpr int forward_threads = forward_rows / forward_each * attention_lanes;
    static constexpr int backward_threads = backward_rows / backward_each * attention_lanes;
    static constexpr int width = D / attention_lanes;  ///< numbers of a result's row that one thread holds
    static constexpr int piece = width < vector ? width : vector;
    static_assert((forward_rows + forward_columns) * stride * sizeof(W) +
                          forward_rows * (forward_columns + vector) * sizeof(W) <=
                      48 * 1024 &&
                  (2 * backward_rows + backward_columns) * stride * sizeof(W) +
                          backward_rows * (backward_columns + vector) * sizeof(W) <=
                      48 * 1024);
    static_assert(backward_rows % backward_columns == 0, "the first queries that see a tile of keys begin a tile");
};

/// N numbers that are loaded and stored at once.
template <class T, int N>
struct alignas(N * sizeof(T)) attention_pack {
    T x[N];
};

template <int N, class T>
__device__ __forceinline__ attention_pack<T, N> attention_load(T const* from) {
    return *reinterpret_cast<attention_pack<T, N> const*>(from);
}

/// Rows of a head in memory.
template <class T>
struct attention_rows {
    T* first;
    long stride;
    int rows, head_dim;
    bool vectors;  ///< 16 bytes at a time
};

/// Copies rows `from` .. `from` + Rows to shared memory, times `scale`; what lies outside is zero.
template <int D, int Rows, int Threads, class W, class T>
__device__ __forceinline__ void attention_fetch(W* to, attention_rows<T const> rows, int from, W scale) {
    constexpr int many = 16 / static_cast<int>(sizeof(T));
    constexpr int in_row = D / many;
    constexpr int stride = attention_tiles<W, D>::stride;
    for (int i = static_cast<int>(threadIdx.x); i < Rows * in_row; i += Threads) {
        int const row = i / in_row, x = i % in_row * many;
        W* const at = to + row * stride + x;
        T const* const source = rows.first + (from + row) * rows.stride + x;
        bool const inside = from + row < rows.rows;
        if (rows.vectors && inside && x < rows.head_dim) {
            auto const some = attention_load<many>(source);
            SHARDTYPE_UNROLL
            for (int n = 0; n < many; ++n) at[n] = widen(some.x[n]) * scale;
        } else {
            SHARDTYPE_UNROLL
            for (int n = 0; n < many; ++n) at[n] = inside && x + n < rows.head_dim ? widen(source[n]) * scale : W(0);
        }
    }
}

/// sum[r][c] = row r of `left` times row 8 c of `right`.
template <int D, int R, int C, class W>
__device__ __forceinline__ void attention_dots(W (&sum)[R][C], W const* left, W const* right) {
    constexpr int vector = attention_tiles<W, D>::vector, stride = attention_tiles<W, D>::stride;
    SHARDTYPE_UNROLL
    for (int r = 0; r < R; ++r) {
        SHARDTYPE_UNROLL
        for (int c = 0; c < C; ++c) sum[r][c] = W(0);
    }
    for (int x = 0; x < D; x += vector) {
        attention_pack<W, vector> a[R];
        SHARDTYPE_UNROLL
        for (int r = 0; r < R; ++r) a[r] = attention_load<vector>(left + r * stride + x);
        SHARDTYPE_UNROLL
        for (int c = 0; c < C; ++c) {
            auto const b = attention_load<vector>(right + c * attention_lanes * stride + x);
            SHARDTYPE_UNROLL
            for (int r = 0; r < R; ++r) {
                SHARDTYPE_UNROLL
                for (int n = 0; n < vector; ++n) sum[r][c] += a[r].x[n] * b.x[n];
            }
        }
    }
}

/// sum[r][...] += sum over j of weights[r][j] * rows[j][this thread's columns].
template <int D, int Columns, int R, int Width, class W>
__device__ __forceinline__ void attention_add(W (&sum)[R][Width], W const* weights, W const* rows, int lane) {
    using tiles = attention_tiles<W, D>;
    static_assert(Width == tiles::width);
    constexpr int vector = tiles::vector, piece = tiles::piece;
    for (int j = 0; j < Columns; j += vector) {
        attention_pack<W, vector> w[R];
        SHARDTYPE_UNROLL
        for (int r = 0; r < R; ++r) w[r] = attention_load<vector>(weights + r * (Columns + vector) + j);
        SHARDTYPE_UNROLL
        for (int n = 0; n < vector; ++n) {
            SHARDTYPE_UNROLL
            for (int x = 0; x < tiles::width; x += piece) {
                auto const b =
                    attention_load<piece>(rows + (j + n) * tiles::stride + x * attention_lanes + lane * piece);
                SHARDTYPE_UNROLL
                for (int r = 0; r < R; ++r) {
                    SHARDTYPE_UNROLL
                    for (int y = 0; y < piece; ++y) sum[r][x + y] += w[r].x[n] * b.x[y];
                }
            }
        }
    }
}

/// The column of a head that a thread's number x lies in.
template <class W, int D>
__device__ __forceinline__ int attention_column(int x, int lane) {
    constexpr int piece = attention_tiles<W, D>::piece;
    return x / piece * piece * attention_lanes + lane * piece + x % piece;
}

/// Writes a thread's numbers of one row, times `scale`, rounded once.
template <int D, int Width, class W, class T>
__device__ __forceinline__ void attention_store(W const (&sum)[Width], attention_rows<T> rows, int row, int lane,
                                                W scale) {
    constexpr int piece = attention_tiles<W, D>::piece;
    if (row >= rows.rows) return;
    T* const to = rows.first + row * rows.stride;
    SHARDTYPE_UNROLL
    for (int x = 0; x < attention_tiles<W, D>::width; x += piece) {
        int const column = attention_column<W, D>(x, lane);
        if (rows.vectors && column < rows.head_dim) {
            attention_pack<T, piece> some;
            SHARDTYPE_UNROLL
            for (int y = 0; y < piece; ++y) some.x[y] = narrow<T>(sum[x + y] * scale);
            *reinterpret_cast<attention_pack<T, piece>*>(to + column) = some;
        } else {
            SHARDTYPE_UNROLL
            for (int y = 0; y < piece; ++y) {
                if (column + y < rows.head_dim) to[column + y] = narrow<T>(sum[x + y] * scale);
            }
        }
    }
}

/// Writes a thread's scores where `attention_add` reads them.
template <int Columns, class W, int R, int C>
__device__ __forceinline__ void attention_hand_over(W const (&from)[R][C], W* to, int lane) {
    constexpr int stride = Columns + 16 / static_cast<int>(sizeof(W));
    SHARDTYPE_UNROLL
    for (int r = 0; r < R; ++r) {
        SHARDTYPE_UNROLL
        for (int c = 0; c < C; ++c) to[r * stride + c * attention_lanes + lane] = from[r][c];
    }
}

/// The sum over the threads that share a row.
template <class W>
__device__ __forceinline__ W attention_row_sum(W x) {
    SHARDTYPE_UNROLL
    for (int step = 1; step < attention_lanes; step *= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
    return x;
}

/// What the kernels are told.
struct attention_call {
    attention_shape s;
    bool vectors;

    /// Rows of one head of q, out and their gradients.
    template <class T>
    __device__ attention_rows<T> queries(T* of, long b, long h) const {
        return {of + (b * s.seq * s.heads + h) * s.head_dim, s.heads * s.head_dim, static_cast<int>(s.seq),
                static_cast<int>(s.head_dim), vectors};
    }
    /// Rows of one head of k, v and their gradients.
    template <class T>
    __device__ attention_rows<T> keys(T* of, long b, long h) const {
        return {of + (b * s.seq * s.kv_heads + h) * s.head_dim, s.kv_heads * s.head_dim, static_cast<int>(s.seq),
                static_cast<int>(s.head_dim), vectors};
    }
};

inline constexpr double attention_log2e = 1.4426950408889634;
inline constexpr double attention_ln2 = 0.6931471805599453;

}  // namespace shardtype::cuda::detail
