#pragma once
#include <cmath>
#include <shardtype/kernels/cpu/blocks.hpp>
#include <shardtype/kernels/cpu/vector_loop.hpp>
#include <shardtype/kernels/execution.hpp>

namespace shardtype::cpu {

/// max[r] = the largest logit of row r. @pre cols > 0
///
/// Cross-entropy in parts, so that the vocabulary may be sharded: the caller takes the maximum over the ranks after
/// `row_max` and the sum over the ranks after `sum_and_pick`. logits [rows, cols] are the columns
/// [first_col, first_col + cols) of the whole; targets [rows] count in the whole. Of bf16 logits everything but
/// dlogits is float.
template <class T>
void cross_entropy_row_max(execution const&, T const* logits, wide_t<T>* max, long rows, long cols) {
    using wide = wide_t<T>;
    using batch = detail::vec::batch<T>;
    for_each_block(
        rows,
        [=](long r, long) {
            T const* const row = logits + r * cols;
            batch most(static_cast<wide>(row[0]));
            long c = 0;
            for (; c + detail::vec::lanes<T> <= cols; c += detail::vec::lanes<T>)
                most = xsimd::max(most, detail::vec::load(row + c));
            alignas(64) wide lane[static_cast<std::size_t>(detail::vec::lanes<T>)];
            most.store_aligned(lane);
            wide result = lane[0];
            for (wide const x : lane) result = x > result ? x : result;
            // At most lanes - 1 are left: said so, g++ does not warn of a loop without end.
            for (long i = 0; i + 1 < detail::vec::lanes<T> && c + i < cols; ++i)
                result = row[c + i] > result ? static_cast<wide>(row[c + i]) : result;
            max[r] = result;
        },
        1);
}

/// stats [2, rows]: the sum of exp(l - max) over this part, and the target's logit (0 where it is in another part).
template <class T>
void cross_entropy_sum_and_pick(execution const&, T const* logits, int const* targets, wide_t<T> const* max,
                                wide_t<T>* stats, long rows, long cols, long first_col) {
    using wide = wide_t<T>;
    using batch = detail::vec::batch<T>;
    for_each_block(
        rows,
        [=](long r, long) {
            constexpr long width = detail::vec::lanes<T>;
            T const* const row = logits + r * cols;
            batch const most(max[r]);
            batch even(wide(0)), odd(wide(0));
            long c = 0;
            for (; c + 2 * width <= cols; c += 2 * width) {
                even += xsimd::exp(detail::vec::load(row + c) - most);
                odd += xsimd::exp(detail::vec::load(row + c + width) - most);
            }
            for (; c + width <= cols; c += width) even += xsimd::exp(detail::vec::load(row + c) - most);
            if (c < cols) {
                alignas(64) wide lane[static_cast<std::size_t>(width)];
                xsimd::exp(detail::vec::load_part(row + c, cols - c) - most).store_aligned(lane);
                odd += detail::vec::load_part(lane, cols - c);
            }
            stats[r] = xsimd::hadd(even + odd);
            long const target = targets[r] - first_col;
            stats[rows + r] = target >= 0 && target < cols ? static_cast<wide>(row[target]) : wide(0);
        },
        1);
}

/// *loss (+)= scale * sum over rows of (log(sum) + max - picked), added in double, rows in order.
template <class T>
void cross_entropy_loss(execution const&, T const* max, T const* stats, T* loss, long rows, T scale, bool accumulate) {
    double total = 0;
    for (long r = 0; r < rows; ++r) {
        total += std::log(static_cast<double>(stats[r])) + static_cast<double>(max[r]) -
                 static_cast<double>(stats[rows + r]);
    }
    total *= static_cast<double>(scale);
    *loss = static_cast<T>(accumulate ? static_cast<double>(*loss) + total : total);
}

/// dlogits = scale (exp(l - max) / sum - onehot(target)), rounded once; `dlogits` may be `logits`.
template <class T>
void cross_entropy_backward(execution const&, T const* logits, int const* targets, wide_t<T> const* max,
                            wide_t<T> const* stats, T* dlogits, long rows, long cols, long first_col, wide_t<T> scale) {
    using batch = detail::vec::batch<T>;
    for_each_block(
        rows,
        [=](long r, long) {
            batch const most(max[r]);
            batch const factor(scale / stats[r]);
            auto const share = [most, factor](batch const& l) {
                return std::array<batch, 1>{xsimd::exp(l - most) * factor};
            };
            T const* const row = logits + r * cols;
            T* const out = dlogits + r * cols;
            long const target = targets[r] - first_col;
            bool const here = target >= 0 && target < cols;
            batch const picked(here ? static_cast<wide_t<T>>(row[target]) : most.get(0));
            detail::vec::map<T, 1>(0, cols, share, {out}, row);
            if (here) detail::vec::store_part(share(picked)[0] - batch(scale), out + target, 1);
        },
        1);
}

}  // namespace shardtype::cpu
