#pragma once

// The backward that the library derives, written out: one call for each redistribution's dual, one for each operand's
// gradient, sums where a value has several. Changed step by step it is what M2 mutates.

#include <set>

#include "mutation/programs.hpp"

namespace mutation {

/// The call that undoes one redistribution on gradients.
inline site dual_of(layout const& x, layout const& y, int axis) {
    placement const from = dual(y.on[axis]);
    placement to = dual(x.on[axis]);
    to.order = 0;
    call by = call::redistribute;
    if (from.is == kind::partial) by = to.is == kind::shard ? call::reduce_scatter : call::all_reduce;
    if (from.is == kind::shard) by = to.is == kind::shard ? call::all_to_all : call::all_gather;
    if (by == call::all_reduce && to.is == kind::partial) by = call::redistribute;
    return {by, axis, to};
}

/// The same program, its derived gradients written out.
inline program with_backward(program const& p) {
    program out;
    out.name = p.name + ", backward";
    out.axis_names = p.axis_names;
    out.sizes = p.sizes;
    out.values = p.values;
    auto const where = run(p).labels;
    std::map<int, std::vector<int>> parts;  // of each value's gradient
    std::map<int, int> gradient;
    auto const put = [&](statement s) {
        s.part = "backward";
        s.out = out.values++;
        out.statements.push_back(s);
        return s.out;
    };
    auto const whole = [&](int v) {
        std::vector<int>& g = parts[v];
        while (g.size() > 1) {
            if (where.at(v).rank != 3) throw std::logic_error("a sum of gradients that are not [b, s, h]");
            int const sum = put({verb::apply, -1, {g[0], g[1]}, "add"});
            g.erase(g.begin());
            g[0] = sum;
        }
        return g.empty() ? -1 : g[0];
    };
    std::map<int, int> renamed;
    for (std::size_t i = 0; i < p.statements.size(); ++i) {
        statement s = p.statements[i];
        if (s.is == verb::parameter_gradient) {
            renamed[s.out] = whole(s.in[0]);
            continue;
        }
        for (int& v : s.in)
            if (renamed.count(v) > 0) v = renamed[v];
        out.statements.push_back(s);
        if (s.is != verb::backward) continue;
        out.statements.back().part = "backward";
        parts[s.in[0]] = {s.out};
        for (std::size_t k = i; k-- > 0;) {
            statement const& f = p.statements[k];
            if (f.is != verb::apply && f.is != verb::move && f.is != verb::reshape && f.is != verb::declare) continue;
            int const dy = whole(f.out);
            if (dy < 0) continue;
            layout const& x = where.at(f.in[0]);
            if (f.is == verb::apply) {
                for (std::size_t o = 0; o < f.in.size(); ++o) {
                    if (rule_named(f.rule).is.is_constant(static_cast<int>(o))) continue;
                    statement g{verb::gradient, -1, {dy}, f.rule, static_cast<int>(o)};
                    g.in.insert(g.in.end(), f.in.begin(), f.in.end());
                    parts[f.in[o]].push_back(put(g));
                }
            } else if (f.is == verb::reshape) {
                parts[f.in[0]].push_back(put({verb::reshape, -1, {dy}, "", 0, {dtype::f32, written_of(x).extent, {}}}));
            } else if (f.is == verb::move) {
                parts[f.in[0]].push_back(
                    put({verb::move, -1, {dy}, "", 0, {}, {}, dual_of(x, where.at(f.out), f.how.axis)}));
            } else {
                parts[f.in[0]].push_back(dy);
            }
        }
    }
    return out;
}

/// How often each value is used by a gradient's way from the loss to the update, and by the norm.
inline std::map<std::pair<int, bool>, int> gradient_uses(program const& p) {
    std::map<std::pair<int, bool>, int> uses;
    std::set<std::vector<int>> operations;  // all gradients of an operation take the result's once
    for (statement const& s : p.statements) {
        if (s.part == "forward" || s.part == "loss" || s.is == verb::report || s.is == verb::backward) continue;
        if (s.is == verb::gradient && !operations.insert(s.in).second) continue;
        std::size_t const first = s.is == verb::update ? 1 : 0;
        std::size_t const last = s.is == verb::gradient || s.is == verb::clip ? 1 : s.in.size();
        for (std::size_t i = first; i < last; ++i) ++uses[{s.in[i], s.part == "clip"}];
    }
    return uses;
}

/// Does each gradient go where it goes in `original`, once? Types cannot see a summand that was left out; the library's
/// lowering counts them [ST-S617], and that each parameter is in one group of the norm.
inline bool counts_as(program const& original, program const& changed) {
    auto const wanted = gradient_uses(original), found = gradient_uses(changed);
    for (auto const& [key, n] : wanted) {
        auto const at = found.find(key);
        bool const deleted = changed.definition(key.first) == nullptr;
        if (!deleted && (at == found.end() || at->second != n)) return false;
    }
    for (auto const& [key, n] : found)
        if (key.first < original.values && wanted.count(key) == 0) return false;
    return true;
}

}  // namespace mutation
