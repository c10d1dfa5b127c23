#pragma once

#include <doctest/doctest.h>

#include "layouts.hpp"
#include "whole_tensors.hpp"

#include <shardtype/optim/learning_rate.hpp>
#include <shardtype/train/corpus.hpp>
#include <shardtype/train/safetensors.hpp>
#include <shardtype/train/trainer.hpp>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>

/// The float64 reference run that the library is compared with: start weights, tokens, losses, gradients of step 1, end
/// weights; made by an independent program, kept in a folder of tests/data.
namespace gold {

struct size {
    static constexpr st::llama_config config{64, 2, 4, 4, 192, 256, 500000};
    using model = st::llama<config>;
    static constexpr st::batch_shape batch{8, 64};
};
template <class Layout>
using job = layouts::job<Layout, size>;

using tensors = std::map<std::string, std::vector<float>>;

struct reference {
    st::corpus tokens;
    tensors start, gradients, end;
    std::vector<double> loss, norm;
    st::learning_rate rate;
    st::batch_shape batch;
    double eps;

    int steps() const { return static_cast<int>(loss.size()); }
    st::step_numbers numbers(int step) const {
        st::step_numbers n;
        n.adamw.lr = rate.at(step);
        n.adamw.step = step + 1;
        n.adamw.beta1 = 0.9;
        n.adamw.beta2 = 0.95;
        n.adamw.eps = eps;
        n.adamw.weight_decay = 0.1;
        n.max_norm = 1.0;
        return n;
    }
};

inline tensors all_of(std::string const& path) {
    auto const file = st::tensor_file::read(path);
    tensors all;
    for (auto const& [name, entry] : file.entries) all[name] = file.floats(name);
    return all;
}

inline reference load(std::string const& name = "gold_mha") {
    std::string const folder = SHARDTYPE_TEST_DATA "/" + name + "/";
    auto const run = nlohmann::json::parse(std::ifstream(folder + "run.json"));
    reference r{st::corpus::from_path(folder + "tokens.bin"),
                all_of(folder + "start.safetensors"),
                all_of(folder + "grads.safetensors"),
                all_of(folder + "end.safetensors"),
                run["loss"].get<std::vector<double>>(),
                run["grad_norm"].get<std::vector<double>>(),
                {},
                {run["config"]["batch"].get<long>(), run["config"]["seq"].get<long>()},
                run["optimizer"]["eps"].get<double>()};
    r.rate.steps = r.steps();
    auto const rates = run["optimizer"]["lr_per_step"].get<std::vector<double>>();
    for (int s = 0; s < r.steps(); ++s)
        if (std::abs(r.rate.at(s) / rates[static_cast<std::size_t>(s)] - 1) > 1e-12)
            throw std::runtime_error("the learning rate of step " + std::to_string(s) + " is not the reference's");
    return r;
}

/// What all ranks of a run saw.
struct outcome {
    std::mutex mutex;
    std::vector<std::vector<double>> loss, norm;  ///< [step][in any order, one per rank]
    whole_tensors gradients, weights;

    void note(int step, st::step_result const& r) {
        std::lock_guard const lock(mutex);
        auto const n = static_cast<std::size_t>(step) + 1;
        if (loss.size() < n) loss.resize(n), norm.resize(n);
        loss[n - 1].push_back(r.loss);
        norm[n - 1].push_back(r.gradient_norm);
    }
};

/// Fills everything that a step has to write before it reads it with NaN.
inline void poison(st::walker const& w) {
    st::schedule_view const& s = w.program().schedule;
    for (short k = 0; k < s.buffer_count; ++k) {
        st::buffer const& b = s.buffers[k];
        bool const written_each_step = b.is == st::buffer_class::local || b.is == st::buffer_class::input ||
                                       b.is == st::buffer_class::report || b.is == st::buffer_class::gradient;
        if (!written_each_step || (b.is == st::buffer_class::local && b.first < 0)) continue;
        for (int slot = 0; slot < b.period; ++slot)
            std::memset(w.at<char>(k, slot), 0xff, static_cast<std::size_t>(b.bytes));
    }
}

/// One rank's share of a run: start weights in, `steps` steps by `step(numbers, row)`, everything noted in `o`.
template <class Step>
void train(st::walker& w, reference const& r, int steps, outcome& o, bool poisoned, Step step) {
    for_each_parameter(w, [&](int k, int layer, st::parameter_record const& p) {
        auto const& from = r.start.at(name_of(p, layer));
        st::write_parameter<float>(w, k, layer, [&](float* to) {
            st::for_each_run(p.stored, w.context().coordinate, [&](long global, long local, long count) {
                for (long i = 0; i < count; ++i) to[local + i] = from[static_cast<std::size_t>(global + i)];
            });
        });
    });
    for (int s = 0; s < steps; ++s) {
        if (poisoned) poison(w);
        o.note(s, step(r.numbers(s), [&](long row, int* tokens, int* targets) {
                   r.tokens.row(s, row, r.batch.global, r.batch.sequence, tokens, targets);
               }));
        if (s == 0) o.gradients.add_gradients<float>(w);
    }
    o.weights.add_weights<float>(w);
}

/// How far a run is from the reference.
struct verdict {
    difference loss, norm, gradient, weight;
    long unequal = 0;

    // Plain float32 on one device is within 1e-7 of the losses and 4e-7 of the tensors.
    bool loss_holds() const { return loss.worst <= 2e-6; }
    bool gradient_holds() const { return gradient.worst <= 1e-5; }
    bool weight_holds() const { return weight.worst <= 1e-5; }
    bool norm_holds() const { return norm.worst <= 1e-5; }
    bool ranks_agree() const { return unequal == 0; }
};

template <class V>
verdict judge(outcome const& o, reference const& r, std::map<std::string, V> const& end) {
    verdict v;
    for (std::size_t s = 0; s < o.loss.size(); ++s) {
        for (double x : o.loss[s]) v.loss.note(std::abs(x / r.loss[s] - 1), "step " + std::to_string(s + 1));
        for (double x : o.norm[s]) v.norm.note(std::abs(x / r.norm[s] - 1), "step " + std::to_string(s + 1));
    }
    v.gradient = o.gradients.from(r.gradients);
    v.weight = o.weights.from(end);
    v.unequal = o.gradients.unequal() + o.weights.unequal();
    return v;
}

/// Prints how far a run is from the reference, and holds it to its bounds: on so many ranks, of so many steps and weights.
inline void check_verdict(char const* name, outcome const& o, verdict const& v, int ranks, std::size_t steps,
                          std::size_t weights) {
    std::printf("%-42s worst: loss %.2g, norm %.2g, gradient %.2g (%s), end weight %.2g (%s)\n", name, v.loss.worst,
                v.norm.worst, v.gradient.worst, v.gradient.at.c_str(), v.weight.worst, v.weight.at.c_str());
    REQUIRE(o.loss.size() == steps);
    CHECK(o.loss[0].size() == static_cast<std::size_t>(ranks));
    CHECK(o.weights.count() == weights);
    CHECK(v.loss_holds());
    CHECK(v.norm_holds());
    CHECK(v.gradient_holds());
    CHECK(v.weight_holds());
    CHECK(v.unequal == 0);
}

}  // namespace gold
