#pragma once
#include <shardtype/kernels/cuda/element.hpp>
#include <shardtype/kernels/cuda/team.hpp>

// A row of any length at any address by chunks of 16 bytes: single elements before the first chunk and after the last.

namespace shardtype::cuda::detail {

/// Elements of the row in front of the first chunk.
template <class T>
__device__ __forceinline__ long row_head(T const* row, long cols) {
    long const bytes = static_cast<long>((16 - reinterpret_cast<std::uintptr_t>(row) % 16) % 16);
    long const head = bytes / static_cast<long>(sizeof(T));
    return head < cols ? head : cols;
}

/// see(chunk, column) for all chunks of the row that this thread of the team has, Unroll of them read at a time.
template <int Threads, int Unroll, class T, class See>
__device__ __forceinline__ void walk_row(T const* row, long cols, See const& see) {
    constexpr int N = width_of<T>;
    constexpr long stride = static_cast<long>(Threads) * N;
    int const thread = team_thread<Threads>();
    long const head = row_head(row, cols);
    long const whole = head + (cols - head) / N * N;
    if (thread < head) see(load_chunk<T, 1>(row + thread), static_cast<long>(thread));
    long c = head + static_cast<long>(thread) * N;
    for (; c + (Unroll - 1) * stride < whole; c += Unroll * stride) {
        chunk<T, N> p[Unroll];
        for (int u = 0; u < Unroll; ++u) p[u] = load_chunk<T, N>(row + c + u * stride);
        for (int u = 0; u < Unroll; ++u) see(p[u], c + u * stride);
    }
    for (; c < whole; c += stride) see(load_chunk<T, N>(row + c), c);
    if (whole + thread < cols) see(load_chunk<T, 1>(row + whole + thread), whole + thread);
}

/// out = what f(chunk, column, wide numbers to fill) makes of the row; `out` may be the row.
template <int Threads, int Unroll, class T, class F>
__device__ __forceinline__ void map_row(T const* row, T* out, long cols, F const& f) {
    constexpr int N = width_of<T>;
    constexpr long stride = static_cast<long>(Threads) * N;
    int const thread = team_thread<Threads>();
    auto const single = [&](long c) {
        wide_t<T> x[1];
        f(load_chunk<T, 1>(row + c), c, x);
        store_chunk<T, 1>(out + c, x);
    };
    auto const put = [&](chunk<T, N> const& p, long c) {
        wide_t<T> x[N];
        f(p, c, x);
        store_chunk<T, N>(out + c, x);
    };
    long const head = row_head(row, cols);
    if ((reinterpret_cast<std::uintptr_t>(row) - reinterpret_cast<std::uintptr_t>(out)) % 16 != 0) {
        for (long c = thread; c < cols; c += Threads) single(c);
        return;
    }
    long const whole = head + (cols - head) / N * N;
    if (thread < head) single(thread);
    long c = head + static_cast<long>(thread) * N;
    for (; c + (Unroll - 1) * stride < whole; c += Unroll * stride) {
        chunk<T, N> p[Unroll];
        for (int u = 0; u < Unroll; ++u) p[u] = load_chunk<T, N>(row + c + u * stride);
        for (int u = 0; u < Unroll; ++u) put(p[u], c + u * stride);
    }
    for (; c < whole; c += stride) put(load_chunk<T, N>(row + c), c);
    if (whole + thread < cols) single(whole + thread);
}

}  // namespace shardtype::cuda::detail
