#pragma once

// The operations of rules/operations.hpp on plain float64 arrays, forward and backward, by their definitions.

#include <array>

#include "simulator.hpp"

namespace reference {

using simulator::array;
using simulator::zeros;

inline constexpr int most = shardtype::max_operands;
using arrays = std::array<array, most>;
/// The operands, by address: ranks share them.
struct operands {
    std::array<array const*, most> at{};
    array const& operator[](std::size_t i) const { return *at[i]; }
};
inline operands all_of(arrays const& x) { return {{&x[0], &x[1], &x[2], &x[3]}}; }

/// What a rank knows beside its operands.
struct context {
    long first_row = 0;  ///< of its part of the vocabulary
    double tokens = 1;   ///< of all ranks together
};

/// An operation: false if the operands' extents do not fit. `gradient` adds nothing, it writes; constants are left
/// empty.
struct operation {
    bool (*value)(context const&, operands const& x, array& y);
    void (*gradient)(context const&, operands const& x, array const& dy, arrays& dx);
};

inline double& e(array& x, long i, long j = 0, long k = 0, long l = 0) {
    long const at[4] = {i, j, k, l};
    return x.v[static_cast<std::size_t>(x.at(at))];
}
inline double e(array const& x, long i, long j = 0, long k = 0, long l = 0) {
    return e(const_cast<array&>(x), i, j, k, l);
}
inline array like(array const& x) { return zeros(x.rank, x.extent); }
inline bool same_extents(array const& a, array const& b) {
    for (int d = 0; d < 4; ++d)
        if (a.extent[d] != b.extent[d]) return false;
    return true;
}

// y[m, n] = sum over k of x[m, k] w[k, n]
inline bool matmul(context const&, operands const& x, array& y) {
    if (x[0].extent[1] != x[1].extent[0]) return false;
    long const extent[] = {x[0].extent[0], x[1].extent[1]};
    y = zeros(2, extent);
    for (long m = 0; m < extent[0]; ++m)
        for (long n = 0; n < extent[1]; ++n)
            for (long k = 0; k < x[0].extent[1]; ++k) e(y, m, n) += e(x[0], m, k) * e(x[1], k, n);
    return true;
}
inline void matmul_gradient(context const&, operands const& x, array const& dy, arrays& dx) {
    dx[0] = like(x[0]), dx[1] = like(x[1]);
    for (long m = 0; m < dy.extent[0]; ++m)
        for (long n = 0; n < dy.extent[1]; ++n)
            for (long k = 0; k < x[0].extent[1]; ++k) {
                e(dx[0], m, k) += e(dy, m, n) * e(x[1], k, n);
                e(dx[1], k, n) += e(dy, m, n) * e(x[0], m, k);
            }
}

// y[b, s, n] = sum over k of x[b, s, k] w[n, k]
inline bool linear(context const&, operands const& x, array& y) {
    if (x[0].extent[2] != x[1].extent[1]) return false;
    long const extent[] = {x[0].extent[0], x[0].extent[1], x[1].extent[0]};
    y = zeros(3, extent);
    simulator::for_each_index(y, [&](long const* i, std::size_t at) {
        for (long k = 0; k < x[0].extent[2]; ++k) y.v[at] += e(x[0], i[0], i[1], k) * e(x[1], i[2], k);
    });
    return true;
}
inline void linear_gradient(context const&, operands const& x, array const& dy, arrays& dx) {
    dx[0] = like(x[0]), dx[1] = like(x[1]);
    simulator::for_each_index(dy, [&](long const* i, std::size_t at) {
        for (long k = 0; k < x[0].extent[2]; ++k) {
            e(dx[0], i[0], i[1], k) += dy.v[at] * e(x[1], i[2], k);
            e(dx[1], i[2], k) += dy.v[at] * e(x[0], i[0], i[1], k);
        }
    });
}

// y[b, s, h] = w[token[b, s], h], zero where the row is elsewhere
inline bool embedding(context const& c, operands const& x, array& y) {
    long const extent[] = {x[0].extent[0], x[0].extent[1], x[1].extent[1]};
    y = zeros(3, extent);
    simulator::for_each_index(y, [&](long const* i, std::size_t at) {
        long const row = std::lround(e(x[0], i[0], i[1])) - c.first_row;
        if (row >= 0 && row < x[1].extent[0]) y.v[at] = e(x[1], row, i[2]);
    });
    return true;
}
inline void embedding_gradient(context const& c, operands const& x, array const& dy, arrays& dx) {
    dx[1] = like(x[1]);
    simulator::for_each_index(dy, [&](long const* i, std::size_t at) {
        long const row = std::lround(e(x[0], i[0], i[1])) - c.first_row;
        if (row >= 0 && row < x[1].extent[0]) e(dx[1], row, i[2]) += dy.v[at];
    });
}

// y = x / sqrt(mean(x^2) + eps) * w
inline double inverse_norm(array const& x, long b, long s) {
    double sum = 0;
    for (long h = 0; h < x.extent[2]; ++h) sum += e(x, b, s, h) * e(x, b, s, h);
    return 1 / std::sqrt(sum / static_cast<double>(x.extent[2]) + 1e-5);
}
inline bool rms_norm(context const&, operands const& x, array& y) {
    if (x[0].extent[2] != x[1].extent[0]) return false;
    y = like(x[0]);
    simulator::for_each_index(y, [&](long const* i, std::size_t at) {
        y.v[at] = e(x[0], i[0], i[1], i[2]) * inverse_norm(x[0], i[0], i[1]) * e(x[1], i[2]);
    });
    return true;
}
inline void rms_norm_gradient(context const&, operands const& x, array const& dy, arrays& dx) {
    dx[0] = like(x[0]), dx[1] = like(x[1]);
    long const hidden = x[0].extent[2];
    for (long b = 0; b < x[0].extent[0]; ++b)
        for (long s = 0; s < x[0].extent[1]; ++s) {
            double const r = inverse_norm(x[0], b, s);
            double dot = 0;
            for (long h = 0; h < hidden; ++h) dot += e(dy, b, s, h) * e(x[1], h) * e(x[0], b, s, h);
            for (long h = 0; h < hidden; ++h) {
                double const value = e(x[0], b, s, h);
                e(dx[0], b, s, h) =
                    r * e(dy, b, s, h) * e(x[1], h) - value * r * r * r * dot / static_cast<double>(hidden);
                e(dx[1], h) += e(dy, b, s, h) * value * r;
            }
        }
}

// y = (x - mean) / sqrt(variance + eps) * w + b
struct moments {
    double mean, scale;
};
inline moments moments_of(array const& x, long b, long s) {
    auto const n = static_cast<double>(x.extent[2]);
    double mean = 0, variance = 0;
    for (long h = 0; h < x.extent[2]; ++h) mean += e(x, b, s, h) / n;
    for (long h = 0; h < x.extent[2]; ++h) variance += (e(x, b, s, h) - mean) * (e(x, b, s, h) - mean) / n;
    return {mean, 1 / std::sqrt(variance + 1e-5)};
}
inline bool layer_norm(context const&, operands const& x, array& y) {
    if (x[0].extent[2] != x[1].extent[0] || x[0].extent[2] != x[2].extent[0]) return false;
    y = like(x[0]);
    simulator::for_each_index(y, [&](long const* i, std::size_t at) {
        auto const m = moments_of(x[0], i[0], i[1]);
        y.v[at] = (x[0].v[at] - m.mean) * m.scale * e(x[1], i[2]) + e(x[2], i[2]);
    });
    return true;
}
inline void layer_norm_gradient(context const&, operands const& x, array const& dy, arrays& dx) {
    for (std::size_t i = 0; i < 3; ++i) dx[i] = like(x[i]);
    auto const n = static_cast<double>(x[0].extent[2]);
    for (long b = 0; b < dy.extent[0]; ++b)
        for (long s = 0; s < dy.extent[1]; ++s) {
            auto const m = moments_of(x[0], b, s);
            double sum = 0, dot = 0;
            auto const part = [&](long h) { return e(dy, b, s, h) * e(x[1], h); };
            auto const normal = [&](long h) { return (e(x[0], b, s, h) - m.mean) * m.scale; };
            for (long h = 0; h < dy.extent[2]; ++h) sum += part(h) / n, dot += part(h) * normal(h) / n;
            for (long h = 0; h < dy.extent[2]; ++h) {
                e(dx[0], b, s, h) = m.scale * (part(h) - sum - normal(h) * dot);
                e(dx[1], h) += e(dy, b, s, h) * normal(h);
                e(dx[2], h) += e(dy, b, s, h);
            }
        }
}

// pairs (even, odd) of x[b, s, a, d] turned by angle[s, even d]
inline void turn(array const& x, array const& angle, double sign, array& y) {
    y = like(x);
    for (long b = 0; b < x.extent[0]; ++b)
        for (long s = 0; s < x.extent[1]; ++s)
            for (long a = 0; a < x.extent[2]; ++a)
                for (long d = 0; d + 1 < x.extent[3]; d += 2) {
                    double const c = std::cos(e(angle, s, d)), i = sign * std::sin(e(angle, s, d));
                    e(y, b, s, a, d) = e(x, b, s, a, d) * c - e(x, b, s, a, d + 1) * i;
                    e(y, b, s, a, d + 1) = e(x, b, s, a, d) * i + e(x, b, s, a, d + 1) * c;
                }
}
inline bool rotary(context const&, operands const& x, array& y) {
    if (x[0].extent[1] != x[1].extent[0] || x[0].extent[3] != x[1].extent[1]) return false;
    turn(x[0], x[1], 1, y);
    return true;
}
inline void rotary_gradient(context const&, operands const& x, array const& dy, arrays& dx) {
    turn(dy, x[1], -1, dx[0]);
}

// causal softmax(q k^T / sqrt(d)) v; query heads share kv heads
inline std::vector<double> weights(operands const& x, long b, long s, long a, long kv) {
    std::vector<double> p;
    double sum = 0;
    for (long t = 0; t <= s; ++t) {
        double dot = 0;
        for (long d = 0; d < x[0].extent[3]; ++d) dot += e(x[0], b, s, a, d) * e(x[1], b, t, kv, d);
        p.push_back(std::exp(dot / std::sqrt(static_cast<double>(x[0].extent[3]))));
        sum += p.back();
    }
    for (double& w : p) w /= sum;
    return p;
}
inline bool attention(context const&, operands const& x, array& y) {
    array const &q = x[0], &k = x[1], &v = x[2];
    for (int d = 0; d < 3; ++d)
        if (k.extent[d] != v.extent[d]) return false;
    if (q.extent[0] != k.extent[0] || q.extent[1] != k.extent[1] || q.extent[3] != k.extent[3]) return false;
    if (q.extent[2] % k.extent[2] != 0) return false;  // the widths of k and v: see the rule's `equal`
    long const extent[] = {q.extent[0], q.extent[1], q.extent[2], v.extent[3]};
    y = zeros(4, extent);
    for (long b = 0; b < extent[0]; ++b)
        for (long s = 0; s < extent[1]; ++s)
            for (long a = 0; a < extent[2]; ++a) {
                long const kv = a / (extent[2] / k.extent[2]);
                auto const p = weights(x, b, s, a, kv);
                for (long t = 0; t <= s; ++t)
                    for (long d = 0; d < extent[3]; ++d)
                        e(y, b, s, a, d) += p[static_cast<std::size_t>(t)] * e(v, b, t, kv, d);
            }
    return true;
}
inline void attention_gradient(context const&, operands const& x, array const& dy, arrays& dx) {
    for (std::size_t i = 0; i < 3; ++i) dx[i] = like(x[i]);
    array const &q = x[0], &k = x[1], &v = x[2];
    double const scale = 1 / std::sqrt(static_cast<double>(q.extent[3]));
    for (long b = 0; b < q.extent[0]; ++b)
        for (long s = 0; s < q.extent[1]; ++s)
            for (long a = 0; a < q.extent[2]; ++a) {
                long const kv = a / (q.extent[2] / k.extent[2]);
                auto const p = weights(x, b, s, a, kv);
                std::vector<double> dp(p.size());
                double mean = 0;
                for (std::size_t t = 0; t < p.size(); ++t) {
                    long const u = static_cast<long>(t);
                    for (long d = 0; d < v.extent[3]; ++d) {
                        dp[t] += e(dy, b, s, a, d) * e(v, b, u, kv, d);
                        e(dx[2], b, u, kv, d) += p[t] * e(dy, b, s, a, d);
                    }
                    mean += p[t] * dp[t];
                }
                for (std::size_t t = 0; t < p.size(); ++t)
                    for (long d = 0; d < q.extent[3]; ++d) {
                        long const u = static_cast<long>(t);
                        double const g = p[t] * (dp[t] - mean) * scale;
                        e(dx[0], b, s, a, d) += g * e(k, b, u, kv, d);
                        e(dx[1], b, u, kv, d) += g * e(q, b, s, a, d);
                    }
            }
}

// y = silu(gate) * up
inline bool swiglu(context const&, operands const& x, array& y) {
    if (!same_extents(x[0], x[1])) return false;
    y = like(x[0]);
    for (std::size_t n = 0; n < y.v.size(); ++n) y.v[n] = x[0].v[n] / (1 + std::exp(-x[0].v[n])) * x[1].v[n];
    return true;
}
inline void swiglu_gradient(context const&, operands const& x, array const& dy, arrays& dx) {
    dx[0] = like(x[0]), dx[1] = like(x[1]);
    for (std::size_t n = 0; n < dy.v.size(); ++n) {
        double const g = x[0].v[n], sigmoid = 1 / (1 + std::exp(-g));
        dx[0].v[n] = dy.v[n] * x[1].v[n] * sigmoid * (1 + g * (1 - sigmoid));
        dx[1].v[n] = dy.v[n] * g * sigmoid;
    }
}

// y = x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
inline double const root_of_two_over_pi = std::sqrt(2 / (4 * std::atan(1.0)));
inline bool gelu(context const&, operands const& x, array& y) {
    y = x[0];
    for (double& v : y.v) v = v / 2 * (1 + std::tanh(root_of_two_over_pi * (v + 0.044715 * v * v * v)));
    return true;
}
inline void gelu_gradient(context const&, operands const& x, array const& dy, arrays& dx) {
    dx[0] = like(x[0]);
    for (std::size_t n = 0; n < dy.v.size(); ++n) {
        double const v = x[0].v[n], t = std::tanh(root_of_two_over_pi * (v + 0.044715 * v * v * v));
        double const slope = root_of_two_over_pi * (1 + 3 * 0.044715 * v * v);
        dx[0].v[n] = dy.v[n] * ((1 + t) / 2 + v / 2 * (1 - t * t) * slope);
    }
}

// y[b, s, n] = x[b, s, n] + w[n]
inline bool bias(context const&, operands const& x, array& y) {
    if (x[0].extent[2] != x[1].extent[0]) return false;
    y = x[0];
    simulator::for_each_index(y, [&](long const* i, std::size_t at) { y.v[at] += e(x[1], i[2]); });
    return true;
}
inline void bias_gradient(context const&, operands const& x, array const& dy, arrays& dx) {
    dx[0] = dy, dx[1] = like(x[1]);
    simulator::for_each_index(dy, [&](long const* i, std::size_t at) { e(dx[1], i[2]) += dy.v[at]; });
}

// y[b, s, h] = x[b, s, h] + w[s, h]
inline bool positions(context const&, operands const& x, array& y) {
    if (x[0].extent[1] != x[1].extent[0] || x[0].extent[2] != x[1].extent[1]) return false;
    y = x[0];
    simulator::for_each_index(y, [&](long const* i, std::size_t at) { y.v[at] += e(x[1], i[1], i[2]); });
    return true;
}
inline void positions_gradient(context const&, operands const& x, array const& dy, arrays& dx) {
    dx[0] = dy, dx[1] = like(x[1]);
    simulator::for_each_index(dy, [&](long const* i, std::size_t at) { e(dx[1], i[1], i[2]) += dy.v[at]; });
}

inline bool add(context const&, operands const& x, array& y) {
    if (!same_extents(x[0], x[1])) return false;
    y = x[0];
    for (std::size_t n = 0; n < y.v.size(); ++n) y.v[n] += x[1].v[n];
    return true;
}
inline void add_gradient(context const&, operands const&, array const& dy, arrays& dx) { dx[0] = dx[1] = dy; }

// sum over tokens of (log of the sum of exponentials - the target's logit) / tokens of all ranks
inline bool cross_entropy(context const& c, operands const& x, array& y) {
    if (x[0].extent[0] != x[1].extent[0] || x[0].extent[1] != x[1].extent[1]) return false;
    for (double const target : x[1].v)
        if (target < 0 || std::lround(target) >= x[0].extent[2]) return false;  // no ids but summands of them
    y = zeros(0, nullptr);
    simulator::for_each_index(x[1], [&](long const* i, std::size_t at) {
        double sum = 0;
        for (long v = 0; v < x[0].extent[2]; ++v) sum += std::exp(e(x[0], i[0], i[1], v));
        y.v[0] += (std::log(sum) - e(x[0], i[0], i[1], std::lround(x[1].v[at]))) / c.tokens;
    });
    return true;
}
inline void cross_entropy_gradient(context const& c, operands const& x, array const& dy, arrays& dx) {
    dx[0] = like(x[0]);
    simulator::for_each_index(x[1], [&](long const* i, std::size_t at) {
        double sum = 0;
        for (long v = 0; v < x[0].extent[2]; ++v) sum += std::exp(e(x[0], i[0], i[1], v));
        for (long v = 0; v < x[0].extent[2]; ++v)
            e(dx[0], i[0], i[1], v) =
                dy.v[0] / c.tokens *
                (std::exp(e(x[0], i[0], i[1], v)) / sum - (v == std::lround(x[1].v[at]) ? 1.0 : 0.0));
    });
}

}  // namespace reference
