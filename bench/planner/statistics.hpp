#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace planner {

/// A mean and half of its 95 % interval.
struct estimate {
    double value = 0, half = 1e30;
};

/// The 97.5 % quantile of Student's t; within 0.2 %.
inline double t_quantile(int degrees) {
    if (degrees <= 0) return 1e30;
    if (degrees == 1) return 12.706;
    if (degrees == 2) return 4.303;
    if (degrees == 3) return 3.182;
    double const z = 1.959964, n = degrees;
    return z + (z * z * z + z) / (4 * n) + (5 * std::pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * n * n) +
           (3 * std::pow(z, 7) + 19 * std::pow(z, 5) + 17 * z * z * z - 15 * z) / (384 * n * n * n);
}

/// The mean without the lowest and the highest fifth, and its interval (Yuen): a few disturbed values do no harm.
inline estimate trimmed_mean(std::vector<double> x) {
    std::sort(x.begin(), x.end());
    std::size_t const n = x.size(), cut = n / 5, kept = n - 2 * cut;
    if (n == 0) return {};
    double sum = 0, squares = 0, mean = 0;
    for (std::size_t i = cut; i < n - cut; ++i) sum += x[i];
    for (std::size_t i = 0; i < n; ++i) mean += x[std::clamp(i, cut, n - cut - 1)];
    mean /= static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i) {
        double const d = x[std::clamp(i, cut, n - cut - 1)] - mean;
        squares += d * d;
    }
    double const h = static_cast<double>(kept);
    estimate e{sum / h, 1e30};
    if (kept > 1) e.half = t_quantile(static_cast<int>(kept) - 1) * std::sqrt(squares / (h * (h - 1)));
    return e;
}

/// Places in ascending order, from 1; equal values share the mean of theirs.
inline std::vector<double> ranks_of(std::vector<double> const& x) {
    std::vector<double> r(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        double below = 0, equal = 0;
        for (double const y : x) below += y < x[i] ? 1 : 0, equal += y == x[i] ? 1 : 0;
        r[i] = below + (equal + 1) / 2;
    }
    return r;
}

/// Spearman's rank correlation; 0 where one of them does not vary.
inline double rank_correlation(std::vector<double> const& x, std::vector<double> const& y) {
    std::vector<double> const a = ranks_of(x), b = ranks_of(y);
    double const mean = (static_cast<double>(a.size()) + 1) / 2;
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        ab += (a[i] - mean) * (b[i] - mean);
        aa += (a[i] - mean) * (a[i] - mean);
        bb += (b[i] - mean) * (b[i] - mean);
    }
    return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

}  // namespace planner
