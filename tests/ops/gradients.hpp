#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <shardtype/runtime.hpp>

/// Gradients of small models in float64, on one rank and sharded, against central differences of the loss.
namespace gradients {

namespace st = shardtype;

inline constexpr st::batch_shape batch{6, 12};

/// A layout: a mesh and what its axes are for.
template <class Mesh, class... Roles>
struct on {
    using mesh = Mesh;
    using strategy = st::strategy<Roles...>;
    static std::string name() {
        char const* const text[] = {"none", "ddp", "zero1", "zero2", "fsdp", "tp", "sp"};
        std::string s;
        for (int a = 0; a < Mesh::axes; ++a)
            s += (a == 0 ? "" : " x ") + std::to_string(Mesh::axis_size[a]) + " " +
                 text[static_cast<int>(st::policy<Mesh, strategy>.on[a])];
        return s;
    }
};

using alone = on<st::mesh<st::dp_shard<1>>>;
using ones = on<st::mesh<st::dp_shard<1>, st::tp<1>>, st::fsdp<st::dp_shard<1>>, st::sequence_parallel<st::tp<1>>>;
using fsdp2_sp3 = on<st::mesh<st::dp_shard<2>, st::tp<3>>, st::fsdp<st::dp_shard<2>>, st::sequence_parallel<st::tp<3>>>;
using ddp3_tp2 = on<st::mesh<st::dp_shard<3>, st::tp<2>>, st::ddp<st::dp_shard<3>>, st::tensor_parallel<st::tp<2>>>;
using tp3_fsdp2 = on<st::mesh<st::tp<3>, st::dp_shard<2>>, st::tensor_parallel<st::tp<3>>, st::fsdp<st::dp_shard<2>>>;
using sp2_ddp3 = on<st::mesh<st::tp<2>, st::dp_shard<3>>, st::sequence_parallel<st::tp<2>>, st::ddp<st::dp_shard<3>>>;
using ddp2_fsdp3 =
    on<st::mesh<st::dp_replicate<2>, st::dp_shard<3>>, st::ddp<st::dp_replicate<2>>, st::fsdp<st::dp_shard<3>>>;
using sp4 = on<st::mesh<st::tp<4>>, st::sequence_parallel<st::tp<4>>>;
using tp4 = on<st::mesh<st::tp<4>>, st::tensor_parallel<st::tp<4>>>;
/// Two axes split the weights, the vocabulary too.
struct inner final : st::axis<3> {};
using tp2_sp3 = on<st::mesh<st::tp<2>, inner>, st::tensor_parallel<st::tp<2>>, st::sequence_parallel<inner>>;

template <class Model, class On>
struct job {
    using mesh = typename On::mesh;
    using strategy = typename On::strategy;
    using model = Model;
    using element = double;
    static constexpr st::batch_shape batch = gradients::batch;
};

/// A number in [-1, 1) from two indices: the same in every layout.
inline double noise(std::uint64_t a, std::uint64_t b) {
    std::uint64_t x = a * 0x9e3779b97f4a7c15ULL + b + 0x632be59bd9b4e019ULL;
    for (int i = 0; i < 3; ++i) x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    return static_cast<double>((x ^ (x >> 31)) >> 11) * 0x1p-52 - 1;
}

/// The larger one, and NaN once there was one.
inline double larger(double a, double b) { return b <= a || std::isnan(a) ? a : b; }

struct tensor {
    std::string name;
    std::vector<double> gradient;
    double largest = 0;
    double numeric_error = 0;  ///< largest |difference| to the central difference over the largest gradient
};

struct outcome {
    double loss = 0;
    double norm = 0;
    long unequal = 0;  ///< elements whose copies on several ranks differ in any bit
    std::vector<tensor> tensors;
};

/// What one rank does: one step for the gradients, then two for each of a sample of elements of every parameter.
class probe {
  public:
    static constexpr int samples = 12;  ///< of every parameter, over all layers
    // The quotient is off by the rounding of a loss near 4, about 1e-15 / h, and by the truncation, h^2 / 6 times the
    // third derivative: 3e-5 balances them, both near 1e-10. Every tensor's largest gradient is above 5e-3, so that
    // 1e-7 of it leaves a decade (9e-9 was the worst seen); a wrong gradient is off by far more.
    static constexpr double h = 3e-5;

