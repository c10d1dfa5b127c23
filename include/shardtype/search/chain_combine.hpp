#pragma once

#include <shardtype/search/chain_problem.hpp>

namespace shardtype {

/// A class made of two: `first[k]` and `second[k]` are the numbers of the options that option k stands for.
template <int Options>
struct combined_class {
    chain_class<Options> options{};  ///< of both together
    short first[Options]{};          ///< the first's option, per option
    short second[Options]{};         ///< the second's

    /// Adds a pair, unless another pair with the same layouts is no worse in time, memory and window.
    constexpr void add(chain_option const& one, int i, int j) {
        int kept = 0;
        for (int k = 0; k < options.count; ++k) {
            chain_option const& o = options.option[k];
            if (o.in == one.in && o.out == one.out && o.time <= one.time && o.memory <= one.memory &&
                o.window <= one.window)
                return;
        }
        for (int k = 0; k < options.count; ++k) {
            chain_option const o = options.option[k];
            if (o.in == one.in && o.out == one.out && o.time >= one.time && o.memory >= one.memory &&
                o.window >= one.window)
                continue;
            options.option[kept] = o, first[kept] = first[k], second[kept] = second[k];
            ++kept;
        }
        options.count = kept;
        options.add(one);
        if (kept < Options) first[kept] = static_cast<short>(i), second[kept] = static_cast<short>(j);
    }
};

/// Two layers that take one tensor and give tensors of one layout (query and key; gate and up): a Minkowski sum.
/// They run one after the other, so of their windows the larger counts. `Options` is the room for what is left.
template <int Options, int A, int B>
constexpr combined_class<Options> siblings(chain_class<A> const& a, chain_class<B> const& b) {
    combined_class<Options> both;
    both.options.complete = a.complete && b.complete;
    for (int i = 0; i < a.count; ++i)
        for (int j = 0; j < b.count; ++j) {
            chain_option const &x = a.option[i], &y = b.option[j];
            if (x.in == y.in && x.out == y.out && x.allowed && y.allowed)
                both.add({x.in, x.out, x.time + y.time, x.memory + y.memory, x.window > y.window ? x.window : y.window},
                         i, j);
        }
    return both;
}

/// Two layers, one behind the other, as one: what is between them is eliminated.
template <int Options, int A, int B, int Layouts>
constexpr combined_class<Options> in_series(chain_class<A> const& a, chain_class<B> const& b,
                                            chain_edge const (&redistribution)[Layouts][Layouts]) {
    combined_class<Options> both;
    both.options.complete = a.complete && b.complete;
    for (int i = 0; i < a.count; ++i)
        for (int j = 0; j < b.count; ++j) {
            chain_option const &x = a.option[i], &y = b.option[j];
            chain_edge const& between = redistribution[x.out][y.in];
            if (!x.allowed || !y.allowed || between.time >= unreachable) continue;
            long const window = x.window > y.window ? x.window : y.window;
            both.add({x.in, y.out, x.time + between.time + y.time, x.memory + y.memory,
                      between.window > window ? between.window : window},
                     i, j);
        }
    return both;
}

/// A layer whose input is added to its output: the skipped tensor is redistributed to the layer's out layout.
template <int Options, int Layouts>
constexpr chain_class<Options> with_skip(chain_class<Options> a, chain_edge const (&redistribution)[Layouts][Layouts]) {
    for (int k = 0; k < a.count; ++k) {
        chain_option& o = a.option[k];
        chain_edge const& skip = redistribution[o.in][o.out];
        o.allowed = o.allowed && skip.time < unreachable;
        o.time += skip.time < unreachable ? skip.time : 0;
        o.window = skip.window > o.window ? skip.window : o.window;
    }
    return a;
}

}  // namespace shardtype
