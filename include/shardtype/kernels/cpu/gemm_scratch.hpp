#pragma once
#include <shardtype/tensor/dtype.hpp>

namespace shardtype::cpu {

/// Bytes of scratch that bound what `gemm<T>` of C[m,n] (+)= op(A)[m,k] op(B)[k,n] takes, for every transposition; for
/// bf16 whether C is bf16 or float.
/// The terms are oneDNN's packed A, packed B and accumulation buffer with the caps of its blocking; `gemm` checks the
/// bound again at set-up, since another version or processor may block differently. `double` takes none.
template <class T>
constexpr long gemm_scratch_bytes(long m, long n, long k, int threads = 1) {
    if constexpr (sizeof(T) == 8) {
        return 0;
    } else {
        constexpr auto round_up = [](long x, long to) { return (x + to - 1) / to * to; };
        constexpr auto at_most = [](long x, long cap) { return x < cap ? x : cap; };
        constexpr bool narrow = sizeof(T) < sizeof(wide_t<T>);
        constexpr long element = sizeof(T), sum = sizeof(wide_t<T>);
        long const rows = at_most(round_up(m, 64), 256);
        long const depth = at_most(round_up(k, narrow ? 32 : 16) + 16, 1024 + 16);
        long const columns = k <= (narrow ? 512 : 256) ? 0 : at_most(round_up(n, 64), 1024);
        return threads * (element * (rows * depth + 64 * depth) + sum * rows * columns + (narrow ? 8192 : 2048));
    }
}

}  // namespace shardtype::cpu
