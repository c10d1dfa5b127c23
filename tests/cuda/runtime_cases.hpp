#pragma once

#include "../support/layouts.hpp"

#include <shardtype/train/trainer.hpp>

#include <vector>

/// Small trainings that the CPU and the GPU back end both do. Each is compiled apart from the other: one sees the fake of
/// CUDA, one the host's libraries.
namespace gpu_cases {

namespace st = shardtype;

struct size {
    static constexpr st::llama_config config{32, 2, 4, 4, 48, 64, 500000};
    using model = st::llama<config>;
    static constexpr st::batch_shape batch{8, 16};
};
template <class Layout, class T = double, class Size = size>
using job = layouts::job<Layout, Size, T>;

struct record {
    std::vector<double> loss, norm;
    double evaluated = 0;
};

constexpr int steps = 4;  // of each part of a step the second is recorded, the later ones are replays
template <class Trainer>
record train(Trainer& t) {
    record r;
    t.initialise(3);
    auto const row = [](long number, int* tokens, int* targets) {
        for (int i = 0; i < 16; ++i) tokens[i] = targets[i] = static_cast<int>((number * 7 + i * i) % 64);
    };
    for (int s = 0; s < steps; ++s) {
        st::step_numbers n;
        n.adamw.lr = 1e-2 / (s + 1);
        n.adamw.step = s + 1;
        n.max_norm = 0.5;
        auto const result = t.step(n, row);
        r.loss.push_back(result.loss);
        r.norm.push_back(result.gradient_norm);
        r.evaluated = t.evaluate(row);
    }
    return r;
}

template <class Layout>
struct bf16_job : job<Layout, float> {
    using compute = st::bf16;
};

using jobs =
    st::type_list<job<layouts::one>, job<layouts::fsdp_4_recompute>, job<layouts::tp_4>, job<layouts::fsdp_2_sp_4>,
                  job<layouts::zero1_2_sp_4>, job<layouts::hsdp_2_2_sp_2>, bf16_job<layouts::fsdp_2_sp_4>>;

/// What the CPU's threads make of job number k.
record on_cpu(int k);

}  // namespace gpu_cases
