#pragma once

#include <doctest/doctest.h>

#include "bare_program.hpp"
#include "whole_tensors.hpp"

#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <type_traits>

// Strategies drawn at random, or named, lowered at run time by the functions that the compiler runs, and a short
// training under each, so that tests can compare it with one rank's.
namespace strategies {

/// A model and the batch that it trains on.
struct subject {
    long rows, sequence, vocabulary;
    char const* const* layers;  ///< whose strategies are drawn
    int layer_count;
    char const* without_effect = nullptr;  ///< in names of parameters that move nothing: their gradients are rounding
    int steps = 2;
};

/// Whole numbers below n; the same on every machine.
struct dice {
    std::mt19937 engine;
    int operator()(int n) { return static_cast<int>(engine() % static_cast<unsigned>(n)); }
};

inline char const* const role_names[] = {"none", "ddp", "zero1", "zero2", "fsdp", "tp", "sp"};

inline std::string text_of(st::role const* on, int axes) {
    std::string text;
    for (int a = 0; a < axes; ++a)
        if (on[a] != st::role::none) text += " " + std::to_string(a) + ":" + role_names[static_cast<int>(on[a])];
    return text;
}
inline std::string text_of(st::model_strategy const& s, st::batch_shape const& b) {
    std::string text = "[";
    for (int a = 0; a < s.whole.axes; ++a) text += (a == 0 ? "" : ", ") + std::to_string(s.whole.axis_size[a]);
    text += "]" + text_of(s.whole.on, s.whole.axes) + (s.whole.recomputes ? " recompute" : "");
    for (int e = 0; e < s.exceptions; ++e)
        text += "; " + std::string(s.except[e].layers.data) + text_of(s.except[e].on, s.whole.axes) +
                (s.except[e].decides ? s.except[e].recomputes ? " recompute" : " keep" : "");
    return text + "; " + std::to_string(b.micro_batches) + " micro-batches";
}

inline st::role any_role(dice& d) { return static_cast<st::role>(1 + d(6)); }

inline st::model_strategy draw(dice& d, subject const& of) {
    constexpr int shapes[][3] = {{2, 0, 0}, {4, 0, 0}, {8, 0, 0}, {2, 2, 0}, {2, 4, 0}, {4, 2, 0}, {2, 2, 2}};
    auto const& shape = shapes[d(7)];
    st::placement_policy p;
    for (; p.axes < 3 && shape[p.axes] != 0; ++p.axes) {
        p.axis_size[p.axes] = shape[p.axes];
        p.on[p.axes] = any_role(d);
    }
    p.recomputes = d(3) == 0;
    st::model_strategy s(p);
    for (int n = d(4); s.exceptions < n;) {
        st::layer_exception& x = s.except[s.exceptions++];
        x.layers.append(of.layers[d(of.layer_count)]);
        for (int a = 0; a < p.axes; ++a)
            if (d(2) == 0) x.on[a] = any_role(d);
        x.decides = d(3) == 0;
        x.recomputes = d(2) == 0;
    }
    return s;
}

struct outcome {
    std::vector<double> loss, norm;
    std::map<std::string, std::vector<double>> gradients, weights;
    long unequal = 0;
};

template <class T>
outcome train(bare_program& program, subject const& of) {
    outcome o;
    whole_tensors gradients, weights;
    std::mutex mutex;
    program.run([&](st::walker& w, auto step) {
        for_each_parameter(w, [&](int k, int layer, st::parameter_record const& p) {
            T* const values = st::parameter_values<T>(w, k, layer);
            st::for_each_run(p.stored, w.context().coordinate, [&](long global, long local, long count) {
                for (long i = 0; i < count; ++i)
                    values[local + i] = static_cast<T>(st::initial_value(
                        p.init, 1, static_cast<std::uint32_t>(p.number), static_cast<std::uint64_t>(global + i),
                        p.first_layer + layer, p.stored.extent[p.stored.rank - 1]));
            });
        });
        for (int s = 0; s < of.steps; ++s) {
            st::step_numbers n;
            n.adamw.lr = 1e-3;
            n.adamw.step = s + 1;
            auto const r = step(n, [&](long row, int* tokens, int* targets) {
                for (long i = 0; i < of.sequence; ++i) {
                    long const at = (s * of.rows + row) * 31 + i;
                    tokens[i] = static_cast<int>(at * at % of.vocabulary);
                    targets[i] = static_cast<int>((at + 1) * (at + 1) % of.vocabulary);
                }
            });
            std::lock_guard const lock(mutex);
            if (w.context().rank == 0) o.loss.push_back(r.loss), o.norm.push_back(r.gradient_norm);
            if (s == 0) gradients.add_gradients<T>(w);  // later ones differ by what AdamW makes of the rounding
        }
        weights.add_weights<T>(w);
    });
    o.gradients = gradients.values();
    o.weights = weights.values();
    auto const drop = [&](auto const& entry) {
        return of.without_effect != nullptr && entry.first.find(of.without_effect) != std::string::npos;
    };
    std::erase_if(o.gradients, drop);
    std::erase_if(o.weights, drop);
    o.unequal = gradients.unequal() + weights.unequal();
    return o;
}

/// The largest difference, relative to the largest element of its tensor.
inline double apart(std::map<std::string, std::vector<double>> const& x,
                    std::map<std::string, std::vector<double>> const& y) {
    if (x.size() != y.size()) return 1;
    double worst = 0;
    for (auto const& [name, values] : x) {
        auto const& other = y.at(name);
        double most = 0, difference = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            most = std::max(most, std::abs(other[i]));
            double const d = std::abs(values[i] - other[i]);
            if (!(d <= difference)) difference = d;
        }
        if (!(difference / most <= worst)) worst = difference / most;
    }
    return worst;
}
inline double apart(std::vector<double> const& x, std::vector<double> const& y) {
    double worst = x.size() == y.size() ? 0 : 1;
    for (std::size_t i = 0; i < x.size() && i < y.size(); ++i) worst = std::max(worst, std::abs(x[i] / y[i] - 1));
    return worst;
}

