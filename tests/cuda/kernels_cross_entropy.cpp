#include <doctest/doctest.h>
#include <algorithm>
#include <shardtype/kernels/cuda/cross_entropy.hpp>
#include "kernels_device.hpp"

namespace gpu = shardtype::cuda;
using device::array, device::lent, shardtype::bf16, shardtype::wide_t;

namespace {

struct reference {
    double loss = 0;
    std::vector<double> gradient, max, sum, picked;

    reference(std::vector<double> const& logits, std::vector<int> const& targets, long cols, double scale) {
        for (std::size_t r = 0; r < targets.size(); ++r) {
            double const* const row = logits.data() + static_cast<long>(r) * cols;
            max.push_back(*std::max_element(row, row + cols));
            double total = 0;
            for (long c = 0; c < cols; ++c) total += std::exp(row[c] - max[r]);
            sum.push_back(total);
            picked.push_back(row[targets[r]]);
            loss += scale * (std::log(total) + max[r] - row[targets[r]]);
            for (long c = 0; c < cols; ++c)
                gradient.push_back(scale * (std::exp(row[c] - max[r]) / total - (c == targets[r] ? 1 : 0)));
        }
    }
};

/// All of it with the vocabulary in parts of `widths`, combined as ranks would; every part at `offset`.
template <class T>
void check(std::vector<T> const& logits, std::vector<int> const& targets, std::vector<long> const& widths,
           long offset = 0, double size = 1) {
    using wide = wide_t<T>;
    long const rows = static_cast<long>(targets.size()), cols = static_cast<long>(logits.size()) / rows;
    CAPTURE(rows);
    CAPTURE(cols);
    CAPTURE(offset);
    double const scale = 1.0 / static_cast<double>(rows);
    reference const want(numeric::as<double>(logits), targets, cols, scale);
    array<int> const ids(targets);
    std::vector<wide> max(targets.size(), wide(-INFINITY)), stats(2 * targets.size());
    std::vector<std::vector<T>> parts;
    std::vector<std::vector<wide>> maxima;
    long first = 0;
    for (long const width : widths) {
        std::vector<T> part;
        for (long r = 0; r < rows; ++r) {
            auto const row = logits.begin() + r * cols + first;
            part.insert(part.end(), row, row + width);
        }
        parts.push_back(part);
        array<T> const in(part, offset);
        array<wide> const one(std::vector<wide>(targets.size(), wide(NAN)));
        gpu::cross_entropy_row_max<T>(lent(), in, one, rows, width);
        maxima.push_back(one.host());
        for (std::size_t r = 0; r < max.size(); ++r) max[r] = std::max(max[r], maxima.back()[r]);
        first += width;
    }
    CHECK(numeric::as<double>(max) == want.max);
    array<wide> const dev_max(max);
    first = 0;
    for (std::size_t p = 0; p < parts.size(); ++p) {
        array<T> const in(parts[p], offset);
        array<wide> const two(std::vector<wide>(stats.size(), wide(NAN)));
        gpu::cross_entropy_sum_and_pick<T>(lent(), in, ids, dev_max, two, rows, widths[p], first);
        auto const got = two.host();
        for (std::size_t i = 0; i < got.size(); ++i) stats[i] += got[i];
        first += widths[p];
    }
    auto both = want.sum;
    both.insert(both.end(), want.picked.begin(), want.picked.end());
    for (std::size_t i = 0; i < both.size(); ++i)
        CHECK(static_cast<double>(stats[i]) == doctest::Approx(both[i]).epsilon(sizeof(wide) == 4 ? 1e-6 : 1e-14));
    array<wide> const dev_stats(stats);
    for (bool const add : {false, true}) {
        array<wide> const loss({wide(1)});
        gpu::cross_entropy_loss<wide>(lent(), dev_max, dev_stats, loss, rows, static_cast<wide>(scale), add);
        double const got = static_cast<double>(loss.host()[0]);
        CHECK(std::abs(got - want.loss - (add ? 1 : 0)) < (sizeof(wide) == 4 ? 5e-7 : 1e-14) * (size + want.loss));
    }
    std::vector<T> gradient(logits.size()), elsewhere(logits.size());
    first = 0;
    for (std::size_t p = 0; p < parts.size(); ++p) {
        array<T> const in(parts[p], offset), out(parts[p], 0), other(parts[p], 1);
        for (array<T> const* const to : {&other, &out, &in}) {  // in place last
            gpu::cross_entropy_backward<T>(lent(), in, ids, dev_max, dev_stats, *to, rows, widths[p], first,
                                           static_cast<wide>(scale));
            auto const got = to->host();
            for (long r = 0; r < rows; ++r)
                std::copy_n(got.data() + r * widths[p], widths[p], gradient.begin() + r * cols + first);
            if (to == &other) elsewhere = gradient;
        }
        first += widths[p];
        CHECK(device::bits(out.host()) == device::bits(in.host()));
        CHECK(device::bits(out.host()) == device::bits(other.host()));
    }
    CHECK(device::close(gradient, want.gradient, 1e-6, 1e-14, 3e-6, scale));
}

std::vector<int> random_targets(long rows, long cols) {
    std::vector<int> targets;
    for (double const u : numeric::random<double>(rows, 2, 0, static_cast<double>(cols)))
        targets.push_back(static_cast<int>(u));
    targets[0] = 0;
    targets.back() = static_cast<int>(cols) - 1;
    return targets;
}

}  // namespace

