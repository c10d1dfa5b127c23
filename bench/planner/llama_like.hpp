#pragma once

// Chains as large as a Llama's, made up from sizes and rates: what the search costs, not what a model costs.
#include <shardtype/search/chain_problem.hpp>

namespace planner_bench {

namespace st = shardtype;

struct model_size {
    long layers, dim, ffn, kv_share, vocabulary;  // kv_share: key and value columns, per thousand of dim
};
inline constexpr model_size llama_8b{32, 4096, 14336, 500, 128256};
inline constexpr model_size llama_70b{80, 8192, 28672, 250, 128256};
inline constexpr model_size llama_405b{126, 16384, 53248, 125, 128256};

/// Ways of one layer on `axes` mesh axes of 4 devices: an axis splits the batch or the tensors (the layout's bit).
struct layer_cost {
    long parameters, sequence, dim, flops_per_token, saved_per_token;
};

constexpr st::chain_option way(layer_cost const& l, int in, int out, int axes, int kind) {
    int batch_axes = 0;
    long rate = 394,
         far = 50;  // bytes a nanosecond, of the slowest axis that splits tensors, and of one that splits the batch
    for (int a = 0; a < axes; ++a) {
        batch_axes += ((out >> a) & 1) == 0;
        if (((out >> a) & 1) == 1) rate = a == 0 ? 394 : a == 1 ? 187 : 43;
        if (((out >> a) & 1) == 0) far = a == 0 ? 97 : a == 1 ? 71 : 50;
    }
    long const split = 1L << (2 * batch_axes), tensors = 1L << (2 * (axes - batch_axes));
    long const tokens = l.sequence * 64 / split;  // of this rank's part of the batch, before tensors are split
    bool const sharded = kind % 2 == 0, recomputed = kind / 2 == 1;
    long const flops = tokens * l.flops_per_token / tensors * (recomputed ? 4 : 3);
    long time = flops / 692'000;  // 0.7 of 989 TFLOP/s
    if (tensors > 1) time += 8 * (17'000 + 2 * tokens * l.dim * (tensors - 1) / tensors / rate);
    time += (sharded ? 3 : 2) * (30'000 + l.parameters * (sharded ? 2 : 4) / tensors * (split - 1) / split / far);
    long memory = l.parameters / 1024 * (sharded ? 16 : 18) / tensors / (sharded ? split : 1);
    memory += tokens * (recomputed ? 2 * l.dim : l.saved_per_token) / tensors / 1024;
    if (in != out) time += 29'000 + tokens * l.dim / 300 + 1'237 * in, memory += tokens / 64;
    return {static_cast<short>(in), static_cast<short>(out), time, memory + 1, 0};
}

/// `options` ways over `layouts` layouts: each layout kept in up to four ways, then ways that change it.
template <int Options>
constexpr st::chain_class<Options> layer(layer_cost const& l, int layouts) {
    int axes = 0;
    while ((1 << axes) < layouts) ++axes;
    st::chain_class<Options> c;
    for (int kind = 0; kind < 4; ++kind)
        for (int g = 0; g < layouts && c.count < Options * 2 / 3; ++g) c.add(way(l, g, g, axes, kind));
    for (int change = 1; change < layouts; ++change)
        for (int g = 0; g < layouts && c.count < Options; ++g)
            if ((g ^ change) < layouts) c.add(way(l, g, g ^ change, axes, change % 2 == 1 ? 0 : 2));
    return c;
}

/// Embedding, `positions` - 2 layers, head. The budget lies `share` thousandths of the way from 0 to the batch-only
/// plan's memory. `different`: every layer is a run of its own, and a little different.
template <int Layouts, int Options, int Positions, bool Different = false>
constexpr auto llama_like(model_size const& m, long share) {
    st::chain_problem<Layouts, Different ? Positions : 3, Options, Different ? Positions : 3, Positions> p;
    long const sequence = 8192, width = m.dim + m.dim * m.kv_share / 1000 + m.dim;
    layer_cost block{m.dim * width + 3 * m.dim * m.ffn, sequence, m.dim, 0, 0};
    block.flops_per_token = 2 * block.parameters + 2 * sequence * m.dim;
    block.saved_per_token = 12 * m.dim + 4 * m.dim * m.kv_share / 1000 + 7 * m.ffn;
    layer_cost const embedding{m.vocabulary * m.dim, sequence, m.dim, 2 * m.dim, 2 * m.dim};
    layer_cost const head{m.vocabulary * m.dim, sequence, m.dim, 2 * m.vocabulary * m.dim, 6 * m.vocabulary};
    p.repeat(p.add(layer<Options>(embedding, Layouts)));
    if constexpr (Different) {
        for (int i = 1; i < Positions - 1; ++i) {
            layer_cost own = block;
            own.flops_per_token += 1009L * i, own.saved_per_token += 3 * i;
            p.repeat(p.add(layer<Options>(own, Layouts)));
        }
    } else {
        p.repeat(p.add(layer<Options>(block, Layouts)), Positions - 2);
    }
    p.repeat(p.add(layer<Options>(head, Layouts)));
    for (int g = 0; g < Layouts; ++g)
        for (int h = 0; h < Layouts; ++h)
            if (g != h) p.redistribution[g][h].time = 24'000 + 8'192 * m.dim / 5 / (1 + (g ^ h)) + 311 * g;
    long most = 0;
    for (int r = 0; r < p.runs; ++r) {
        long largest = 0;
        for (int k = 0; k < Options; ++k) {
            long const memory = p.of[p.run[r].of].option[k].memory;
            largest = memory > largest ? memory : largest;
        }
        most += largest * p.run[r].count;
    }
    p.budget = most / 1000 * share;
    return p;
}

}  // namespace planner_bench
