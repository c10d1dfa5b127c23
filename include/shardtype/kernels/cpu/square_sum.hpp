#pragma once
#include <cmath>
#include <shardtype/kernels/cpu/blocks.hpp>
#include <shardtype/kernels/execution.hpp>

namespace shardtype::cpu {

/// *out (+)= sum of x^2 over n elements, in double: eight running sums per block, blocks in order.
template <class T>
void square_sum(execution const&, T const* x, long n, double* out, bool accumulate) {
    double total = accumulate ? *out : 0;
    for_each_block(n, [x, &total](long begin, long end) {
        double s[8] = {};
        long i = begin;
        for (; i + 8 <= end; i += 8) {
            for (long j = 0; j < 8; ++j) s[j] += static_cast<double>(x[i + j]) * static_cast<double>(x[i + j]);
        }
        for (; i < end; ++i) s[0] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
        total += ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
    });
    *out = total;
}

/// What gradients are scaled by to have a norm of at most `max_norm`: min(1, max_norm / (norm + 1e-6)).
inline double clip_scale(double total_square, double max_norm) {
    double const scale = max_norm / (std::sqrt(total_square) + 1e-6);
    return scale < 1 ? scale : 1;
}

}  // namespace shardtype::cpu
