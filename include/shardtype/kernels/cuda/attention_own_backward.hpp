#pragma once
#include <cmath>
#include <shardtype/kernels/cuda/attention_own_tile.hpp>

namespace shardtype::cuda::detail {

/// dq of a tile of queries of one head, over the keys that they see; also `delta`, each row's sum of dout * out, which
/// dk and dv need.
template <class T, int D>
__global__ void __launch_bounds__(attention_tiles<wide_t<T>, D>::backward_threads)
    attention_dq_kernel(attention_call call, T const* q, T const* k, T const* v, T const* out, wide_t<T> const* lse,
                        T const* dout, T* dq, wide_t<T>* delta, wide_t<T> scale) {
    using W = wide_t<T>;
    using tiles = attention_tiles<W, D>;
    constexpr int rows = tiles::backward_rows, columns = tiles::backward_columns;
    constexpr int threads = tiles::backward_threads, R = tiles::backward_each, C = columns / attention_lanes;
    alignas(16) __shared__ W query[rows * tiles::stride];
    alignas(16) __shared__ W slope[rows * tiles::stride];
    alignas(16) __shared__ W key[columns * tiles::stride];
    alignas(16) __shared__ W weight[rows * (columns + tiles::vector)];
    int const lane = static_cast<int>(threadIdx.x) % attention_lanes;
    int const at = static_cast<int>(threadIdx.x) / attention_lanes * R;
    long const all_heads = call.s.batch * call.s.heads;
    long const head = static_cast<long>(blockIdx.x) % all_heads;
    long const b = head / call.s.heads, h = head % call.s.heads, kv = h / (call.s.heads / call.s.kv_heads);
    int const seq = static_cast<int>(call.s.seq);
    int const first = ((seq + rows - 1) / rows - 1 - static_cast<int>(blockIdx.x / all_heads)) * rows;

    attention_fetch<D, rows, threads>(query, call.queries(q, b, h), first, scale * static_cast<W>(attention_log2e));
    attention_fetch<D, rows, threads>(slope, call.queries(dout, b, h), first, W(1));
    __syncthreads();
    W sum[R][tiles::width], shift[R], mean[R];
    auto const outputs = call.queries(out, b, h);
    SHARDTYPE_UNROLL
    for (int r = 0; r < R; ++r) {
        int const row = first + at + r;
        W part = W(0);
        SHARDTYPE_UNROLL
        for (int x = 0; x < tiles::width; ++x) {
            int const column = attention_column<W, D>(x, lane);
            sum[r][x] = W(0);
            if (row < seq && column < outputs.head_dim)
                part += slope[(at + r) * tiles::stride + column] * widen(outputs.first[row * outputs.stride + column]);
        }
        mean[r] = attention_row_sum(part);
        shift[r] = row < seq ? lse[head * call.s.seq + row] * static_cast<W>(attention_log2e) : W(0);
        if (lane == 0 && row < seq) delta[head * call.s.seq + row] = mean[r];
    }
    int const end = first + rows < seq ? first + rows : seq;
    for (int from = 0; from < end; from += columns) {
        W gradient[R][C], score[R][C];
        __syncthreads();
        attention_fetch<D, columns, threads>(key, call.keys(v, b, kv), from, W(1));
        __syncthreads();
        attention_dots<D>(gradient, slope + at * tiles::stride, key + lane * tiles::stride);
        __syncthreads();
        attention_fetch<D, columns, threads>(key, call.keys(k, b, kv), from, W(1));
        __syncthreads();
        attention_dots<D>(score, query + at * tiles::stride, key + lane * tiles::stride);
        SHARDTYPE_UNROLL
        for (int r = 0; r < R; ++r) {
            SHARDTYPE_UNROLL
            for (int c = 0; c < C; ++c)
                score[r][c] = from + c * attention_lanes + lane > first + at + r
                                  ? W(0)
                                  : std::exp2(score[r][c] - shift[r]) * (gradient[r][c] - mean[r]);
        }
        attention_hand_over<columns>(score, weight + at * (columns + tiles::vector), lane);
        __syncwarp();
        attention_add<D, columns>(sum, weight + at * (columns + tiles::vector), key, lane);
    }
    SHARDTYPE_UNROLL
    for (int r = 0; r < R; ++r) attention_store<D>(sum[r], call.queries(dq, b, h), first + at + r, lane, scale);
}

/// dk and dv of a tile of keys of one kv head: the sums over its query heads and the queries that see the keys, in this
/// order. A row of scores belongs to a key here, its columns to queries.
template <class T, int D>
__global__ void __launch_bounds__(attention_tiles<wide_t<T>, D>::backward_threads)
    attention_dkv_kernel(attention_call call, T const* q, T const* k, T const* v, wide_t<T> const* lse, T const* dout,
                         wide_t<T> const* delta, T* dk, T* dv, wide_t<T> scale) {
    using W = wide_t<T>;
    using tiles = attention_tiles<W, D>;
    constexpr int rows = tiles::backward_rows, columns = tiles::backward_columns;
    constexpr int threads = tiles::backward_threads, R = tiles::backward_each, C = columns / attention_lanes;
    alignas(16) __shared__ W key[rows * tiles::stride];
    alignas(16) __shared__ W value[rows * tiles::stride];
    alignas(16) __shared__ W query[columns * tiles::stride];
    alignas(16) __shared__ W weight[rows * (columns + tiles::vector)];
    int const lane = static_cast<int>(threadIdx.x) % attention_lanes;
    int const at = static_cast<int>(threadIdx.x) / attention_lanes * R;
    long const all_heads = call.s.batch * call.s.kv_heads, group = call.s.heads / call.s.kv_heads;
    long const head = static_cast<long>(blockIdx.x) % all_heads;
    long const b = head / call.s.kv_heads, kv = head % call.s.kv_heads;
    int const seq = static_cast<int>(call.s.seq);
    int const first = static_cast<int>(blockIdx.x / all_heads) * rows;  // the first keys are seen by the most queries

    attention_fetch<D, rows, threads>(key, call.keys(k, b, kv), first, W(1));
    attention_fetch<D, rows, threads>(value, call.keys(v, b, kv), first, W(1));
    W sum_k[R][tiles::width], sum_v[R][tiles::width];
    SHARDTYPE_UNROLL
    for (int r = 0; r < R; ++r) {
        SHARDTYPE_UNROLL
        for (int x = 0; x < tiles::width; ++x) sum_k[r][x] = sum_v[r][x] = W(0);
    }
    for (long h = kv * group; h < (kv + 1) * group; ++h) {
        W const* const shifts = lse + (b * call.s.heads + h) * call.s.seq;
        W const* const means = delta + (b * call.s.heads + h) * call.s.seq;
        for (int from = first; from < seq; from += columns) {
            W score[R][C], gradient[R][C];
            __syncthreads();
            attention_fetch<D, columns, threads>(query, call.queries(q, b, h), from,
                                                 scale * static_cast<W>(attention_log2e));
            __syncthreads();
            attention_dots<D>(score, key + at * tiles::stride, query + lane * tiles::stride);
            SHARDTYPE_UNROLL
            for (int c = 0; c < C; ++c) {
                int const row = from + c * attention_lanes + lane;
                W const shift = row < seq ? shifts[row] * static_cast<W>(attention_log2e) : W(0);
                SHARDTYPE_UNROLL
                for (int r = 0; r < R; ++r)
                    score[r][c] = row < seq && row >= first + at + r ? std::exp2(score[r][c] - shift) : W(0);
            }
            attention_hand_over<columns>(score, weight + at * (columns + tiles::vector), lane);
            __syncthreads();
            attention_fetch<D, columns, threads>(query, call.queries(dout, b, h), from, W(1));
            __syncthreads();
            attention_dots<D>(gradient, value + at * tiles::stride, query + lane * tiles::stride);
            attention_add<D, columns>(sum_v, weight + at * (columns + tiles::vector), query, lane);
            SHARDTYPE_UNROLL
            for (int c = 0; c < C; ++c) {
                int const row = from + c * attention_lanes + lane;
                W const mean = row < seq ? means[row] : W(0);
                SHARDTYPE_UNROLL
                for (int r = 0; r < R; ++r) {  // a hidden key's gradient is zero, whatever the others are
                    bool const seen = row < seq && row >= first + at + r;
                    score[r][c] = seen ? score[r][c] * (gradient[r][c] - mean) : W(0);
                }
            }
            __syncwarp();
            attention_hand_over<columns>(score, weight + at * (columns + tiles::vector), lane);
            __syncthreads();
            attention_fetch<D, columns, threads>(query, call.queries(q, b, h), from, W(1));
            __syncthreads();
            attention_add<D, columns>(sum_k, weight + at * (columns + tiles::vector), query, lane);
        }
    }
    SHARDTYPE_UNROLL
    for (int r = 0; r < R; ++r) {
        attention_store<D>(sum_k[r], call.keys(dk, b, kv), first + at + r, lane, scale);
        attention_store<D>(sum_v[r], call.keys(dv, b, kv), first + at + r, lane, W(1));
    }
}

}  // namespace shardtype::cuda::detail