    outcome out;

    template <class Trainer>
    void operator()(Trainer& t) {
        st::step_numbers numbers;
        numbers.adamw.lr = 0;
        numbers.adamw.weight_decay = 0;
        rank(t.walk(), t.rank(), t.coordinate(), [&] {
            return t.step(numbers, [](long row, int* tokens, int* targets) {
                for (long i = 0; i < batch.sequence; ++i) {
                    auto const at = static_cast<std::uint64_t>(row * batch.sequence + i);
                    tokens[i] = static_cast<int>((noise(101, at) + 1) * vocabulary / 2);
                    targets[i] = static_cast<int>((noise(102, at) + 1) * vocabulary / 2);
                }
            });
        });
    }

    static constexpr int vocabulary = 36;

  private:
    void rank(st::walker const& w, int rank, int const* coordinate, std::function<st::step_result()> const& step) {
        auto const& s = w.program().schedule;
        auto const each = [&](auto f) {
            std::size_t n = 0;
            for (int k = 0; k < s.parameter_count; ++k)
                for (int layer = 0; layer < s.parameters[k].is.layers; ++layer) f(n++, k, layer, s.parameters[k].is);
        };
        each([&](std::size_t n, int k, int layer, st::parameter_record const& p) {
            double* const v = st::parameter_values<double>(w, k, layer);
            long const last = p.stored.extent[p.stored.rank - 1];
            double const mean = p.stored.rank == 1 ? 1 : 0;  // a norm's weight, in [0.5, 1.5)
            double const scale = p.stored.rank == 1 ? 0.5 : 2 / std::sqrt(static_cast<double>(last));
            st::for_each_run(p.stored, coordinate, [&](long global, long local, long count) {
                for (long i = 0; i < count; ++i)
                    v[local + i] = mean + scale * noise(n, static_cast<std::uint64_t>(global + i));
            });
        });
        st::step_result const first = step();
        each([&](std::size_t n, int k, int layer, st::parameter_record const& p) {
            collect(n, p, coordinate, st::parameter_gradient<double>(w, k, layer));
        });
        if (rank == 0) out.loss = first.loss, out.norm = first.gradient_norm;
        each([&](std::size_t n, int k, int layer, st::parameter_record const& p) {
            double* const v = st::parameter_values<double>(w, k, layer);
            double worst = 0;
            for (int i = 0; i < samples / p.layers; ++i) {
                auto const draw = (noise(1000 + n, static_cast<std::uint64_t>(i)) + 1) / 2;
                long const element = static_cast<long>(draw * static_cast<double>(p.stored.count()));
                double* at = nullptr;
                st::for_each_run(p.stored, coordinate, [&](long global, long local, long count) {
                    if (element >= global && element < global + count) at = v + local + element - global;
                });
                double const kept = at != nullptr ? *at : 0;
                if (at != nullptr) *at = kept + h;
                double const up = step().loss;
                if (at != nullptr) *at = kept - h;
                double const down = step().loss;
                if (at != nullptr) *at = kept;
                // The steps were collectives: every rank's pieces have been collected by now.
                if (rank != 0) continue;
                double const gradient = out.tensors[n].gradient[static_cast<std::size_t>(element)];
                worst = larger(worst, std::fabs((up - down) / (2 * h) - gradient));
            }
            if (rank == 0) out.tensors[n].numeric_error = worst / out.tensors[n].largest;
        });
    }

    void collect(std::size_t n, st::parameter_record const& p, int const* coordinate, double const* piece) {
        std::lock_guard const lock(mutex_);
        if (out.tensors.size() <= n) out.tensors.resize(n + 1);
        tensor& t = out.tensors[n];
        t.name = p.name.data;
        t.gradient.resize(static_cast<std::size_t>(p.stored.count()), std::numeric_limits<double>::quiet_NaN());
        st::for_each_run(p.stored, coordinate, [&](long global, long local, long count) {
            for (long i = 0; i < count; ++i) {
                double& whole = t.gradient[static_cast<std::size_t>(global + i)];
                if (std::isnan(whole)) whole = piece[local + i];
                if (!(whole == piece[local + i])) ++out.unequal;
                t.largest = std::fmax(t.largest, std::fabs(whole));
            }
        });
    }

