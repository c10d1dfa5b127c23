#pragma once
#include <chrono>
#include <shardtype/kernels/cpu/simd.hpp>
#include <vector>

/// What the machine does at best on one thread, measured in the same run as what is compared with it.
namespace machine {

template <class F>
double best_seconds(int tries, F const& work) {
    double best = 1e30;
    for (int i = 0; i < tries; ++i) {
        auto const start = std::chrono::steady_clock::now();
        work();
        double const t = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        if (t < best) best = t;
    }
    return best;
}

/// Flops per second of independent float multiply-adds in registers.
inline double fma_peak() {
    using batch = xsimd::batch<float>;
    constexpr long chains = 12, steps = 50'000;
    static volatile float sink = 0.5f;
    double const seconds = best_seconds(300, [] {  // many short tries: some run undisturbed
        batch const x(sink), y(sink);
        batch a0(0.f), a1(1.f), a2(2.f), a3(3.f), a4(4.f), a5(5.f), a6(6.f), a7(7.f), a8(8.f), a9(9.f), aa(.1f),
            ab(.2f);
        for (long i = 0; i < steps; ++i) {
            a0 = shardtype::simd::fma<float>(a0, x, y), a1 = shardtype::simd::fma<float>(a1, x, y),
            a2 = shardtype::simd::fma<float>(a2, x, y), a3 = shardtype::simd::fma<float>(a3, x, y);
            a4 = shardtype::simd::fma<float>(a4, x, y), a5 = shardtype::simd::fma<float>(a5, x, y),
            a6 = shardtype::simd::fma<float>(a6, x, y), a7 = shardtype::simd::fma<float>(a7, x, y);
            a8 = shardtype::simd::fma<float>(a8, x, y), a9 = shardtype::simd::fma<float>(a9, x, y),
            aa = shardtype::simd::fma<float>(aa, x, y), ab = shardtype::simd::fma<float>(ab, x, y);
        }
        sink = xsimd::hadd(a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + aa + ab) * 0.f + 0.5f;
    });
    return 2.0 * static_cast<double>(chains * steps) * static_cast<double>(batch::size) / seconds;
}

/// Bytes per second of reading and writing `bytes` in place: the traffic of an optimizer without its arithmetic.
inline double in_place_stream(long bytes) {
    using batch = xsimd::batch<float>;
    std::vector<float> x(static_cast<std::size_t>(bytes) / sizeof(float), 1.f);
    long const n = static_cast<long>(x.size()), width = static_cast<long>(batch::size);
    int const tries = bytes > 10'000'000 ? 30 : 1000;
    double const seconds = best_seconds(tries, [&] {
        batch const factor(1.0000001f);
        for (long i = 0; i + width <= n; i += width) {
            (batch::load_unaligned(x.data() + i) * factor).store_unaligned(x.data() + i);
        }
    });
    return 2.0 * static_cast<double>(bytes) / seconds;
}

}  // namespace machine
