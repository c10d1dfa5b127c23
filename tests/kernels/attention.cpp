#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <shardtype/kernels/cpu/attention.hpp>
#include <string>
#include <vector>
#include "numeric.hpp"

namespace {

using shardtype::execution;
using shardtype::cpu::attention_shape;

static_assert(shardtype::cpu::attention_forward_scratch_bytes<float>({1, 2048, 16, 16, 16}) < 512 * 1024);
static_assert(shardtype::cpu::attention_backward_scratch_bytes<float>({1, 2048, 16, 16, 16}) < 640 * 1024);

template <class T>
std::vector<T> random_values(long n, unsigned seed, double spread = 1) {
    std::mt19937 generator(seed);
    std::normal_distribution<double> normal(0, spread);
    std::vector<T> values(static_cast<std::size_t>(n));
    for (auto& x : values) x = static_cast<T>(normal(generator));
    return values;
}

template <class To, class From>
std::vector<To> converted(std::vector<From> const& from) {
    return std::vector<To>(from.begin(), from.end());
}

template <class A, class B>
double relative_error(std::vector<A> const& a, std::vector<B> const& b) {
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < b.size(); ++i) {
        double const x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
        difference += (x - y) * (x - y);
        norm += y * y;
    }
    return std::sqrt(difference / norm);  // a NaN in either stays one and fails every comparison
}

std::string text(attention_shape s) {
    std::string all;
    for (long x : {s.batch, s.seq, s.heads, s.kv_heads, s.head_dim}) all += std::to_string(x) + ' ';
    return all;
}

long q_size(attention_shape s) { return s.batch * s.seq * s.heads * s.head_dim; }
long k_size(attention_shape s) { return s.batch * s.seq * s.kv_heads * s.head_dim; }
long lse_size(attention_shape s) { return s.batch * s.seq * s.heads; }

/// Scratch of exactly the bound between canaries.
struct guarded_scratch {
    static constexpr std::size_t guard = 256;
    std::vector<unsigned char> bytes;
    unsigned char* begin;
    std::size_t size;

    explicit guarded_scratch(long n)
        : bytes(static_cast<std::size_t>(n) + 2 * guard + 64, 0xAB), size(static_cast<std::size_t>(n)) {
        auto const address = reinterpret_cast<std::uintptr_t>(bytes.data()) + guard;
        begin = bytes.data() + guard + ((64 - address % 64) % 64);
    }
    execution use() {
        execution e;
        e.scratch = begin;
        e.scratch_bytes = size;
        return e;
    }
    bool intact() const {
        for (auto const* p = bytes.data(); p < begin; ++p)
            if (*p != 0xAB) return false;
        for (auto const* p = begin + size; p < bytes.data() + bytes.size(); ++p)
            if (*p != 0xAB) return false;
        return true;
    }
};

template <class T>
struct forward_result {
    std::vector<T> out, lse;
};

template <class T>
forward_result<T> forward(attention_shape s, std::vector<T> const& q, std::vector<T> const& k,
                          std::vector<T> const& v) {
    guarded_scratch scratch(shardtype::cpu::attention_forward_scratch_bytes<T>(s));
    // one number more at each end of the results: nothing outside them may be written
    std::vector<T> out(q.size() + 2, T(77)), lse(static_cast<std::size_t>(lse_size(s)) + 2, T(77));
    shardtype::cpu::attention_forward<T>(scratch.use(), s, q.data(), k.data(), v.data(), out.data() + 1,
                                         lse.data() + 1);
    CHECK(scratch.intact());
    CHECK((out.front() == T(77) && out.back() == T(77) && lse.front() == T(77) && lse.back() == T(77)));
    return {{out.begin() + 1, out.end() - 1}, {lse.begin() + 1, lse.end() - 1}};
}

template <class T>
struct backward_result {
    std::vector<T> dq, dk, dv;
};

