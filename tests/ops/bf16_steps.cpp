#include <doctest/doctest.h>
#include <cmath>
#include <shardtype/comm/thread/world.hpp>
#include <shardtype/runtime/cpu/implementation.hpp>
#include <shardtype/runtime/program.hpp>
#include <vector>

using namespace shardtype;

namespace {

std::vector<float> numbers(long n, int seed) {
    std::vector<float> x;
    for (long i = 0; i < n; ++i) x.push_back(static_cast<float>((i * 29 + seed * 57) % 127) * 0.0137f - 0.8f);
    return x;
}
std::vector<bf16> narrow(std::vector<float> const& x) {
    std::vector<bf16> y;
    for (float v : x) y.push_back(bf16(v));
    return y;
}

/// Runs a step of bf16 as the walker does, with scratch of exactly the bound.
void run(step s, std::vector<void*> const& operands) {
    s.type = dtype::bf16;
    bound_step const b = detail::bind_step<float, library_kernels>(library_kernels{}, s);
    REQUIRE(b.found);
    rank_context none;
    auto const ready = b.prepare != nullptr ? b.prepare(none, s, operands.data()) : nullptr;
    long const bytes = cpu_back_end::scratch(s);
    std::vector<char> memory(static_cast<std::size_t>(bytes) + 64);
    rank_context c;
    c.exec.scratch = memory.data() + (64 - reinterpret_cast<std::uintptr_t>(memory.data()) % 64) % 64;
    c.exec.scratch_bytes = static_cast<std::size_t>(bytes);
    b.run(c, s, operands.data(), ready.get());
}

template <class Kernel>
step step_of(long a, long b = 0, long c = 0) {
    step s;
    s.kernel = id_of<Kernel>;
    s.dim[0] = a, s.dim[1] = b, s.dim[2] = c;
    return s;
}

}  // namespace

TEST_CASE("a linear layer of bf16: y and dx are bf16, dw is float and may be added to") {
    long const m = 70, n = 33, k = 600;
    auto x = narrow(numbers(m * k, 1)), w = narrow(numbers(n * k, 2)), dy = narrow(numbers(m * n, 3));
    std::vector<bf16> y(dy.size()), dx(x.size());
    std::vector<float> dw(w.size(), 2.0f);
    run(step_of<kernels::linear_forward>(m, n, k), {x.data(), w.data(), y.data()});
    run(step_of<kernels::linear_input_gradient>(m, n, k), {dy.data(), w.data(), dx.data()});
    for (bool const add : {false, true}) {
        auto s = step_of<kernels::linear_weight_gradient>(m, n, k);
        s.arg[2].mode = add ? accumulate::add : accumulate::write;
        run(s, {x.data(), dy.data(), dw.data()});
        double worst = 0;
        for (std::size_t j = 0; j < n; ++j)
            for (std::size_t l = 0; l < k; ++l) {
                double want = 0;
                for (std::size_t i = 0; i < m; ++i)
                    want += static_cast<double>(dy[i * n + j]) * static_cast<double>(x[i * k + l]);
                worst = std::max(worst, std::abs(static_cast<double>(dw[j * k + l]) - (add ? 2 : 1) * want));
            }
        CHECK(worst < 1e-5);  // of sums up to 15
    }
    for (std::size_t i : {0UL, 69UL})
        for (std::size_t j : {0UL, 32UL}) {
            double want = 0;
            for (std::size_t l = 0; l < k; ++l)
                want += static_cast<double>(x[i * k + l]) * static_cast<double>(w[j * k + l]);
            CHECK(static_cast<double>(y[i * n + j]) == doctest::Approx(want).epsilon(0.004));
            want = 0;
            for (std::size_t o = 0; o < n; ++o)
                want += static_cast<double>(dy[i * n + o]) * static_cast<double>(w[o * k + j]);
            CHECK(static_cast<double>(dx[i * k + j]) == doctest::Approx(want).epsilon(0.004));
        }
}

TEST_CASE("casts and the loss of steps of bf16") {
    auto master = numbers(100, 4);
    std::vector<bf16> used(100);
    std::vector<float> back(100, 1.0f);
    run(step_of<kernels::cast_to_bf16>(100), {master.data(), used.data()});
    CHECK(used == narrow(master));
    auto s = step_of<kernels::cast_to_f32>(100);
    s.arg[1].mode = accumulate::add;
    run(s, {used.data(), back.data()});
    for (std::size_t i = 0; i < 100; ++i) CHECK(back[i] == 1.0f + used[i]);

    std::vector<float> max{1.0f, 2.0f}, stats{std::exp(1.0f), 1.0f, 0.5f, 0.25f};
    float loss = 0;
    auto mean = step_of<kernels::cross_entropy_loss>(2);
    mean.real = 0.5;
    run(mean, {max.data(), stats.data(), &loss});
    CHECK(loss == doctest::Approx((1 + 1 - 0.5 + 0 + 2 - 0.25) / 2));
}
