#include <doctest/doctest.h>
#include <shardtype/kernels/cpu/bias.hpp>
#include "numeric.hpp"

namespace cpu = shardtype::cpu;

TEST_CASE_TEMPLATE("forward adds one row to every row, also in place", T, float, double) {
    for (long const cols : {1L, 7L, 16L, 61L, 256L, 259L}) {
        long const rows = 35;
        auto x = numeric::random<T>(rows * cols, 1);
        auto const b = numeric::random<T>(cols, 2);
        std::vector<T> want(x), y(x.size());
        for (long r = 0; r < rows; ++r)
            for (long c = 0; c < cols; ++c)
                want[static_cast<std::size_t>(r * cols + c)] += b[static_cast<std::size_t>(c)];
        cpu::bias_forward<T>({}, x.data(), b.data(), y.data(), rows, cols);
        CHECK(y == want);
        cpu::bias_forward<T>({}, x.data(), b.data(), x.data(), rows, cols);
        CHECK(x == want);
    }
}

TEST_CASE_TEMPLATE("backward sums the rows, written or added", T, float, double) {
    double const tolerance = sizeof(T) == 4 ? 1e-6 : 1e-15;
    for (long const rows : {0L, 1L, 16L, 17L, 300L})
        for (long const cols : {1L, 7L, 64L, 133L}) {
            auto const dy = numeric::random<T>(rows * cols, 3), old = numeric::random<T>(cols, 4);
            for (bool const add : {false, true}) {
                std::vector<double> want = add ? numeric::as<double>(old) : std::vector<double>(old.size());
                for (long r = 0; r < rows; ++r)
                    for (long c = 0; c < cols; ++c)
                        want[static_cast<std::size_t>(c)] +=
                            static_cast<double>(dy[static_cast<std::size_t>(r * cols + c)]);
                auto db = old;
                cpu::bias_backward<T>({}, dy.data(), db.data(), add, rows, cols);
                CHECK(numeric::error(db, want) < tolerance);
            }
        }
}

TEST_CASE("bf16 is float at the edges, its gradient is float") {
    using shardtype::bf16;
    long const rows = 33, cols = 45;
    auto const x = numeric::random<bf16>(rows * cols, 1), b = numeric::random<bf16>(cols, 2);
    auto const fx = numeric::as<float>(x), fb = numeric::as<float>(b);
    std::vector<bf16> y(x);
    std::vector<float> fy(fx), db(fb), fdb(fb);
    cpu::bias_forward<bf16>({}, x.data(), b.data(), y.data(), rows, cols);
    cpu::bias_forward<float>({}, fx.data(), fb.data(), fy.data(), rows, cols);
    CHECK(numeric::as<float>(y) == numeric::as<float>(numeric::as<bf16>(fy)));
    cpu::bias_backward<bf16>({}, x.data(), db.data(), true, rows, cols);
    cpu::bias_backward<float>({}, fx.data(), fdb.data(), true, rows, cols);
    CHECK(db == fdb);
}