template <class T>
backward_result<T> backward(attention_shape s, std::vector<T> const& q, std::vector<T> const& k,
                            std::vector<T> const& v, forward_result<T> const& f, std::vector<T> const& dout) {
    guarded_scratch scratch(shardtype::cpu::attention_backward_scratch_bytes<T>(s));
    std::vector<T> dq(q.size() + 2, T(77)), dk(k.size() + 2, T(77)), dv(k.size() + 2, T(77));
    shardtype::cpu::attention_backward<T>(scratch.use(), s, q.data(), k.data(), v.data(), f.out.data(), f.lse.data(),
                                          dout.data(), dq.data() + 1, dk.data() + 1, dv.data() + 1);
    CHECK(scratch.intact());
    for (auto const* d : {&dq, &dk, &dv}) CHECK((d->front() == T(77) && d->back() == T(77)));
    return {{dq.begin() + 1, dq.end() - 1}, {dk.begin() + 1, dk.end() - 1}, {dv.begin() + 1, dv.end() - 1}};
}

forward_result<double> naive(attention_shape s, std::vector<double> const& q, std::vector<double> const& k,
                             std::vector<double> const& v) {
    forward_result<double> r{std::vector<double>(q.size()), std::vector<double>(static_cast<std::size_t>(lse_size(s)))};
    for (long b = 0; b < s.batch; ++b)
        for (long h = 0; h < s.heads; ++h)
            for (long i = 0; i < s.seq; ++i) {
                auto const row = [&](long position, long head, long heads) {
                    return static_cast<std::size_t>(((b * s.seq + position) * heads + head) * s.head_dim);
                };
                long const kv_head = h / (s.heads / s.kv_heads);
                std::vector<double> scores;
                double top = -INFINITY, sum = 0;
                for (long j = 0; j <= i; ++j) {
                    double dot = 0;
                    for (std::size_t x = 0; x < static_cast<std::size_t>(s.head_dim); ++x)
                        dot += q[row(i, h, s.heads) + x] * k[row(j, kv_head, s.kv_heads) + x];
                    scores.push_back(dot / std::sqrt(static_cast<double>(s.head_dim)));
                    top = std::max(top, scores.back());
                }
                for (double score : scores) sum += std::exp(score - top);
                for (long j = 0; j <= i; ++j)
                    for (std::size_t x = 0; x < static_cast<std::size_t>(s.head_dim); ++x)
                        r.out[row(i, h, s.heads) + x] += std::exp(scores[static_cast<std::size_t>(j)] - top) / sum *
                                                         v[row(j, kv_head, s.kv_heads) + x];
                r.lse[static_cast<std::size_t>((b * s.heads + h) * s.seq + i)] = top + std::log(sum);
            }
    return r;
}

std::vector<attention_shape> shapes() {
    return {{1, 1, 1, 1, 16},   {2, 3, 2, 1, 16},   {1, 16, 1, 1, 16}, {1, 17, 2, 2, 16},  {2, 48, 2, 2, 16},
            {1, 49, 4, 2, 16},  {1, 63, 1, 1, 8},   {1, 100, 3, 1, 8}, {1, 130, 2, 1, 24}, {2, 75, 2, 2, 24},
            {1, 97, 2, 1, 64},  {1, 40, 1, 1, 64},  {1, 113, 4, 2, 5}, {1, 31, 6, 3, 5},   {1, 70, 2, 1, 128},
            {1, 256, 4, 4, 16}, {1, 300, 2, 1, 16}, {1, 33, 1, 1, 1},  {1, 90, 1, 1, 40},  {1, 50, 1, 1, 100},
            {1, 64, 1, 1, 17}};
}

