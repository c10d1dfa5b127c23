#pragma once

#include <shardtype/comm/communicator.hpp>
#include <shardtype/comm/cuda/permute.hpp>

/// Collectives of ranks whose memory is on one device: one kernel reads and writes the operands of all.
namespace shardtype::shared_gpu {

inline constexpr int max_size = 64;  ///< ranks of a group: their addresses are arguments of a kernel

/// Of every rank, in rank order.
template <class T>
struct operands {
    T const* source[max_size];  ///< what is read
    T* target[max_size];        ///< what is written
};

namespace detail {

using comm_cuda::common_unit;
using comm_cuda::narrowed;
using comm_cuda::packet;
using comm_cuda::widened;

// The sum, or the largest, of what lies at `at` of n sources: in rank order, in float for bf16.
template <reduction By, class T, int Width>
__device__ __forceinline__ packet<wide_t<T>, Width> combined(operands<packet<T, Width>> const& of, int n, long at) {
    packet<wide_t<T>, Width> sum;
    packet<T, Width> one = of.source[0][at];
    for (int k = 0; k < Width; ++k) sum.of[k] = widened(one.of[k]);
    for (int r = 1; r < n; ++r) {
        one = of.source[r][at];
        for (int k = 0; k < Width; ++k) {
            wide_t<T> const x = widened(one.of[k]);
            if constexpr (By == reduction::sum)
                sum.of[k] = sum.of[k] + x;
            else
                sum.of[k] = sum.of[k] < x ? x : sum.of[k];
        }
    }
    return sum;
}

template <reduction By, class T, int Width>
__global__ void reduce_to_all(operands<packet<T, Width>> of, int n, long count) {
    long const step = static_cast<long>(gridDim.x) * blockDim.x;
    for (long i = static_cast<long>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) {
        packet<wide_t<T>, Width> const sum = combined<By, T, Width>(of, n, i);
        packet<T, Width> out;
        for (int k = 0; k < Width; ++k) out.of[k] = narrowed<T>(sum.of[k]);
        for (int r = 0; r < n; ++r) of.target[r][i] = out;  // after all reads of i: a target may be a source
    }
}

template <bool Add, class T, int Width>
__global__ void reduce_to_parts(operands<packet<T, Width>> of, int n, long outer, long block) {
    long const step = static_cast<long>(gridDim.x) * blockDim.x, total = n * outer * block;
    for (long i = static_cast<long>(blockIdx.x) * blockDim.x + threadIdx.x; i < total; i += step) {
        long const row = i / block, within = i - row * block, o = row / n, part = row - o * n;
        packet<wide_t<T>, Width> const sum = combined<reduction::sum, T, Width>(of, n, i);
        packet<T, Width>& out = of.target[part][o * block + within];
        packet<T, Width> now = out;
        for (int k = 0; k < Width; ++k)
            now.of[k] = narrowed<T>(Add ? static_cast<wide_t<T>>(widened(now.of[k]) + sum.of[k]) : sum.of[k]);
        out = now;
    }
}

/// From sources r to targets k, [k][r][outer][inner][width]: `from.part` is the distance of the k in a source,
/// `to.part` that of the r in a target.
template <class Unit>
__global__ void move_all(operands<Unit> of, int targets, int sources, comm_cuda::box rows, comm_cuda::strides from,
                         comm_cuda::strides to) {
    long const step = static_cast<long>(gridDim.x) * blockDim.x;
    long const total = static_cast<long>(targets) * sources * rows.outer * rows.inner * rows.width;
    for (long i = static_cast<long>(blockIdx.x) * blockDim.x + threadIdx.x; i < total; i += step) {
        long const row = i / rows.width, within = i - row * rows.width;
        long const above = row / rows.inner, inner = row - above * rows.inner;
        long const pair = above / rows.outer, o = above - pair * rows.outer;
        long const k = pair / sources, r = pair - k * sources;
        Unit const* const in = of.source[r] + (k * from.part + o * from.outer + inner * from.inner + within);
        Unit* const out = of.target[k] + (r * to.part + o * to.outer + inner * to.inner + within);
        if (in != out) *out = *in;
    }
}

template <class To, class T>
operands<To> seen_as(operands<T> const& of, int n) {
    operands<To> made{};
    for (int r = 0; r < n; ++r) {
        made.source[r] = reinterpret_cast<To const*>(of.source[r]);
        made.target[r] = reinterpret_cast<To*>(of.target[r]);
    }
    return made;
}
template <class T>
long unit_of(operands<T> const& of, int n, long bytes) {
    for (int r = 0; r < n; ++r) {
        bytes = common_unit(bytes, of.source[r]);
        bytes = common_unit(bytes, of.target[r]);
    }
    return bytes;
}

}  // namespace detail

/// target r [i] = the sum in rank order, or the largest, of all source[i]
template <class T>
void reduce_to_all(operands<T> const& of, int n, long count, reduction by, cudaStream_t on) {
    constexpr int wide = 16 / static_cast<int>(sizeof(T));
    auto const go = [&]<int Width>(comm_cuda::packet<T, Width>) {
        auto const all = detail::seen_as<comm_cuda::packet<T, Width>>(of, n);
        auto* const kernel = by == reduction::sum ? &detail::reduce_to_all<reduction::sum, T, Width>
                                                  : &detail::reduce_to_all<reduction::max, T, Width>;
        comm_cuda::launch(kernel, count / Width, on, all, n, count / Width);
    };
    if (count == 0) return;
    if (detail::unit_of(of, n, count * static_cast<long>(sizeof(T))) == 16)
        go(comm_cuda::packet<T, wide>{});
    else
        go(comm_cuda::packet<T, 1>{});
}

/// source [outer][n][block] -> target [outer][block], the sum in rank order stored or added
template <class T>
void reduce_to_parts(operands<T> const& of, int n, long outer, long block, bool accumulate, cudaStream_t on) {
    constexpr int wide = 16 / static_cast<int>(sizeof(T));
    auto const go = [&]<int Width>(comm_cuda::packet<T, Width>) {
        auto const all = detail::seen_as<comm_cuda::packet<T, Width>>(of, n);
        auto* const kernel =
            accumulate ? &detail::reduce_to_parts<true, T, Width> : &detail::reduce_to_parts<false, T, Width>;
        comm_cuda::launch(kernel, n * outer * block / Width, on, all, n, outer, block / Width);
    };
    if (outer * block == 0) return;
    if (detail::unit_of(of, n, block * static_cast<long>(sizeof(T))) == 16)
        go(comm_cuda::packet<T, wide>{});
    else
        go(comm_cuda::packet<T, 1>{});
}

/// Copies from `sources` to `targets` in rows, see `detail::move_all`; distances and width in elements. Where a row is
/// its own source nothing is done.
template <class T>
void move_all(operands<T> const& of, int targets, int sources, comm_cuda::box rows, comm_cuda::strides from,
              comm_cuda::strides to, cudaStream_t on) {
    long const bytes = rows.width * static_cast<long>(sizeof(T)), most = targets > sources ? targets : sources;
    auto const go = [&]<class Unit>(Unit) {
        auto const factor = [](long elements) {
            return elements * static_cast<long>(sizeof(T)) / static_cast<long>(sizeof(Unit));
        };
        rows.width = factor(rows.width);
        for (comm_cuda::strides* s : {&from, &to}) *s = {factor(s->part), factor(s->outer), factor(s->inner)};
        long const total = static_cast<long>(targets) * sources * rows.outer * rows.inner * rows.width;
        comm_cuda::launch(detail::move_all<Unit>, total, on, detail::seen_as<Unit>(of, static_cast<int>(most)), targets,
                          sources, rows, from, to);
    };
    if (rows.outer * rows.inner * rows.width == 0) return;
    switch (detail::unit_of(of, static_cast<int>(most), bytes)) {
        case 16:
            return go(comm_cuda::packet<unsigned, 4>{});
        case 8:
            return go(comm_cuda::packet<unsigned, 2>{});
        case 4:
            return go(unsigned{});
        default:
            return go(static_cast<unsigned short>(0));
    }
}

}  // namespace shardtype::shared_gpu
