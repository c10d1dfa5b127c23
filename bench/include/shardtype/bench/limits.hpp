#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <map>
#include <tuple>
#include <vector>

#include <shardtype/base/type_list.hpp>
#include <shardtype/kernels/cpu/simd.hpp>
#include <shardtype/runtime/peak.hpp>

namespace shardtype::bench {

/// What a benchmark is compared with. Each is measured in the same run, when a row first needs it, by as many threads
/// at once as the benchmark's ranks have CPUs: the best of many tries, since other programs may run beside it.
enum class limit {
    fma,      ///< independent multiply-adds in registers: flops that no kernel exceeds
    product,  ///< float: oneDNN's product of 1024 x 1024 x 1024; double, which has plain loops: as fma
    update,   ///< x = x c in place over as many bytes: an optimizer's traffic without its arithmetic
    copy,     ///< y = x that moves as many bytes
    handover  ///< a cache line sent to another thread and back
};

struct limit_text {
    char const* name;
    char const* unit;
    double scale;  ///< units of one flop, byte or handover per second
};
constexpr limit_text text_of(limit of, bool is_float = true) {
    if (of == limit::product && is_float) return {"the oneDNN 1024^3 product", "GFLOP/s", 1e-9};
    if (of == limit::fma || of == limit::product) return {"the FMA peak", "GFLOP/s", 1e-9};
    if (of == limit::update) return {"an in-place stream", "GB/s", 1e-9};
    if (of == limit::copy) return {"a copying stream", "GB/s", 1e-9};
    return {"a cache line's round trip", "M/s", 1e-6};
}

namespace detail {

using shardtype::detail::best_seconds, shardtype::detail::fill_with_noise, shardtype::detail::noise;
using shardtype::detail::now, shardtype::detail::rank_times;

template <class T>
double fma_rate(int threads) {
    constexpr int chains = 12;
    constexpr long rounds = 20'000;
    double const seconds = best_seconds(threads, [](int) {
        return [] {
            using pack = simd::pack<T>;
            T constants[2] = {T(0.999), T(0.001)};
            benchmark::DoNotOptimize(constants);  // else clang folds a chain that starts at its fixed point
            pack const factor(constants[0]), term(constants[1]);
            pack sum[chains];
            simd::unroll<chains>([&](auto i) __attribute__((always_inline)) { sum[i] = pack(static_cast<T>(i)); });
            for (long round = 0; round < rounds; ++round)
                simd::unroll<chains>([&](auto i)
                                         __attribute__((always_inline)) { sum[i] = simd::fma(sum[i], factor, term); });
            simd::unroll<chains - 1>([&](auto i) __attribute__((always_inline)) { sum[0] += sum[i + 1]; });
            alignas(64) T result[static_cast<std::size_t>(simd::lanes<T>)];
            sum[0].store_aligned(result);
            benchmark::DoNotOptimize(result[0]);
        };
    });
    return 2.0 * chains * static_cast<double>(simd::lanes<T>) * rounds * threads / seconds;
}

/// Bytes read and written per second; each thread moves `bytes` in one pass.
inline double stream_rate(bool in_place, long bytes, int threads) {
    using pack = simd::pack<float>;
    constexpr long step = 4 * static_cast<long>(simd::lanes<float>);
    long const count = std::max(step, bytes / 8 / step * step);  // floats, each read and written
    long const passes = std::max(1L, (1L << 19) / count);
    double const seconds = best_seconds(threads, [=](int) {
        std::vector<float> x(static_cast<std::size_t>(count), 1.f), y(in_place ? 0 : x.size());
        return [=, x = std::move(x), y = std::move(y)]() mutable {
            float const* const from = x.data();
            float* const to = in_place ? x.data() : y.data();
            pack const factor(1.0000001f);
            for (long pass = 0; pass < passes; ++pass) {
                for (long i = 0; i < count; i += step)
                    simd::unroll<4>([&](auto k) __attribute__((always_inline)) {
                        long const at = i + static_cast<long>(k) * static_cast<long>(simd::lanes<float>);
                        (pack::load_unaligned(from + at) * factor).store_unaligned(to + at);
                    });
                benchmark::ClobberMemory();
            }
        };
    });
    return 8.0 * static_cast<double>(count * passes * threads) / seconds;
}

inline double handover_rate(int threads) {
    constexpr int trips = 1000;
    alignas(64) static std::atomic<int> flag{0};
    flag = 0;
    double const seconds = best_seconds(std::min(threads, 2), [threads](int mine) {
        return [threads, mine] {
            for (int i = 0; i < trips; ++i) {
                if (threads > 1)
                    while (flag.load(std::memory_order_acquire) != mine) {
                    }
                flag.store(1 - mine, std::memory_order_release);
            }
        };
    });
    return trips / seconds;
}

}  // namespace detail

/// Flops, bytes or round trips per second: measured once, and again where a benchmark reached more; the best is kept.
/// @param bytes moved by each thread, of the streams
template <class T>
double rate_of(limit of, long bytes, int threads, double reached = 0) {
    static std::map<std::tuple<limit, long, int>, double> known;
    bool const stream = of == limit::update || of == limit::copy;
    double& best = known[{of, stream ? bytes : 0, threads}];
    if (best != 0 && best >= reached) return best;
    double rate = 0;
    if constexpr (same<T, float> || same<T, double>) {  // ids are only moved
        if (of == limit::fma) rate = detail::fma_rate<T>(threads);
        if (of == limit::product) rate = same<T, float> ? product_peak(threads) : detail::fma_rate<T>(threads);
    }
    if (stream) rate = detail::stream_rate(of == limit::update, bytes, threads);
    if (of == limit::handover) rate = detail::handover_rate(threads);
    return best = std::max(best, rate);
}

}  // namespace shardtype::bench
