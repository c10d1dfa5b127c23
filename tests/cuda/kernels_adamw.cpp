#include <doctest/doctest.h>
#include <shardtype/kernels/cuda/adamw.hpp>
#include <shardtype/kernels/cuda/square_sum.hpp>
#include "kernels_device.hpp"

namespace gpu = shardtype::cuda;
using device::array, device::lent, shardtype::bf16;

namespace {

gpu::step_values numbers_of(double step) {
    return {0.01, 0.9, 0.95, 1e-8, 0.1, 1 - std::pow(0.9, step), 1 - std::pow(0.95, step), 1.0};
}

}  // namespace

TEST_CASE_TEMPLATE("ten steps equal the formula in float64", T, float, double) {
    double const tolerance = sizeof(T) == 4 ? 1e-6 : 1e-14;
    for (long const n : {31L, 4096L, 4101L, 30001L})
        for (long const offset : {0L, 1L}) {
            auto const start = numeric::random<T>(n, 1);
            array<T> const w(start, offset), m(std::vector<T>(start.size()), offset),
                v(std::vector<T>(start.size()), offset);
            auto w64 = numeric::as<double>(start);
            std::vector<double> m64(w64.size()), v64(w64.size());
            double const scale = 0.37;
            array<double> const report({0.0, 0.0, scale});
            for (int step = 1; step <= 10; ++step) {
                auto const g = numeric::random<T>(n, static_cast<std::uint64_t>(10 + step), -0.01, 0.01);
                gpu::step_values const p = numbers_of(step);
                array<gpu::step_values> const numbers({p});
                array<T> const dev_g(g, offset);
                gpu::adamw<T>(lent(), w, dev_g, m, v, n, numbers, report);
                for (std::size_t i = 0; i < w64.size(); ++i) {
                    double const d = static_cast<double>(static_cast<T>(scale)) * static_cast<double>(g[i]);
                    w64[i] *= 1 - p.learning_rate * p.weight_decay;
                    m64[i] = p.beta1 * m64[i] + (1 - p.beta1) * d;
                    v64[i] = p.beta2 * v64[i] + (1 - p.beta2) * d * d;
                    w64[i] -= p.learning_rate * (m64[i] / p.bias1) / (std::sqrt(v64[i] / p.bias2) + p.eps);
                }
                CHECK(numeric::error(w.host(), w64) < tolerance);
                CHECK(numeric::error(m.host(), m64) < tolerance);
                CHECK(numeric::error(v.host(), v64) < 2 * tolerance);
            }
        }
}

TEST_CASE("an element's result does not depend on where its shard begins") {
    long const n = 5000;
    auto const w = numeric::random<float>(n, 1), g = numeric::random<float>(n, 2), m = numeric::random<float>(n, 3);
    auto const v = numeric::random<float>(n, 4, 0, 1);
    array<gpu::step_values> const numbers({numbers_of(7)});
    array<double> const report({0.0, 0.0, 0.5});
    array<float> const dev_g(g), w1(w), m1(m), v1(v), w2(w), m2(m), v2(v);
    gpu::adamw<float>(lent(), w1, dev_g, m1, v1, n, numbers, report);
    for (long first = 0; first < n; first += 611)
        gpu::adamw<float>(lent(), w2.data() + first, dev_g.data() + first, m2.data() + first, v2.data() + first,
                          std::min(611L, n - first), numbers, report);
    CHECK(device::bits(w1.host()) == device::bits(w2.host()));
    CHECK(device::bits(m1.host()) == device::bits(m2.host()));
    CHECK(device::bits(v1.host()) == device::bits(v2.host()));
}

TEST_CASE_TEMPLATE("a sum of squares is in double, written or added, the same bits every time", T, float, double,
                   bf16) {
    for (long const n : {0L, 1L, 9L, 4096L, 16384L, 100003L})
        for (long const offset : {0L, 1L}) {
            auto const x = numeric::random<T>(n, 1);
            long double want = 0;
            for (T const v : x) want += static_cast<long double>(v) * static_cast<long double>(v);
            array<T> const in(x, offset);
            array<double> const out({NAN}), more({2.0});
            lent const scratch(gpu::square_sum_scratch_bytes(n));
            gpu::square_sum<T>(scratch, in, n, out);
            CHECK(std::abs(out.host()[0] - static_cast<double>(want)) <= 1e-14 * static_cast<double>(want));
            gpu::square_sum<T>(scratch, in, n, more, true);
            CHECK(more.host()[0] == doctest::Approx(2 + static_cast<double>(want)).epsilon(1e-13));
            CHECK(scratch.kept_its_bounds());
            CHECK(device::repeats([&] {
                gpu::square_sum<T>(scratch, in, n, out);
                return out.host();
            }));
        }
}

TEST_CASE_TEMPLATE("the report: loss, norm of all groups, a scale that only shrinks", T, float, double) {
    array<T> const loss({T(2.5)});
    array<gpu::step_values> const numbers({numbers_of(1)});
    std::vector<std::unique_ptr<array<double>>> groups;
    std::vector<double const*> sums;
    double total = 0;
    for (int count = 1; count <= 9; ++count) {
        double const square = count == 1 ? 0.25 : count;
        total += square;
        groups.push_back(std::make_unique<array<double>>(std::vector<double>{square}));
        sums.push_back(groups.back()->data());
        array<double> const report(std::vector<double>(3, NAN));
        gpu::clip<T>(lent(), sums.data(), count, loss, numbers, report);
        auto const got = report.host();
        CHECK(got[0] == 2.5);
        CHECK(got[1] == doctest::Approx(std::sqrt(total)).epsilon(1e-15));
        CHECK(got[2] == doctest::Approx(std::min(1.0, 1 / (std::sqrt(total) + 1e-6))).epsilon(1e-15));
        CHECK((got[2] == 1) == (count == 1));
    }
    sums.push_back(sums[0]);
    CHECK_THROWS_WITH(gpu::clip<T>(lent(), sums.data(), 10, loss, numbers, groups[0]->data()),
                      "clip: more than 9 groups of gradients");
}
