#pragma once
#include <cmath>
#include <shardtype/kernels/cuda/element.hpp>
#include <shardtype/kernels/cuda/launch.hpp>
#include <shardtype/kernels/cuda/row_walk.hpp>
#include <shardtype/kernels/cuda/team.hpp>
#include <shardtype/kernels/execution.hpp>

namespace shardtype::cuda {

namespace detail {

/// exp(x) for x <= 0, to what a sum of such terms whose largest is 1 can tell. In float by a power of two, which costs
/// half as much: what is rounded away is small where the result is.
__device__ __forceinline__ float exp_of_negative(float x) { return std::exp2(x * 1.442695040888963407F); }
__device__ __forceinline__ double exp_of_negative(double x) { return std::exp(x); }

template <class T, int Threads>
__global__ void __launch_bounds__(team_block<Threads>)
    row_max_kernel(T const* logits, wide_t<T>* max, long rows, long cols) {
    int turn = 0;
    for (long r = team<Threads>(); r < rows; r += teams<Threads>()) {
        T const* const row = logits + r * cols;
        wide_t<T> most[1] = {widen(row[0])};
        walk_row<Threads, 4>(row, cols, [&](auto const& p, long) {
            for (int k = 0; k < p.count; ++k) most[0] = larger()(most[0], static_cast<wide_t<T>>(p[k]));
        });
        over_team<Threads>(most, turn, larger());
        turn ^= 1;
        if (team_thread<Threads>() == 0) max[r] = most[0];
    }
}

template <class T, int Threads>
__global__ void __launch_bounds__(team_block<Threads>)
    sum_and_pick_kernel(T const* logits, int const* targets, wide_t<T> const* max, wide_t<T>* stats, long rows,
                        long cols, long first_col) {
    int turn = 0;
    for (long r = team<Threads>(); r < rows; r += teams<Threads>()) {
        T const* const row = logits + r * cols;
        wide_t<T> const most = max[r];
        wide_t<T> sum[1] = {wide_t<T>(0)};
        walk_row<Threads, 4>(row, cols, [&](auto const& p, long) {
            wide_t<T> part = exp_of_negative(p[0] - most);
            for (int k = 1; k < p.count; ++k) part += exp_of_negative(p[k] - most);
            sum[0] += part;
        });
        over_team<Threads>(sum, turn);
        turn ^= 1;
        if (team_thread<Threads>() == 0) {
            long const target = targets[r] - first_col;
            stats[r] = sum[0];
            stats[rows + r] = target >= 0 && target < cols ? widen(row[target]) : wide_t<T>(0);
        }
    }
}

template <class A>
__global__ void __launch_bounds__(1024)
    cross_entropy_loss_kernel(A const* max, A const* stats, A* loss, long rows, A scale, bool accumulate) {
    double total[1] = {0};
    for (long r = threadIdx.x; r < rows; r += 1024)
        total[0] += std::log(static_cast<double>(stats[r])) + static_cast<double>(max[r]) -
                    static_cast<double>(stats[rows + r]);
    over_team<1024>(total, 0);
    if (threadIdx.x == 0) {
        double const scaled = total[0] * static_cast<double>(scale);
        *loss = static_cast<A>(accumulate ? static_cast<double>(*loss) + scaled : scaled);
    }
}

template <class T, int Threads>
__global__ void __launch_bounds__(team_block<Threads>)
    cross_entropy_backward_kernel(T const* logits, int const* targets, wide_t<T> const* max, wide_t<T> const* stats,
                                  T* dlogits, long rows, long cols, long first_col, wide_t<T> scale) {
    for (long r = team<Threads>(); r < rows; r += teams<Threads>()) {
        wide_t<T> const most = max[r], factor = scale / stats[r];
        long const target = targets[r] - first_col;
        map_row<Threads, 4>(logits + r * cols, dlogits + r * cols, cols, [&](auto const& p, long c, auto& out) {
            for (int k = 0; k < p.count; ++k) out[k] = exp_of_negative(p[k] - most) * factor;
            if (target >= c && target < c + p.count) {  // fused everywhere, so that bits do not depend on alignment
                for (int k = 0; k < p.count; ++k)
                    if (target == c + k) out[k] = std::fma(exp_of_negative(p[k] - most), factor, -scale);
            }
        });
    }
}

/// By how many threads a row of logits is read: run(integral_constant<int, threads>).
template <class Run>
void by_columns(long cols, Run const& run) {
    if (cols <= 512) return run(std::integral_constant<int, 32>{});
    if (cols <= 8192) return run(std::integral_constant<int, 128>{});
    return run(std::integral_constant<int, 512>{});
}

/// Blocks of teams of so many threads that do the rows.
template <int Threads>
unsigned row_blocks(long rows) {
    constexpr int block = team_block<Threads>;
    return blocks_for((rows + block / Threads - 1) / (block / Threads), block);
}

}  // namespace detail

/// max[r] = the largest logit of row r. @pre cols > 0
///
/// Cross-entropy in parts, so that the vocabulary may be sharded: the caller takes the maximum over the ranks after
/// `row_max` and the sum over the ranks after `sum_and_pick`. logits [rows, cols] are the columns
/// [first_col, first_col + cols) of the whole; targets [rows] count in the whole. Of bf16 logits everything but
/// dlogits is float.
template <class T>
void cross_entropy_row_max(execution const& with, T const* logits, wide_t<T>* max, long rows, long cols) {
    if (rows <= 0) return;
    detail::by_columns(cols, [&](auto threads) {
        launch(detail::row_max_kernel<T, threads.value>, detail::row_blocks<threads.value>(rows),
               team_block<threads.value>, with.stream, logits, max, rows, cols);
    });
}

/// stats [2, rows]: the sum of exp(l - max) over this part, and the target's logit (0 where it is in another part).
template <class T>
void cross_entropy_sum_and_pick(execution const& with, T const* logits, int const* targets, wide_t<T> const* max,
                                wide_t<T>* stats, long rows, long cols, long first_col) {
    if (rows <= 0) return;
    detail::by_columns(cols, [&](auto threads) {
        launch(detail::sum_and_pick_kernel<T, threads.value>, detail::row_blocks<threads.value>(rows),
               team_block<threads.value>, with.stream, logits, targets, max, stats, rows, cols, first_col);
    });
}

/// *loss (+)= scale * sum over rows of (log(sum) + max - picked), added in double in a fixed order.
template <class T>
void cross_entropy_loss(execution const& with, T const* max, T const* stats, T* loss, long rows, T scale,
                        bool accumulate) {
    launch(detail::cross_entropy_loss_kernel<T>, 1, 1024, with.stream, max, stats, loss, rows, scale, accumulate);
}

/// dlogits = scale (exp(l - max) / sum - onehot(target)), rounded once; `dlogits` may be `logits`.
template <class T>
void cross_entropy_backward(execution const& with, T const* logits, int const* targets, wide_t<T> const* max,
                            wide_t<T> const* stats, T* dlogits, long rows, long cols, long first_col, wide_t<T> scale) {
    if (rows <= 0) return;
    detail::by_columns(cols, [&](auto threads) {
        launch(detail::cross_entropy_backward_kernel<T, threads.value>, detail::row_blocks<threads.value>(rows),
               team_block<threads.value>, with.stream, logits, targets, max, stats, dlogits, rows, cols, first_col,
               scale);
    });
}

}  // namespace shardtype::cuda
