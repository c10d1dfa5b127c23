#include <doctest/doctest.h>
#include <shardtype/kernels/cpu/cross_entropy.hpp>
#include "numeric.hpp"

namespace cpu = shardtype::cpu;

namespace {

double naive(std::vector<double> const& logits, std::vector<int> const& targets, long cols, double scale) {
    double loss = 0;
    for (std::size_t r = 0; r < targets.size(); ++r) {
        double const* const row = logits.data() + static_cast<long>(r) * cols;
        double const max = *std::max_element(row, row + cols);
        double sum = 0;
        for (long c = 0; c < cols; ++c) sum += std::exp(row[c] - max);
        loss += scale * (std::log(sum) + max - row[targets[r]]);
    }
    return loss;
}

/// Loss and gradient with the vocabulary in parts of `widths`, combined as ranks would.
template <class T>
struct in_parts {
    T loss = 0;
    std::vector<T> gradient;

    in_parts(std::vector<T> const& logits, std::vector<int> const& targets, long cols, std::vector<long> const& widths,
             T scale, bool in_place) {
        long const rows = static_cast<long>(targets.size());
        std::vector<T> max(targets.size(), T(-1e30)), stats(2 * targets.size()), one(targets.size()), two(stats.size());
        std::vector<std::vector<T>> parts;
        long first = 0;
        for (long const width : widths) {
            std::vector<T> part;
            for (long r = 0; r < rows; ++r) {
                auto const row = logits.begin() + r * cols + first;
                part.insert(part.end(), row, row + width);
            }
            parts.push_back(part);
            cpu::cross_entropy_row_max<T>({}, part.data(), one.data(), rows, width);
            for (std::size_t r = 0; r < one.size(); ++r) max[r] = std::max(max[r], one[r]);
            first += width;
        }
        first = 0;
        for (std::size_t p = 0; p < parts.size(); ++p) {
            cpu::cross_entropy_sum_and_pick<T>({}, parts[p].data(), targets.data(), max.data(), two.data(), rows,
                                               widths[p], first);
            for (std::size_t i = 0; i < two.size(); ++i) stats[i] += two[i];
            first += widths[p];
        }
        loss = T(1);
        cpu::cross_entropy_loss<T>({}, max.data(), stats.data(), &loss, rows, scale, true);
        T alone = T(NAN);
        cpu::cross_entropy_loss<T>({}, max.data(), stats.data(), &alone, rows, scale, false);
        CHECK(static_cast<double>(loss) == doctest::Approx(static_cast<double>(alone) + 1).epsilon(1e-6));
        loss = alone;
        gradient.resize(logits.size());
        first = 0;
        for (std::size_t p = 0; p < parts.size(); ++p) {
            std::vector<T> d(parts[p].size());
            T* const out = in_place ? parts[p].data() : d.data();
            cpu::cross_entropy_backward<T>({}, parts[p].data(), targets.data(), max.data(), stats.data(), out, rows,
                                           widths[p], first, scale);
            for (long r = 0; r < rows; ++r)
                std::copy_n(out + r * widths[p], widths[p], gradient.begin() + r * cols + first);
            first += widths[p];
        }
    }
};

}  // namespace

TEST_CASE("gradient equals central differences, whole and in parts") {
    long const cols = 39;
    std::vector<int> const targets{0, 38, 17, 5, 20, 21, 38};
    auto logits = numeric::random<double>(7 * cols, 1, -3, 3);
    auto const want = numeric::gradient(logits, [&] { return naive(logits, targets, cols, 0.3); });
    for (auto const& widths : std::vector<std::vector<long>>{{39}, {13, 13, 13}, {5, 33, 1}}) {
        for (bool const in_place : {false, true}) {
            in_parts<double> const got(logits, targets, cols, widths, 0.3, in_place);
            CHECK(got.loss == doctest::Approx(naive(logits, targets, cols, 0.3)).epsilon(1e-13));
            CHECK(numeric::error(got.gradient, want) < 1e-8);
        }
    }
}

TEST_CASE("float stays close to float64, with large logits too") {
    long const cols = 2000, rows = 33;
    for (double const size : {1.0, 80.0}) {
        auto const logits = numeric::random<float>(rows * cols, 1, -size, size);
        std::vector<int> targets;
        for (double const u : numeric::random<double>(rows, 2, 0, cols)) targets.push_back(static_cast<int>(u));
        in_parts<float> const got(logits, targets, cols, {500, 500, 1000}, 1.0f / 33, true);
        in_parts<double> const want(numeric::as<double>(logits), targets, cols, {2000}, 1.0 / 33, false);
        CHECK(std::abs(static_cast<double>(got.loss) / want.loss - 1) < 2e-7);
        CHECK(numeric::error(got.gradient, want.gradient) < 1e-6);
        CHECK(want.loss == doctest::Approx(naive(numeric::as<double>(logits), targets, cols, 1.0 / 33)).epsilon(1e-12));
    }
}

TEST_CASE("bf16 logits: statistics and loss are float, the gradient is rounded once, at the target too") {
    using shardtype::bf16;
    long const rows = 33;
    for (long const cols : {5L, 64L, 2001L}) {
        auto logits = numeric::random<bf16>(rows * cols, 1, -5, 5);
        std::vector<int> targets;
        for (double const u : numeric::random<double>(rows, 2, 0, static_cast<double>(cols)))
            targets.push_back(static_cast<int>(u));
        for (std::size_t r = 0; r < 33; r += 2)  // sure of it: p is nearly 1 there, and p - 1 must not cancel
            logits[r * static_cast<std::size_t>(cols) + static_cast<std::size_t>(targets[r])] = bf16(14);
        in_parts<double> const want(numeric::as<double>(logits), targets, cols, {cols}, 1.0 / 33, false);
        std::vector<float> max(targets.size()), stats(2 * targets.size());
        cpu::cross_entropy_row_max<bf16>({}, logits.data(), max.data(), rows, cols);
        cpu::cross_entropy_sum_and_pick<bf16>({}, logits.data(), targets.data(), max.data(), stats.data(), rows, cols,
                                              0);
        float loss = 0;
        cpu::cross_entropy_loss<float>({}, max.data(), stats.data(), &loss, rows, 1.0F / 33, false);
        CHECK(std::abs(static_cast<double>(loss) / want.loss - 1) < 1e-6);
        std::vector<bf16> apart(logits.size());
        cpu::cross_entropy_backward<bf16>({}, logits.data(), targets.data(), max.data(), stats.data(), apart.data(),
                                          rows, cols, 0, 1.0F / 33);
        CHECK(numeric::rounded_once(apart, want.gradient, 1e-6, 1.0 / 33));
        cpu::cross_entropy_backward<bf16>({}, logits.data(), targets.data(), max.data(), stats.data(), logits.data(),
                                          rows, cols, 0, 1.0F / 33);
        CHECK(logits == apart);
    }
}
