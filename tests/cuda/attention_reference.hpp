#pragma once
// Attention by its definition in float64, and both halves of it on a device.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <shardtype/kernels/cuda/attention.hpp>
#include <string>
#include <vector>

namespace attention_test {

using shardtype::bf16;
using shardtype::execution;
using shardtype::wide_t;
using shardtype::cuda::attention_direction;
using shardtype::cuda::attention_shape;
using shardtype::cuda::check;

/// Device memory with a number more at each end, which nothing may write.
template <class T>
class device_values {
  public:
    explicit device_values(std::vector<T> const& from) : size_(from.size()) {
        check(cudaMalloc(reinterpret_cast<void**>(&all_), (size_ + 2 * margin) * sizeof(T)), "cudaMalloc");
        std::vector<T> padded(size_ + 2 * margin, T(77));
        std::copy(from.begin(), from.end(), padded.begin() + margin);
        check(cudaMemcpy(all_, padded.data(), padded.size() * sizeof(T), cudaMemcpyHostToDevice), "cudaMemcpy");
    }
    explicit device_values(std::size_t n) : device_values(std::vector<T>(n, T(55))) {}
    device_values(device_values const&) = delete;
    device_values& operator=(device_values const&) = delete;
    ~device_values() { cudaFree(all_); }
    T* get() { return all_ + margin; }
    std::vector<T> values() {
        std::vector<T> padded(size_ + 2 * margin);
        check(cudaMemcpy(padded.data(), all_, padded.size() * sizeof(T), cudaMemcpyDeviceToHost), "cudaMemcpy");
        for (std::size_t i = 0; i < margin; ++i) CHECK((padded[i] == T(77) && padded[margin + size_ + i] == T(77)));
        return {padded.begin() + margin, padded.end() - margin};
    }

