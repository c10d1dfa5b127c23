#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

/// What the kernel tests share: data that repeats, errors relative to the largest value, central differences.
namespace numeric {

/// Uniform in [low, high), the same on every machine.
template <class T>
std::vector<T> random(long n, std::uint64_t seed, double low = -1, double high = 1) {
    std::vector<T> x(static_cast<std::size_t>(n));
    std::uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
    for (T& v : x) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        v = static_cast<T>(low + (high - low) * static_cast<double>(state >> 11) * 0x1p-53);
    }
    return x;
}

template <class A, class B>
std::vector<A> as(std::vector<B> const& x) {
    std::vector<A> y;
    for (B const v : x) y.push_back(static_cast<A>(v));
    return y;
}

/// The largest |got - want| over the largest |want|; infinite where sizes differ or a value is not finite.
template <class A, class B>
double error(std::vector<A> const& got, std::vector<B> const& want) {
    if (got.size() != want.size()) return HUGE_VAL;
    double worst = 0, size = 1e-300;
    for (std::size_t i = 0; i < got.size(); ++i) {
        double const d = std::abs(static_cast<double>(got[i]) - static_cast<double>(want[i]));
        if (!(d < HUGE_VAL)) return HUGE_VAL;
        worst = std::max(worst, d);
        size = std::max(size, std::abs(static_cast<double>(want[i])));
    }
    return worst / size;
}

/// Half a unit in the last place of x in bf16, whose numbers have 8 significant bits: between 2^-9 and 2^-8 of x.
inline double bf16_rounding(double x) { return x == 0 ? 0 : std::ldexp(1.0, std::ilogb(x) - 8); }

/// Whether each got is what the float64 `want` rounds to in bf16, but for `slack` of its size, which is at least
/// `floor`.
template <class A>
bool rounded_once(std::vector<A> const& got, std::vector<double> const& want, double slack = 2e-6,
                  double floor = 1e-30) {
    static_assert(sizeof(A) == 2);
    if (got.size() != want.size()) return false;
    for (std::size_t i = 0; i < got.size(); ++i) {
        double const allowed = bf16_rounding(want[i]) + slack * std::max(std::abs(want[i]), floor);
        if (!(std::abs(static_cast<double>(got[i]) - want[i]) <= allowed)) return false;
    }
    return true;
}

/// d value() / d x[i] for every i by central differences.
template <class F>
std::vector<double> gradient(std::vector<double>& x, F const& value, double step = 1e-5) {
    std::vector<double> g;
    for (double& v : x) {
        double const old = v;
        v = old + step;
        double const up = value();
        v = old - step;
        double const down = value();
        v = old;
        g.push_back((up - down) / (2 * step));
    }
    return g;
}

template <class T>
double dot(std::vector<T> const& a, std::vector<T> const& b) {
    double s = 0;
    for (std::size_t i = 0; i < a.size(); ++i) s += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    return s;
}

/// 64-byte aligned memory for a kernel's scratch.
class aligned_bytes {
  public:
    explicit aligned_bytes(long n) : data_(std::aligned_alloc(64, (static_cast<std::size_t>(n) / 64 + 1) * 64)) {}
    ~aligned_bytes() { std::free(data_); }
    aligned_bytes(aligned_bytes const&) = delete;
    aligned_bytes& operator=(aligned_bytes const&) = delete;
    void* data() const { return data_; }

  private:
    void* data_;
};

}  // namespace numeric