    std::mutex mutex_;
};

template <class Model, class On>
outcome measure() {
    probe p;
    st::run<job<Model, On>>([&](auto& trainer) { p(trainer); });
    return p.out;
}

/// The checks of one layout; `reference` is the one of one rank.
inline void compare(std::string const& name, outcome const& got, outcome const& reference) {
    CAPTURE(name);
    CHECK(std::fabs(got.loss - reference.loss) <= 1e-12 * reference.loss);
    CHECK(got.unequal == 0);
    REQUIRE(got.tensors.size() == reference.tensors.size());
    double squares = 0;
    for (std::size_t n = 0; n < got.tensors.size(); ++n) {
        tensor const &t = got.tensors[n], &want = reference.tensors[n];
        CAPTURE(n);
        CAPTURE(t.name);
        // A constant added to all keys moves no weight of the softmax: of this gradient only rounding is left.
        if (t.name.size() > 7 && t.name.substr(t.name.size() - 7) == ".k.bias") {
            CHECK(t.largest < 1e-14);
            continue;
        }
        CHECK(t.largest > 1e-3);  // else the tolerances mean nothing
        CHECK(t.numeric_error < 1e-7);
        REQUIRE(t.gradient.size() == want.gradient.size());
        double worst = 0;
        for (std::size_t i = 0; i < t.gradient.size(); ++i) {
            worst = larger(worst, std::fabs(t.gradient[i] - want.gradient[i]));  // NaN: a piece that no rank holds
            squares += t.gradient[i] * t.gradient[i];
        }
        CHECK(worst <= 1e-11 * want.largest);
    }
    CHECK(std::fabs(got.norm - std::sqrt(squares)) <= 1e-12 * got.norm);
}

/// A model on one rank and on every layout On.
template <class Model, class... On>
void check() {
    outcome const reference = measure<Model, alone>();
    compare("alone", reference, reference);
    (compare(On::name(), measure<Model, On>(), reference), ...);
}

// ---- layers of the tests ----

inline constexpr st::placement invariant = st::on_invariant, replicate = st::on_replicate, partial = st::on_partial;
inline constexpr st::placement shard0 = st::on_shard(0), shard1 = st::on_shard(1), shard2 = st::on_shard(2);

/// A parameter of the test's layers.
template <class... Extents>
constexpr short weight(st::graph& g, st::split by, Extents... e) {
    long const extent[] = {static_cast<long>(e)...};
    return g.parameter("", static_cast<int>(sizeof...(e)), extent, by, {});
}

/// The value moves along a path of placements, on every axis that splits weights.
template <st::placement... Path>
struct move {
    static constexpr short read(st::graph& g, short x) {
        for (int a = 0; a < g.policy.axes; ++a)
            if (g.policy.splits_weights(a)) ((x = g.redistribute(x, a, Path)), ...);
        return x;
    }
};

/// x w^T as the value lies; a weight that is whole is used as replicate.
template <long Out, st::split By>
struct product {
    static constexpr short read(st::graph& g, short x) {
        short w = weight(g, By, Out, g.at(x).extent[2]);
        if (By == st::split::none) w = move<replicate>::read(g, w);
        return g.apply<st::rules::linear>(x, w);
    }
};

/// A norm of a value that is sharded or replicated: its weight is used as replicate.
struct norm_inside {
    static constexpr short read(st::graph& g, short x) {
        short const w = move<replicate>::read(g, weight(g, st::split::none, g.at(x).extent[2]));
        short const y = g.apply<st::rules::rms_norm>(x, w);
        if (g.ok()) g.nodes[g.node_count - 1].real = 1e-5;
        return y;
    }
};

/// Embedding, the layers in question, and the loss: gradients flow through them to their inputs and weights.
template <long Dim, class... Layers>
using model = st::chain<st::named<"embedding", st::embedding<probe::vocabulary, Dim>>, st::named<"tested", Layers...>,
                        st::named<"output", st::linear<probe::vocabulary>>, st::cross_entropy>;

}  // namespace gradients