TEST_CASE_TEMPLATE("the vocabulary whole and in parts, aligned and not", T, float, double, bf16) {
    long const cols = 39;
    auto const logits = numeric::random<T>(7 * cols, 1, -3, 3);
    std::vector<int> const targets{0, 38, 17, 5, 20, 21, 38};
    for (auto const& widths : std::vector<std::vector<long>>{{39}, {13, 13, 13}, {5, 33, 1}, {16, 16, 7}})
        for (long const offset : {0L, 1L}) check<T>(logits, targets, widths, offset);
}

TEST_CASE_TEMPLATE("rows for a warp, for a small block, for a large one", T, float, double, bf16) {
    for (long const cols : {5L, 64L, 512L, 513L, 2001L, 8193L, 17000L}) {
        long const rows = cols < 1000 ? 33 : 5;
        check<T>(numeric::random<T>(rows * cols, 1, -5, 5), random_targets(rows, cols), {cols});
    }
    check<T>(numeric::random<T>(4 * 9000L, 1, -5, 5), random_targets(4, 9000), {4096, 4904}, 1);
}

TEST_CASE_TEMPLATE("large logits; a target that is nearly sure does not cancel", T, float, double, bf16) {
    auto logits = numeric::random<T>(33 * 500, 1, -80, 80);
    check<T>(logits, random_targets(33, 500), {250, 250}, 0, 80);
    logits = numeric::random<T>(33 * 500, 1, -5, 5);
    auto const targets = random_targets(33, 500);
    for (std::size_t r = 0; r < 33; r += 2) logits[r * 500 + static_cast<std::size_t>(targets[r])] = T(14);
    check<T>(logits, targets, {500}, 0, 14);
}

TEST_CASE_TEMPLATE("many rows: a team has several; the bits are the same every time", T, float, bf16) {
    long const rows = 1300, cols = 40;
    auto const logits = numeric::random<T>(rows * cols, 1, -5, 5);
    auto const targets = random_targets(rows, cols);
    check<T>(logits, targets, {40});
    CHECK(device::repeats([&] {
        array<T> const in(logits);
        array<int> const ids(targets);
        array<float> const max(std::vector<float>(1300)), stats(std::vector<float>(2600)), loss({0.0F});
        gpu::cross_entropy_row_max<T>(lent(), in, max, rows, cols);
        gpu::cross_entropy_sum_and_pick<T>(lent(), in, ids, max, stats, rows, cols, 0);
        gpu::cross_entropy_loss<float>(lent(), max, stats, loss, rows, 1.0F, false);
        auto all = stats.host();
        all.push_back(loss.host()[0]);
        return all;
    }));
}