template <class T>
void compare_forward(double spread, double tolerance) {
    for (auto s : shapes()) {
        CAPTURE(text(s));
        auto const q = random_values<T>(q_size(s), 1, spread), k = random_values<T>(k_size(s), 2),
                   v = random_values<T>(k_size(s), 3);
        auto const got = forward(s, q, k, v);
        auto const expected = naive(s, converted<double>(q), converted<double>(k), converted<double>(v));
        CHECK(relative_error(got.out, expected.out) < tolerance);
        CHECK(relative_error(got.lse, expected.lse) < tolerance);
    }
}

/// sum(out * weights): its gradient with respect to out is `weights`.
double loss(attention_shape s, std::vector<double> const& q, std::vector<double> const& k, std::vector<double> const& v,
            std::vector<double> const& weights) {
    auto const f = naive(s, q, k, v);
    double sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) sum += f.out[i] * weights[i];
    return sum;
}

}  // namespace

TEST_CASE("the float32 forward agrees with float64 to 1e-6") { compare_forward<float>(1, 1e-6); }
TEST_CASE("the float64 forward agrees with a naive one") { compare_forward<double>(1, 1e-14); }

TEST_CASE("extreme scores take the pass with maxima and stay right") {
    compare_forward<double>(200, 1e-11);
    compare_forward<float>(200, 1e-4);  // scores of 1000 have an error of 1e-4 in float32 before any exp
    // all scores very negative, then very positive: unshifted sums would be 0 and infinite
    attention_shape const s{1, 70, 1, 1, 16};
    for (float sign : {-1.0f, 1.0f}) {
        std::vector<float> q(static_cast<std::size_t>(q_size(s)), 10.0f), k(q.size(), 10.0f * sign);
        auto const v = random_values<float>(k_size(s), 3);
        auto const got = forward(s, q, k, v);
        auto const expected = naive(s, converted<double>(q), converted<double>(k), converted<double>(v));
        CHECK(relative_error(got.out, expected.out) < 1e-6);
        CHECK(relative_error(got.lse, expected.lse) < 1e-6);
    }
}

TEST_CASE("a NaN in the input is a NaN in the rows that see it") {
    attention_shape const s{1, 40, 1, 1, 16};
    auto const q = random_values<float>(q_size(s), 1), v = random_values<float>(k_size(s), 3);
    auto k = random_values<float>(k_size(s), 2);
    k[20 * 16] = NAN;
    auto const got = forward(s, q, k, v);
    for (std::size_t i = 0; i < 40; ++i) CHECK(std::isnan(got.lse[i]) == (i >= 20));
}

TEST_CASE("long rows keep the float32 accuracy") {
    attention_shape const s{1, 2048, 2, 1, 16};
    auto const q = random_values<float>(q_size(s), 1), k = random_values<float>(k_size(s), 2),
               v = random_values<float>(k_size(s), 3), dout = random_values<float>(q_size(s), 4);
    auto const got = forward(s, q, k, v);
    auto const q64 = converted<double>(q), k64 = converted<double>(k), v64 = converted<double>(v);
    auto const expected = naive(s, q64, k64, v64);
    double const out_error = relative_error(got.out, expected.out), lse_error = relative_error(got.lse, expected.lse);
    auto const g = backward(s, q, k, v, got, dout);
    auto const g64 = backward(s, q64, k64, v64, expected, converted<double>(dout));
    MESSAGE("seq 2048: out ", out_error, " lse ", lse_error, " dq ", relative_error(g.dq, g64.dq), " dk ",
            relative_error(g.dk, g64.dk), " dv ", relative_error(g.dv, g64.dv));
    CHECK(out_error < 1e-6);
    CHECK(lse_error < 1e-6);
    CHECK(relative_error(g.dq, g64.dq) < 1e-6);
    CHECK(relative_error(g.dk, g64.dk) < 1e-6);
    CHECK(relative_error(g.dv, g64.dv) < 1e-6);
}

