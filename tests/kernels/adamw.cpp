#include <doctest/doctest.h>
#include <shardtype/kernels/cpu/adamw.hpp>
#include "numeric.hpp"

namespace cpu = shardtype::cpu;

TEST_CASE_TEMPLATE("ten steps equal the formula in float64", T, float, double) {
    double const tolerance = sizeof(T) == 4 ? 1e-6 : 1e-14;
    for (long const n : {31L, 4096L, 9001L}) {
        auto w = numeric::random<T>(n, 1);
        std::vector<T> m(w.size()), v(w.size());
        auto w64 = numeric::as<double>(w);
        std::vector<double> m64(w.size()), v64(w.size());
        cpu::adamw_parameters p{0.01, 0.9, 0.95, 1e-8, 0.1, 0};
        double const scale = 0.37;
        for (p.step = 1; p.step <= 10; ++p.step) {
            auto const g = numeric::random<T>(n, static_cast<std::uint64_t>(10 + p.step), -0.01, 0.01);
            cpu::adamw<T>({}, w.data(), g.data(), m.data(), v.data(), n, p, static_cast<T>(scale));
            for (std::size_t i = 0; i < w.size(); ++i) {
                double const d = static_cast<double>(static_cast<T>(scale)) * static_cast<double>(g[i]);
                w64[i] *= 1 - p.lr * p.weight_decay;
                m64[i] = p.beta1 * m64[i] + (1 - p.beta1) * d;
                v64[i] = p.beta2 * v64[i] + (1 - p.beta2) * d * d;
                double const steps = static_cast<double>(p.step);
                double const mean = m64[i] / (1 - std::pow(p.beta1, steps));
                w64[i] -= p.lr * mean / (std::sqrt(v64[i] / (1 - std::pow(p.beta2, steps))) + p.eps);
            }
            CHECK(numeric::error(w, w64) < tolerance);
            CHECK(numeric::error(m, m64) < tolerance);
            CHECK(numeric::error(v, v64) < 2 * tolerance);
        }
    }
}

TEST_CASE("an element's result does not depend on where its shard begins") {
    long const n = 5000;
    auto const w = numeric::random<float>(n, 1), g = numeric::random<float>(n, 2), m = numeric::random<float>(n, 3);
    auto const v = numeric::random<float>(n, 4, 0, 1);
    cpu::adamw_parameters const p{0.01, 0.9, 0.95, 1e-8, 0.1, 7};
    auto w1 = w, m1 = m, v1 = v, w2 = w, m2 = m, v2 = v;
    cpu::adamw<float>({}, w1.data(), g.data(), m1.data(), v1.data(), n, p, 0.5f);
    for (long first = 0; first < n; first += 611) {
        long const count = std::min(611L, n - first);
        cpu::adamw<float>({}, w2.data() + first, g.data() + first, m2.data() + first, v2.data() + first, count, p,
                          0.5f);
    }
    CHECK(w1 == w2);
    CHECK(m1 == m2);
    CHECK(v1 == v2);
}
