// A tiny training job of a user's project.
#pragma once

#include <cstdio>

#include <shardtype/runtime.hpp>

namespace st = shardtype;

constexpr st::llama_config config{.dim = 16, .layers = 1, .heads = 2, .kv_heads = 1, .ffn_dim = 32, .vocabulary = 128};

struct job {
    using mesh = st::mesh<st::dp_shard<2>>;
    using strategy = st::strategy<st::fsdp<st::dp_shard<2>>>;
    using model = st::llama<config>;
    static constexpr st::batch_shape batch{.global = 2, .sequence = 16};
};

/// It must learn.
inline auto const train = [](auto& trainer) {
    trainer.initialise(1);
    double first = 0, last = 0;
    for (long step = 1; step <= 3; ++step) {
        st::step_numbers numbers;
        numbers.adamw.lr = 1e-2;
        numbers.adamw.step = step;
        last = trainer
                   .step(numbers,
                         [](long row, int* tokens, int* targets) {
                             for (int i = 0; i < job::batch.sequence; ++i) {
                                 tokens[i] = static_cast<int>(row) + i;
                                 targets[i] = tokens[i] + 1;
                             }
                         })
                   .loss;
        if (step == 1) first = last;
    }
    if (trainer.rank() == 0) std::printf("the loss %s\n", last < first ? "falls" : "does not fall");
};