TEST_CASE("the float64 backward agrees with central differences") {
    for (auto s : {attention_shape{1, 1, 1, 1, 16},
                   {1, 20, 2, 1, 16},
                   {2, 9, 2, 2, 8},
                   {1, 60, 1, 1, 5},
                   {1, 27, 3, 1, 24},
                   {1, 75, 1, 1, 3},
                   {1, 10, 2, 1, 64},
                   {1, 52, 1, 1, 16}}) {
        CAPTURE(text(s));
        auto q = random_values<double>(q_size(s), 1), k = random_values<double>(k_size(s), 2),
             v = random_values<double>(k_size(s), 3);
        auto const dout = random_values<double>(q_size(s), 4);
        auto const g = backward(s, q, k, v, forward(s, q, k, v), dout);
        auto const check = [&](std::vector<double>& x, std::vector<double> const& gradient) {
            double difference = 0, norm = 1e-20;
            for (std::size_t i = 0; i < x.size(); i += x.size() / 40 + 1) {
                double const saved = x[i], h = 1e-5;
                x[i] = saved + h;
                double const above = loss(s, q, k, v, dout);
                x[i] = saved - h;
                double const below = loss(s, q, k, v, dout);
                x[i] = saved;
                double const slope = (above - below) / (2 * h);
                difference += (slope - gradient[i]) * (slope - gradient[i]);
                norm += slope * slope;
            }
            // one key alone has no gradient: then the difference itself must vanish
            CHECK(std::sqrt(difference) < 1e-8 * std::sqrt(norm) + 1e-9);
        };
        check(q, g.dq);
        check(k, g.dk);
        check(v, g.dv);
    }
}

TEST_CASE("the float32 backward agrees with the float64 one to 1e-6") {
    for (auto s : shapes()) {
        if (s.seq == 1) continue;
        CAPTURE(text(s));
        auto const q = random_values<float>(q_size(s), 1), k = random_values<float>(k_size(s), 2),
                   v = random_values<float>(k_size(s), 3), dout = random_values<float>(q_size(s), 4);
        auto const q64 = converted<double>(q), k64 = converted<double>(k), v64 = converted<double>(v);
        auto const g = backward(s, q, k, v, forward(s, q, k, v), dout);
        auto const g64 = backward(s, q64, k64, v64, forward(s, q64, k64, v64), converted<double>(dout));
        CHECK(relative_error(g.dq, g64.dq) < 1e-6);
        CHECK(relative_error(g.dk, g64.dk) < 1e-6);
        CHECK(relative_error(g.dv, g64.dv) < 1e-6);
    }
}

TEST_CASE("two runs give the same bits") {
    attention_shape const s{2, 100, 4, 2, 16};
    auto const q = random_values<float>(q_size(s), 1), k = random_values<float>(k_size(s), 2),
               v = random_values<float>(k_size(s), 3), dout = random_values<float>(q_size(s), 4);
    auto const same = [](auto const& a, auto const& b) {
        return std::memcmp(a.data(), b.data(), a.size() * sizeof(a[0])) == 0;
    };
    auto const f1 = forward(s, q, k, v), f2 = forward(s, q, k, v);
    CHECK((same(f1.out, f2.out) && same(f1.lse, f2.lse)));
    auto const g1 = backward(s, q, k, v, f1, dout), g2 = backward(s, q, k, v, f1, dout);
    CHECK((same(g1.dq, g2.dq) && same(g1.dk, g2.dk) && same(g1.dv, g2.dv)));
}

