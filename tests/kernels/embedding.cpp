#include <doctest/doctest.h>
#include <shardtype/kernels/cpu/embedding.hpp>
#include "numeric.hpp"

namespace cpu = shardtype::cpu;

TEST_CASE_TEMPLATE("the shards of the vocabulary add up to the whole; the gradient adds in order", T, float, double) {
    long const rows = 10, cols = 19, count = 41, shard = 4;  // the last shard has two rows
    auto const w = numeric::random<T>(rows * cols, 1), dy = numeric::random<T>(count * cols, 2);
    std::vector<int> tokens;
    for (double const u : numeric::random<double>(count, 3, 0, static_cast<double>(rows)))
        tokens.push_back(static_cast<int>(u));
    std::vector<T> total(dy.size()), want(dy.size()), want_dw(w.size());
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        for (std::size_t c = 0; c < 19; ++c) {
            want[i * 19 + c] = w[static_cast<std::size_t>(tokens[i]) * 19 + c];
            want_dw[static_cast<std::size_t>(tokens[i]) * 19 + c] += dy[i * 19 + c];
        }
    }
    for (long first = 0; first < rows; first += shard) {
        long const own = std::min(shard, rows - first);
        std::vector<T> y(dy.size(), T(NAN)), dw(static_cast<std::size_t>(own * cols), T(NAN));
        cpu::embedding_forward<T>({}, tokens.data(), w.data() + first * cols, y.data(), count, cols, first, own);
        for (std::size_t i = 0; i < y.size(); ++i) total[i] += y[i];

        cpu::embedding_backward<T>({}, tokens.data(), dy.data(), dw.data(), count, cols, first, own, false);
        std::vector<T> const part(want_dw.begin() + first * cols, want_dw.begin() + (first + own) * cols);
        CHECK(dw == part);
        cpu::embedding_backward<T>({}, tokens.data(), dy.data(), dw.data(), count, cols, first, own, true);
        auto twice = numeric::as<double>(part);
        for (double& x : twice) x *= 2;
        CHECK(numeric::error(dw, twice) < 1e-6);
    }
    CHECK(total == want);
}

TEST_CASE("backward is the gradient of forward") {
    long const rows = 5, cols = 3, count = 8;
    auto w = numeric::random<double>(rows * cols, 1);
    auto const dy = numeric::random<double>(count * cols, 2);
    std::vector<int> const tokens{4, 0, 2, 2, 7, 1, 4, 2};
    std::vector<double> y(dy.size()), dw(w.size());
    auto const value = [&] {
        cpu::embedding_forward<double>({}, tokens.data(), w.data(), y.data(), count, cols, 1, rows);
        return numeric::dot(y, dy);
    };
    cpu::embedding_backward<double>({}, tokens.data(), dy.data(), dw.data(), count, cols, 1, rows, false);
    CHECK(numeric::error(dw, numeric::gradient(w, value)) < 1e-9);
}

TEST_CASE("rows of bf16 are copied as they are; their gradient is a sum in float") {
    using shardtype::bf16;
    long const rows = 6, cols = 19, count = 4000;
    auto const w = numeric::random<bf16>(rows * cols, 1), dy = numeric::random<bf16>(count * cols, 2, 0, 1);
    std::vector<int> tokens;
    for (double const u : numeric::random<double>(count, 3, 0, 8))
        tokens.push_back(static_cast<int>(u));  // 6, 7: absent
    std::vector<bf16> y(dy.size(), bf16(NAN));
    std::vector<float> dw(w.size(), 5);
    std::vector<double> want(w.size());
    cpu::embedding_forward<bf16>({}, tokens.data(), w.data(), y.data(), count, cols, 0, rows);
    for (std::size_t i = 0; i < y.size(); ++i) {
        std::size_t const row = static_cast<std::size_t>(tokens[i / 19]), at = row * 19 + i % 19;
        CHECK((row < 6 ? y[i] == w[at] : y[i] == 0));
        if (row < 6) want[at] += static_cast<double>(dy[i]);
    }
    cpu::embedding_backward<bf16>({}, tokens.data(), dy.data(), dw.data(), count, cols, 0, rows, false);
    CHECK(numeric::error(dw, want) < 1e-5);  // a sum of some 500 in bf16 would be off by percents
    cpu::embedding_backward<bf16>({}, tokens.data(), dy.data(), dw.data(), count, cols, 0, rows, true);
    for (double& x : want) x *= 2;
    CHECK(numeric::error(dw, want) < 1e-5);
}