  private:
    static constexpr long margin = 16;  // keeps 16 bytes aligned, for every type
    std::size_t size_;
    T* all_ = nullptr;
};

struct stream {
    cudaStream_t it = nullptr;
    stream() { check(cudaStreamCreateWithFlags(&it, cudaStreamNonBlocking), "stream"); }
    stream(stream const&) = delete;
    stream& operator=(stream const&) = delete;
    ~stream() { cudaStreamDestroy(it); }
};

template <class T>
std::vector<T> random_values(std::size_t n, unsigned seed, double spread = 1) {
    std::mt19937 generator(seed);
    std::normal_distribution<double> normal(0, spread);
    std::vector<T> values(n);
    for (auto& x : values) x = static_cast<T>(normal(generator));
    return values;
}

template <class From>
std::vector<double> widened(std::vector<From> const& from) {
    return std::vector<double>(from.begin(), from.end());
}

template <class A>
double relative_error(std::vector<A> const& a, std::vector<double> const& b) {
    REQUIRE(a.size() == b.size());
    double difference = 0, norm = 1e-30;
    for (std::size_t i = 0; i < b.size(); ++i) {
        double const d = static_cast<double>(a[i]) - b[i];
        difference += d * d;
        norm += b[i] * b[i];
    }
    return std::sqrt(difference / norm);
}

template <class T>
bool same(std::vector<T> const& a, std::vector<T> const& b) {
    return std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

struct sizes {
    attention_shape s;
    std::size_t q() const { return static_cast<std::size_t>(s.batch * s.seq * s.heads * s.head_dim); }
    std::size_t k() const { return static_cast<std::size_t>(s.batch * s.seq * s.kv_heads * s.head_dim); }
    std::size_t lse() const { return static_cast<std::size_t>(s.batch * s.seq * s.heads); }
    std::string text() const {
        return std::to_string(s.batch) + " x " + std::to_string(s.seq) + ", heads " + std::to_string(s.heads) + "/" +
               std::to_string(s.kv_heads) + " of " + std::to_string(s.head_dim);
    }
};

template <class T>
struct problem {
    sizes n;
    std::vector<T> q, k, v, dout;
    problem(attention_shape s, double spread = 1)
        : n{s},
          q(random_values<T>(n.q(), 1, spread)),
          k(random_values<T>(n.k(), 2)),
          v(random_values<T>(n.k(), 3)),
          dout(random_values<T>(n.q(), 4)) {}
};

struct expected {
    std::vector<double> out, lse, dq, dk, dv;
};

/// The definition, in float64; its gradients by the chain rule from the whole matrix of probabilities.
template <class T>
expected naive(problem<T> const& p) {
    attention_shape const s = p.n.s;
    auto const q = widened(p.q), k = widened(p.k), v = widened(p.v), dout = widened(p.dout);
    expected e{std::vector<double>(p.n.q()), std::vector<double>(p.n.lse()), std::vector<double>(p.n.q()),
               std::vector<double>(p.n.k()), std::vector<double>(p.n.k())};
    double const scale = 1 / std::sqrt(static_cast<double>(s.head_dim));
    auto const width = static_cast<std::size_t>(s.head_dim);
    for (long b = 0; b < s.batch; ++b)
        for (long h = 0; h < s.heads; ++h)
            for (long i = 0; i < s.seq; ++i) {
                auto const row = [&](long position, long head, long heads) {
                    return static_cast<std::size_t>(((b * s.seq + position) * heads + head) * s.head_dim);
                };
                long const kv = h / (s.heads / s.kv_heads);
                std::size_t const at = row(i, h, s.heads);
                std::vector<double> weight, slope;
                double top = -INFINITY, sum = 0, mean = 0;
                for (long j = 0; j <= i; ++j) {
                    double dot = 0;
                    for (std::size_t x = 0; x < width; ++x) dot += q[at + x] * k[row(j, kv, s.kv_heads) + x];
                    weight.push_back(dot * scale);
                    top = std::max(top, weight.back());
                }
                for (double& x : weight) sum += x = std::exp(x - top);
                for (long j = 0; j <= i; ++j) {
                    std::size_t const other = row(j, kv, s.kv_heads);
                    double const w = weight[static_cast<std::size_t>(j)] /= sum;
                    double dot = 0;
                    for (std::size_t x = 0; x < width; ++x) {
                        e.out[at + x] += w * v[other + x];
                        e.dv[other + x] += w * dout[at + x];
                        dot += dout[at + x] * v[other + x];
                    }
                    slope.push_back(dot);
                    mean += w * dot;
                }
                for (long j = 0; j <= i; ++j) {
                    std::size_t const other = row(j, kv, s.kv_heads);
                    auto const n = static_cast<std::size_t>(j);
                    double const ds = weight[n] * (slope[n] - mean) * scale;
                    for (std::size_t x = 0; x < width; ++x) {
                        e.dq[at + x] += ds * k[other + x];
                        e.dk[other + x] += ds * q[at + x];
                    }
                }
                e.lse[static_cast<std::size_t>((b * s.heads + h) * s.seq + i)] = top + std::log(sum);
            }
    return e;
}

template <class T>
struct results {
    std::vector<T> out, dq, dk, dv;
    std::vector<wide_t<T>> lse;
};

/// Both halves on a stream: `forth` and `back` are called like the CPU's kernels, without the shape. `shift` misaligns
/// the operands.
template <class T, class Forward, class Backward>
results<T> run(problem<T> const& p, Forward const& forth, Backward const& back, std::size_t shift = 0) {
    auto const moved = [&](std::vector<T> x) {
        x.insert(x.begin(), shift, T(0));
        return x;
    };
    device_values<T> q(moved(p.q)), k(moved(p.k)), v(moved(p.v)), dout(moved(p.dout)), out(p.n.q()), dq(p.n.q()),
        dk(p.n.k()), dv(p.n.k());
    device_values<wide_t<T>> lse(p.n.lse());
    long const bytes = std::max(shardtype::cuda::attention_forward_scratch_bytes<T>(p.n.s),
                                shardtype::cuda::attention_backward_scratch_bytes<T>(p.n.s));
    device_values<char> scratch(static_cast<std::size_t>(bytes));
    stream on;
    execution with;
    with.stream = on.it;
    with.scratch = scratch.get();
    with.scratch_bytes = static_cast<std::size_t>(bytes);
    forth(with, q.get() + shift, k.get() + shift, v.get() + shift, out.get(), lse.get());
    back(with, q.get() + shift, k.get() + shift, v.get() + shift, out.get(), lse.get(), dout.get() + shift, dq.get(),
         dk.get(), dv.get());
    check(cudaStreamSynchronize(on.it), "synchronise");
    scratch.values();
    return {out.values(), dq.values(), dk.values(), dv.values(), lse.values()};
}

/// By our own kernels.
template <class T>
results<T> run_own(problem<T> const& p, std::size_t shift = 0) {
    return run<T>(
        p, [&](execution const& e, auto... operands) { shardtype::cuda::attention_forward<T>(e, p.n.s, operands...); },
        [&](execution const& e, auto... operands) { shardtype::cuda::attention_backward<T>(e, p.n.s, operands...); },
        shift);
}

}  // namespace attention_test