TEST_CASE("bf16 is computed and summed in float and rounded once: also dk and dv over the query heads of a group") {
    using shardtype::bf16;
    for (auto s : shapes()) {
        CAPTURE(text(s));
        auto const q = random_values<bf16>(q_size(s), 1), k = random_values<bf16>(k_size(s), 2),
                   v = random_values<bf16>(k_size(s), 3), dout = random_values<bf16>(q_size(s), 4);
        auto const q64 = converted<double>(q), k64 = converted<double>(k), v64 = converted<double>(v);
        auto const expected = naive(s, q64, k64, v64);
        auto const size = static_cast<std::size_t>(q_size(s)), size_k = static_cast<std::size_t>(k_size(s));
        std::vector<bf16> out(size + 2, bf16(77)), dq = out, dk(size_k + 2, bf16(77)), dv = dk;
        std::vector<float> lse(static_cast<std::size_t>(lse_size(s)));
        guarded_scratch forth(shardtype::cpu::attention_forward_scratch_bytes<bf16>(s));
        guarded_scratch back(shardtype::cpu::attention_backward_scratch_bytes<bf16>(s));
        shardtype::cpu::attention_forward<bf16>(forth.use(), s, q.data(), k.data(), v.data(), out.data() + 1,
                                                lse.data());
        CHECK(relative_error(lse, expected.lse) < 1e-6);
        shardtype::cpu::attention_backward<bf16>(back.use(), s, q.data(), k.data(), v.data(), out.data() + 1,
                                                 lse.data(), dout.data(), dq.data() + 1, dk.data() + 1, dv.data() + 1);
        CHECK((forth.intact() && back.intact()));
        // the float64 kernel on the same rounded out: its gradients are those of what was stored
        forward_result<double> const stored{{out.begin() + 1, out.end() - 1}, expected.lse};
        auto const g = backward(s, q64, k64, v64, stored, converted<double>(dout));
        auto const rounded_once = [](std::vector<bf16> const& got, std::vector<double> const& want) {
            CHECK((got.front() == 77 && got.back() == 77));
            return numeric::rounded_once(std::vector<bf16>(got.begin() + 1, got.end() - 1), want, 3e-6, 1);
        };
        CHECK(rounded_once(out, expected.out));
        CHECK(rounded_once(dq, g.dq));
        CHECK(rounded_once(dk, g.dk));
        CHECK(rounded_once(dv, g.dv));
    }
}

TEST_CASE("exp2 is accurate to 2 ulp") {
    using pack = shardtype::simd::pack<float>;
    double worst = 0;
    for (float x = -120; x < 120; x += 0.00371f) {
        alignas(64) float got[16];
        shardtype::simd::exp2(pack(x)).store_aligned(got);
        double const exact = std::exp2(static_cast<double>(x));
        int exponent;
        std::frexp(exact, &exponent);
        worst = std::max(worst, std::abs(static_cast<double>(got[0]) - exact) / std::ldexp(1.0, exponent - 24));
    }
    MESSAGE("exp2: ", worst, " ulp");
    CHECK(worst < 2);
}

TEST_CASE("wrong calls are refused in one line") {
    attention_shape const s{1, 8, 2, 2, 16};
    std::vector<float> x(256), lse(16);
    guarded_scratch scratch(shardtype::cpu::attention_backward_scratch_bytes<float>(s));
    auto e = scratch.use();
    e.scratch_bytes = static_cast<std::size_t>(shardtype::cpu::attention_forward_scratch_bytes<float>(s)) - 1;
    CHECK_THROWS_WITH_AS(
        shardtype::cpu::attention_forward<float>(e, s, x.data(), x.data(), x.data(), x.data(), lse.data()),
        doctest::Contains("attention_forward: needs"), std::runtime_error);
    e.scratch_bytes = static_cast<std::size_t>(shardtype::cpu::attention_backward_scratch_bytes<float>(s)) - 1;
    CHECK_THROWS_WITH_AS(shardtype::cpu::attention_backward<float>(e, s, x.data(), x.data(), x.data(), x.data(),
                                                                   lse.data(), x.data(), x.data(), x.data(), x.data()),
                         doctest::Contains("attention_backward: needs"), std::runtime_error);
    CHECK_THROWS_AS(shardtype::cpu::attention_forward<float>(scratch.use(), {1, 8, 3, 2, 16}, x.data(), x.data(),
                                                             x.data(), x.data(), lse.data()),
                    std::invalid_argument);
}
