#pragma once

// A typed program as data: what a user writes with the library's public names, statement by statement. From it come the
// C++ text (text.hpp), the run on numbers (interpreter.hpp) and the mutants (mutator.hpp).

#include <string>
#include <vector>

#include <shardtype/tensor/layout.hpp>

namespace mutation {

using namespace shardtype;

/// A placement as it is written: `shard<0, tp, dp>`.
struct group {
    kind is = kind::shard;
    int dim = 0;
    std::vector<int> axes;
};

/// A tensor type as it is written, token by token; perhaps not canonical, perhaps not a tensor.
struct written {
    dtype type = dtype::f32;
    std::vector<long> extent;
    std::vector<group> groups;
};

/// The canonical spelling of a layout.
inline written written_of(layout const& x) {
    written out;
    out.type = x.type;
    out.extent.assign(x.extent, x.extent + x.rank);
    for (int d = 0; d < x.rank; ++d) {
        group g{kind::shard, d, {}};
        for (int order = 0; order < x.shards(d); ++order) g.axes.push_back(x.axis_at(d, order));
        if (!g.axes.empty()) out.groups.push_back(g);
    }
    kind const rest[] = {kind::replicate, kind::partial};
    for (kind const k : rest) {
        group g{k, 0, {}};
        for (int a = 0; a < x.axes; ++a)
            if (x.on[a].is == k) g.axes.push_back(a);
        if (!g.axes.empty()) out.groups.push_back(g);
    }
    return out;
}

/// The layout that a spelling means: the first placement of an axis counts, as in `tensor`.
inline layout layout_of(written const& w, std::vector<int> const& sizes) {
    layout x;
    x.type = w.type;
    x.rank = static_cast<int>(w.extent.size());
    x.axes = static_cast<int>(sizes.size());
    for (int d = 0; d < x.rank; ++d) x.extent[d] = w.extent[static_cast<std::size_t>(d)];
    for (int a = 0; a < x.axes; ++a) x.axis_size[a] = sizes[static_cast<std::size_t>(a)];
    bool seen[max_axes]{};
    for (group const& g : w.groups) {
        placement p = g.is == kind::shard ? on_shard(g.dim) : placement{g.is, 0, 0};
        for (int const a : g.axes) {
            if (seen[a]) continue;
            seen[a] = true;
            if (g.is == kind::shard) p.order = static_cast<signed char>(x.shards(g.dim));
            x.on[a] = p;
        }
    }
    return x;
}

/// What the compiler has against the spelling itself.
inline code fault_of(written const& w, std::vector<int> const& sizes) {
    int last = -1;
    bool canonical = true, seen[max_axes]{};
    for (group const& g : w.groups) {
        int const key = g.is == kind::shard ? g.dim : g.is == kind::replicate ? 1000 : 1001;
        canonical = canonical && key > last;
        last = key;
        for (int const a : g.axes) {
            if (seen[a]) return code::axis_placed_twice;
            seen[a] = true;
        }
    }
    layout const x = layout_of(w, sizes);
    auto const fault = shardtype::fault_of(x);
    if (fault.what == code::shard_dimension) return fault.what;
    if (!canonical || written_of(x).groups.size() != w.groups.size()) return code::not_canonical;
    auto const canon = written_of(x);
    for (std::size_t i = 0; i < w.groups.size(); ++i)
        if (canon.groups[i].axes != w.groups[i].axes) return code::not_canonical;
    return fault.what;
}

/// The call at a redistribution site.
enum class call : unsigned char { all_reduce, all_gather, reduce_scatter, all_to_all, redistribute };

struct site {
    call by = call::redistribute;
    int axis = 0;
    placement to{};
    std::vector<int> more{};  ///< further axes of a shard's list: `shard<0, axis, more...>`
};

enum class verb : unsigned char {
    input,               ///< a tensor of the type `type`
    parameter,           ///< stored as `type`, used as `used`; the value is the used copy
    apply,               ///< an operation by its rule
    reshape,             ///< the same elements under the extents of `type`
    move,                ///< a redistribution
    declare,             ///< `type y = x`: an intermediate's declared type
    backward,            ///< backward_from the loss: here the gradients are derived
    parameter_gradient,  ///< of the used copy in[0], as backward derives it
    reduce_gradient,     ///< the library's dual of materialize, of parameter in[0] and gradient in[1]
    gradient,            ///< one operand's gradient: in[0] the result's, then the operation's operands
    square_sum,          ///< of gradients that are split alike
    global_norm,         ///< of sums of squares
    clip,                ///< of a gradient by a norm
    update,              ///< of parameter in[0] by gradient in[1]
    report               ///< the value is a result: its numbers count
};

struct statement {
    verb is = verb::input;
    int out = -1;         ///< the value that it defines
    std::vector<int> in;  ///< values
    std::string rule{};   ///< of apply and gradient
    int operand = 0;      ///< of gradient: whose
    written type{};
    written used{};
    site how{};
    int classes = 0;  ///< of an input of ids
    /// What this statement is there for; mutants are counted by it.
    std::string part = "forward";
};

struct program {
    std::string name;
    std::vector<std::string> axis_names;
    std::vector<int> sizes;
    std::vector<statement> statements;
    int values = 0;

    int add(statement s) {
        s.out = values++;
        statements.push_back(s);
        return s.out;
    }
    statement const* definition(int value) const {
        for (statement const& s : statements)
            if (s.out == value) return &s;
        return nullptr;
    }
};

/// What a scalar of doubles is to the norm; its element type.
enum class norm_part : unsigned char { none, squares, root };

inline norm_part norm_part_of(program const& p, int value) {
    statement const* s = p.definition(value);
    if (s == nullptr) return norm_part::none;
    if (s->is == verb::square_sum) return norm_part::squares;
    if (s->is == verb::global_norm) return norm_part::root;
    return s->is == verb::move ? norm_part_of(p, s->in[0]) : norm_part::none;
}

inline char const* name_of(call c) {
    switch (c) {
        case call::all_reduce:
            return "all_reduce";
        case call::all_gather:
            return "all_gather";
        case call::reduce_scatter:
            return "reduce_scatter";
        case call::all_to_all:
            return "all_to_all";
        default:
            return "redistribute";
    }
}

}  // namespace mutation
