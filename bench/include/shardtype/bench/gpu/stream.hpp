#pragma once

#include <shardtype/bench/gpu/measure.hpp>

namespace shardtype::bench::gpu {

namespace detail {

/// AdamW's traffic without its arithmetic: four arrays read, three of them written, 16 bytes at a time.
static __global__ void four_reads_three_writes(float4* w, float4 const* g, float4* m, float4* v, long n) {
    long const i = blockIdx.x * static_cast<long>(blockDim.x) + threadIdx.x;
    if (i >= n) return;
    float4 a = w[i], b = g[i], c = m[i], d = v[i];
    a.x += b.x, a.y += b.y, a.z += b.z, a.w += b.w;
    c.x -= b.x, c.y -= b.y, c.z -= b.z, c.w -= b.w;
    d.x += b.w, d.y += b.z, d.z += b.y, d.w += b.x;
    w[i] = a, m[i] = c, v[i] = d;
}

}  // namespace detail

inline constexpr char const* stream_name = "a stream of 4 reads and 3 writes";

/// Bytes per second of a stream of 4 reads and 3 writes over 1.9 GB, measured once in a run.
inline double stream_rate() {
    static double const rate = [] {
        constexpr long n = 64L << 20;
        auto const w = noise<float>(n), g = noise<float>(n), m = noise<float>(n), v = noise<float>(n);
        context const on;
        auto const as4 = [](array<float> const& x) { return reinterpret_cast<float4*>(x.data()); };
        double best = 0;
        for (unsigned const block : {128u, 256u, 512u}) {
            auto const taken = time_calls(on, [&] {
                cuda::launch(&detail::four_reads_three_writes, static_cast<unsigned>(n / 4 / block), block, on.stream(),
                             as4(w), static_cast<float4 const*>(as4(g)), as4(m), as4(v), n / 4);
            });
            best = std::max(best, 28.0 * static_cast<double>(n) / taken.best);
        }
        return best;
    }();
    return rate;
}

}  // namespace shardtype::bench::gpu
