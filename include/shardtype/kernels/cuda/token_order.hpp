#pragma once
#include <shardtype/kernels/cuda/launch.hpp>
#include <shardtype/kernels/cuda/team.hpp>
#include <shardtype/kernels/execution.hpp>

// The tokens of a batch ordered by their row of the vocabulary, equal ones by position: without atomics, so the same
// every time, and linear in their number whatever repeats.

namespace shardtype::cuda::detail {

/// Rows are dealt to so many buckets in turn, each of which is one block's to order.
inline constexpr long token_buckets = 256;

/// Positions of tokens in device memory: those of one bucket together, in it those of one row, ascending.
struct token_order {
    int const* tokens;
    int* order;  ///< [count]
    int* spare;  ///< [count], used by the ordering
    int* total;  ///< how many tokens have their row here: the length of `order`
    long first_row;

    __device__ __forceinline__ int token(long entry) const { return tokens[order[entry]]; }

    /// The first entry of the run of equal tokens that `entry` is in. @pre it is not before `low`
    __device__ __forceinline__ long begin_of_run(long entry, long low) const {
        int const token_here = token(entry);
        while (entry > low && token(entry - 1) == token_here) --entry;
        return entry;
    }
    /// One past its last entry: strides that double, then halve.
    __device__ __forceinline__ long end_of_run(long entry, long count) const {
        int const token_here = token(entry);
        long stride = 1;
        for (; entry + stride < count && token(entry + stride) == token_here; stride *= 2) entry += stride;
        for (; stride > 0; stride /= 2)
            if (entry + stride < count && token(entry + stride) == token_here) entry += stride;
        return entry + 1;
    }
};

/// How many of the threads before this one said yes, and, in `all`, how many of the block.
__device__ __forceinline__ int rank_among_256(bool yes, int& all) {
    __shared__ int warps[8];
    int const lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    int upto = yes ? 1 : 0;
    for (int offset = 1; offset < 32; offset *= 2) {
        int const before = __shfl_sync(0xffffffffU, upto, lane < offset ? lane : lane - offset);
        if (lane >= offset) upto += before;
    }
    if (lane == 31) warps[warp] = upto;
    __syncthreads();
    int before = 0;
    all = 0;
    for (int w = 0; w < 8; ++w) {
        before += w < warp ? warps[w] : 0;
        all += warps[w];
    }
    __syncthreads();
    return before + upto - (yes ? 1 : 0);
}

/// Block b orders bucket b. Each block reads all tokens twice, which is little: they are in cache.
template <long Buckets>
__global__ void __launch_bounds__(256) order_tokens_kernel(token_order at, long count, long rows, int row_bits) {
    long const bucket = blockIdx.x;
    int const lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    auto const row_of = [&](long i) { return static_cast<long>(at.tokens[i]) - at.first_row; };

    // Each warp has its own stretch of the tokens: how many are in this bucket, and how many in those before?
    long const stretch = (count + 255) / 256 * 32;
    long const begin = warp * stretch, end = begin + stretch < count ? begin + stretch : count;
    int here = 0, before = 0;
    for (long i = begin + lane; i < end; i += 32) {
        long const row = row_of(i);
        if (row < 0 || row >= rows) continue;
        here += row % Buckets == bucket ? 1 : 0;
        before += row % Buckets < bucket ? 1 : 0;
    }
    here = over_warp(here);
    before = over_warp(before);
    __shared__ int all_here[8], all_before[8];
    if (lane == 0) {
        all_here[warp] = here;
        all_before[warp] = before;
    }
    __syncthreads();
    int first = 0, size = 0, to = 0;
    for (int w = 0; w < 8; ++w) {
        first += all_before[w];
        to += w < warp ? all_here[w] : 0;
        size += all_here[w];
    }
    if (threadIdx.x == 0 && bucket == Buckets - 1) *at.total = first + size;

    // The bucket's tokens as they come.
    int* from = at.order + first;
    int* next = at.spare + first;
    for (long base = begin; here > 0 && base < end; base += 32) {
        long const row = base + lane < end ? row_of(base + lane) : -1;
        bool const mine = row >= 0 && row < rows && row % Buckets == bucket;
        int upto = mine ? 1 : 0;
        for (int offset = 1; offset < 32; offset *= 2) {
            int const x = __shfl_sync(0xffffffffU, upto, lane < offset ? lane : lane - offset);
            if (lane >= offset) upto += x;
        }
        if (mine) from[to + upto - 1] = static_cast<int>(base + lane);
        to += __shfl_sync(0xffffffffU, upto, 31);
    }
    __syncthreads();

    // Then by row: bit after bit, those without it before those with it.
    for (int bit = 0; bit < row_bits; ++bit) {
        auto const has = [&](int entry) { return (row_of(from[entry]) / Buckets >> bit & 1) != 0; };
        int zeros = 0;
        for (int base = 0; base < size; base += 256) {
            int const i = base + static_cast<int>(threadIdx.x);
            int all = 0;
            rank_among_256(i < size && !has(i), all);
            zeros += all;
        }
        if (zeros == 0 || zeros == size) continue;
        int low = 0, high = zeros;
        for (int base = 0; base < size; base += 256) {
            int const i = base + static_cast<int>(threadIdx.x);
            bool const there = i < size, one = there && has(i);
            int lows = 0;
            int const rank = rank_among_256(there && !one, lows);
            int const ones_before = static_cast<int>(threadIdx.x) - rank;  // those past the end come last
            if (there) next[one ? high + ones_before : low + rank] = from[i];
            low += lows;
            high += (size - base < 256 ? size - base : 256) - lows;
        }
        __syncthreads();
        int* const swap = from;
        from = next;
        next = swap;
    }
    if (from != at.order + first)
        for (int i = static_cast<int>(threadIdx.x); i < size; i += 256) next[i] = from[i];
}

/// Into scratch (embedding_backward_scratch_bytes).
inline token_order order_tokens(execution const& with, int const* tokens, long count, long first_row, long rows) {
    auto* const ints = static_cast<int*>(with.scratch);
    token_order const at{tokens, ints, ints + count, ints + 2 * count, first_row};
    int row_bits = 0;
    while (((rows - 1) / token_buckets) >> row_bits != 0) ++row_bits;
    launch(order_tokens_kernel<token_buckets>, static_cast<unsigned>(token_buckets), 256, with.stream, at, count, rows,
           row_bits);
    return at;
}

}  // namespace shardtype::cuda::detail
