#pragma once
#include <cmath>
#include <shardtype/kernels/cuda/attention_own_tile.hpp>

namespace shardtype::cuda::detail {

/// One block: a tile of queries of one head, over the keys that they see, with softmax's maximum and sum kept up to
/// date. Blocks with the most keys come first.
template <class T, int D>
__global__ void __launch_bounds__(attention_tiles<wide_t<T>, D>::forward_threads)
    attention_forward_kernel(attention_call call, T const* q, T const* k, T const* v, T* out, wide_t<T>* lse,
                             wide_t<T> scale) {
    using W = wide_t<T>;
    using tiles = attention_tiles<W, D>;
    constexpr int rows = tiles::forward_rows, columns = tiles::forward_columns;
    constexpr int threads = tiles::forward_threads, R = tiles::forward_each, C = columns / attention_lanes;
    alignas(16) __shared__ W query[rows * tiles::stride];
    alignas(16) __shared__ W key[columns * tiles::stride];
    alignas(16) __shared__ W weight[rows * (columns + tiles::vector)];
    int const lane = static_cast<int>(threadIdx.x) % attention_lanes;
    int const at = static_cast<int>(threadIdx.x) / attention_lanes * R;  // this thread's first row of the tile
    long const all_heads = call.s.batch * call.s.heads;
    long const head = static_cast<long>(blockIdx.x) % all_heads;
    long const b = head / call.s.heads, h = head % call.s.heads, kv = h / (call.s.heads / call.s.kv_heads);
    int const seq = static_cast<int>(call.s.seq);
    int const first = ((seq + rows - 1) / rows - 1 - static_cast<int>(blockIdx.x / all_heads)) * rows;

    attention_fetch<D, rows, threads>(query, call.queries(q, b, h), first, scale * static_cast<W>(attention_log2e));
    W sum[R][tiles::width], top[R], total[R];
    SHARDTYPE_UNROLL
    for (int r = 0; r < R; ++r) {
        top[r] = -static_cast<W>(INFINITY);
        total[r] = W(0);
        SHARDTYPE_UNROLL
        for (int x = 0; x < tiles::width; ++x) sum[r][x] = W(0);
    }
    int const end = first + rows < seq ? first + rows : seq;
    for (int from = 0; from < end; from += columns) {
        __syncthreads();
        attention_fetch<D, columns, threads>(key, call.keys(k, b, kv), from, W(1));
        __syncthreads();
        W score[R][C];
        attention_dots<D>(score, query + at * tiles::stride, key + lane * tiles::stride);
        SHARDTYPE_UNROLL
        for (int r = 0; r < R; ++r) {
            W largest = top[r];
            SHARDTYPE_UNROLL
            for (int c = 0; c < C; ++c) {
                if (from + c * attention_lanes + lane > first + at + r) score[r][c] = -static_cast<W>(INFINITY);
                largest = score[r][c] > largest ? score[r][c] : largest;
            }
            SHARDTYPE_UNROLL
            for (int step = 1; step < attention_lanes; step *= 2) {
                W const other = __shfl_xor_sync(0xffffffffu, largest, step);
                largest = other > largest ? other : largest;
            }
            W const shrink = std::exp2(top[r] - largest);
            top[r] = largest;
            total[r] *= shrink;
            SHARDTYPE_UNROLL
            for (int x = 0; x < tiles::width; ++x) sum[r][x] *= shrink;
            SHARDTYPE_UNROLL
            for (int c = 0; c < C; ++c) {
                score[r][c] = std::exp2(score[r][c] - largest);
                total[r] += score[r][c];
            }
        }
        attention_hand_over<columns>(score, weight + at * (columns + tiles::vector), lane);
        __syncthreads();
        attention_fetch<D, columns, threads>(key, call.keys(v, b, kv), from, W(1));
        __syncthreads();
        attention_add<D, columns>(sum, weight + at * (columns + tiles::vector), key, lane);
    }
    SHARDTYPE_UNROLL
    for (int r = 0; r < R; ++r) {
        W const all = attention_row_sum(total[r]);
        int const row = first + at + r;
        attention_store<D>(sum[r], call.queries(out, b, h), row, lane, W(1) / all);
        if (lane == 0 && row < seq)
            lse[head * call.s.seq + row] = std::log(all) + top[r] * static_cast<W>(attention_ln2);
    }
}

}  // namespace shardtype::cuda::detail