/// The policy of a parameter's layer: what each scope around it says, from the outermost.
inline st::placement_policy policy_of(st::model_strategy const& s, st::parameter_record const& p) {
    std::string const layer(p.name.data, static_cast<std::size_t>(p.layer_size));
    st::placement_policy policy = s.whole;
    unsigned found = 0;
    for (std::size_t begin = 0; begin < layer.size();) {
        std::size_t const end = std::min(layer.find('.', begin), layer.size());
        st::label scope;
        scope.append(layer.substr(0, end).c_str());
        policy = s.within(policy, scope, {p.first_layer, p.first_layer + p.layers}, found);
        begin = end + 1;
    }
    return policy;
}
/// Does each parameter take part in ZeRO's gathers and reductions once per step on the axes of its own layer's roles?
inline bool stages_are_the_layers(st::model_strategy const& s, st::schedule_builder const& b) {
    for (short k = 0; k < b.parameter_count; ++k) {
        st::parameter_record const& p = b.parameters[k].is;
        st::placement_policy const of = policy_of(s, p);
        int stage_1 = 0, stage_2 = 0;
        for (int a = 0; a < of.axes; ++a) {
            stage_1 += of.axis_size[a] > 1 && of.on[a] == st::role::sharded_optimizer;
            stage_2 += of.axis_size[a] > 1 && of.on[a] == st::role::sharded_gradients;
        }
        if (p.deferred_hops != stage_1 || p.once_hops != stage_1 + stage_2) return false;
    }
    return true;
}

/// On one rank, all roles being the same there.
template <class Model, class T>
outcome alone(subject const& of) {
    st::placement_policy one;
    one.axes = 1;
    one.axis_size[0] = 1;
    one.on[0] = st::role::fully_sharded;
    auto program = bare_program::lowered<Model, T>(one, {of.rows, of.sequence});
    return train<T>(program, of);
}

/// So many legal strategies, drawn at random, against one rank.
template <class Model, class T>
void check_draws(subject const& of, unsigned seed, int wanted, double bound) {
    outcome const one = alone<Model, T>(of);
    REQUIRE(one.loss[0] > 4);
    dice d{std::mt19937(seed)};
    int legal = 0, refused = 0, different = 0, recomputing = 0, batches = 0;
    std::map<st::code, int> why;
    double worst_loss = 0, worst_gradient = 0, worst_weight = 0;
    while (legal < wanted) {
        st::model_strategy const s = draw(d, of);
        st::batch_shape const batch{of.rows, of.sequence, 1 << d(3)};
        auto program = bare_program::lowered<Model, T>(s, batch);
        std::string const name = text_of(s, batch);
        CAPTURE(name);
        if (!program.says.legal()) {
            ++refused, ++why[program.says.what];
            if (std::getenv("WHY")) std::printf("%d %s\n", static_cast<int>(program.says.what), name.c_str());
            REQUIRE(refused < 50 * wanted);
            continue;
        }
        ++legal;
        different += s.exceptions > 0;
        recomputing += s.whole.recomputes;
        batches += batch.micro_batches > 1;
        outcome const o = train<T>(program, of);
        double const loss = apart(o.loss, one.loss), gradient = apart(o.gradients, one.gradients);
        double const weight = apart(o.weights, one.weights);
        CHECK(apart(o.norm, one.norm) <= bound);
        CHECK(loss <= bound);
        CHECK(gradient <= bound);
        if (std::is_same_v<T, double>) CHECK(weight <= 100 * bound);  // AdamW divides by gradients' own size
        CHECK(o.unequal == 0);
        CHECK(stages_are_the_layers(s, *program.built));
        CHECK(static_cast<double>(program.built->at.arena_bytes) <=
              1.05 * static_cast<double>(program.built->at.live_bytes));
        worst_loss = std::max(worst_loss, loss), worst_gradient = std::max(worst_gradient, gradient);
        worst_weight = std::max(worst_weight, weight);
    }
    std::printf(
        "%d strategies, %d treat layers differently, %d recompute all, %d have micro-batches; furthest from one "
        "rank: loss %.2g, gradient %.2g, weights after %d steps %.2g; %d draws are no legal program\n",
        legal, different, recomputing, batches, worst_loss, worst_gradient, of.steps, worst_weight, refused);
    for (auto const& [what, count] : why) std::printf("  code %d: %d\n", static_cast<int>(what), count);
}

}  // namespace strategies
