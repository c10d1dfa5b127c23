#pragma once

// The programs that are mutated.

#include "mutation/interpreter.hpp"
#include <shardtype/model/llama.hpp>
#include <shardtype/model/read.hpp>

namespace mutation {

/// Writes a program down, one call a line.
class writer {
  public:
    writer(std::string name, std::vector<std::string> axes, std::vector<int> sizes) {
        p_.name = std::move(name);
        p_.axis_names = std::move(axes);
        p_.sizes = std::move(sizes);
    }
    using extents = std::vector<long>;
    using groups = std::vector<group>;

    int input(extents e, groups g) {
        return put({verb::input, -1, {}, "", 0, {dtype::f32, std::move(e), std::move(g)}});
    }
    int ids(extents e, groups g, int classes) {
        statement s{verb::input, -1, {}, "", 0, {dtype::i32, std::move(e), std::move(g)}};
        s.classes = classes;
        return put(s);
    }
    int parameter(extents const& e, groups stored, groups used) {
        statement s{
            verb::parameter, -1, {}, "", 0, {dtype::f32, e, std::move(stored)}, {dtype::f32, e, std::move(used)}};
        parameters_.push_back(put(s));
        return parameters_.back();
    }
    int apply(std::string rule, std::vector<int> in) { return put({verb::apply, -1, std::move(in), std::move(rule)}); }
    int reshape(int x, extents e) { return put({verb::reshape, -1, {x}, "", 0, {dtype::f32, std::move(e), {}}}); }
    int move(int x, call by, int axis, placement to) {
        return put({verb::move, -1, {x}, "", 0, {}, {}, {by, axis, to}});
    }
    /// To a shard of dimension `dim` over this list of axes.
    int split_over(int x, int dim, std::vector<int> const& axes) {
        site how{call::redistribute, axes[0], on_shard(dim), {axes.begin() + 1, axes.end()}};
        return put({verb::move, -1, {x}, "", 0, {}, {}, std::move(how)});
    }
    int declare(int x, extents e, groups g, dtype t = dtype::f32) {
        return put({verb::declare, -1, {x}, "", 0, {t, std::move(e), std::move(g)}});
    }
    void report(int x) { put({verb::report, -1, {x}}); }
    int put(statement s) {
        s.part = part;
        if (s.is == verb::report || s.is == verb::update) {
            p_.statements.push_back(s);
            return -1;
        }
        return p_.add(s);
    }

    /// The loss summed over the ranks and reported, backward, the parameters' gradients reduced by calls of their own,
    /// their global norm, clip and update.
    /// @param reductions for each parameter, in order; the library's reduce_gradient where it is empty
    void train(int loss, std::vector<std::vector<site>> const& reductions) {
        labels();
        part = "forward";
        put({verb::backward, -1, {loss}});
        optimizer(reductions, {});
        report_loss(loss);
    }
    void report_loss(int loss) {
        part = "loss";
        layout x = labels().at(loss);
        int whole = loss;
        for (int a = 0; a < x.axes; ++a)
            if (x.on[a].is == kind::partial) whole = move(whole, call::all_reduce, a, on_invariant);
        report(declare(whole, {}, {}));
    }
    /// @param gradients of the used copies, by parameter; those that verb::backward derives if empty
    void optimizer(std::vector<std::vector<site>> const& reductions, std::vector<int> const& gradients) {
        part = "optimizer";
        std::vector<int> reduced;
        for (std::size_t i = 0; i < parameters_.size(); ++i) {
            int const p = parameters_[i];
            int g = gradients.empty() ? put({verb::parameter_gradient, -1, {p}}) : gradients[i];
            if (reductions[i].empty() && gradients.empty()) g = put({verb::reduce_gradient, -1, {p, g}});
            for (site const& by : reductions[i]) g = move(g, by.by, by.axis, by.to);
            reduced.push_back(g);
        }
        part = "clip";
        std::map<int, layout> const where = labels();
        std::map<unsigned, std::vector<int>> by_group;
        for (int const g : reduced) {
            unsigned mask = 0;
            for (int a = 0; a < where.at(g).axes; ++a)
                if (where.at(g).on[a].is == kind::shard) mask |= 1U << static_cast<unsigned>(a);
            by_group[mask].push_back(g);
        }
        std::vector<int> squares;
        for (auto const& [mask, members] : by_group) {
            int sum = put({verb::square_sum, -1, members});
            for (unsigned a = 0; a < p_.sizes.size(); ++a)
                if ((mask >> a & 1U) != 0) sum = move(sum, call::all_reduce, static_cast<int>(a), on_invariant);
            squares.push_back(sum);
        }
        int const norm = put({verb::global_norm, -1, squares});
        report(norm);
        part = "optimizer";
        for (std::size_t i = 0; i < parameters_.size(); ++i)
            put({verb::update, -1, {parameters_[i], put({verb::clip, -1, {reduced[i], norm}})}});
    }
    std::map<int, layout> labels() const { return run(p_).labels; }
    std::vector<int> const& parameters() const { return parameters_; }
    program const& written() const { return p_; }

    std::string part = "forward";

  private:
    program p_;
    std::vector<int> parameters_;
};

inline group split(int dim, std::vector<int> axes) { return {kind::shard, dim, std::move(axes)}; }
inline group used_on(std::vector<int> axes) { return {kind::replicate, 0, std::move(axes)}; }

/// Example 04 with a data axis and a loss: two linear layers, the first split by columns, the second by rows.
inline program column_row(bool by_library) {
    enum { dp, tp };
    writer w(by_library ? "two layers, dp 3 x tp 2" : "two layers, dp 2 x tp 3", {"dp", "tp"},
             by_library ? std::vector<int>{3, 2} : std::vector<int>{2, 3});
    int const x = w.input({6, 2, 12}, {split(0, {dp})});
    int const targets = w.ids({6, 2}, {split(0, {dp})}, 12);
    int const w1 = w.parameter({18, 12}, {split(0, {tp})}, {split(0, {tp}), used_on({dp})});
    int const w2 = w.parameter({12, 18}, {split(1, {tp})}, {split(1, {tp}), used_on({dp})});
    int const inside = w.move(x, call::redistribute, tp, on_replicate);
    int const h = w.declare(w.apply("linear", {inside, w1}), {6, 2, 18}, {split(0, {dp}), split(2, {tp})});
    int const y = w.move(w.apply("linear", {h, w2}), call::all_reduce, tp, on_invariant);
    int const loss = w.apply("cross_entropy", {y, targets});
    site const over_dp{call::all_reduce, dp, on_invariant};
    w.train(loss,
            by_library ? std::vector<std::vector<site>>{{}, {}} : std::vector<std::vector<site>>{{over_dp}, {over_dp}});
    return w.written();
}

/// Example 02: shards gathered, the whole is the result.
inline program shard_and_gather() {
    enum { dp, tp };
    writer w("example 02, dp 2 x tp 3", {"dp", "tp"}, {2, 3});
    int const columns = w.input({12, 6}, {split(1, {tp})});
    w.report(w.declare(w.move(columns, call::all_gather, tp, on_invariant), {12, 6}, {}));
    int const block = w.input({12, 6}, {split(0, {dp}), split(1, {tp})});
    int const rows = w.move(block, call::all_gather, tp, on_replicate);
    w.report(w.declare(w.move(rows, call::all_gather, dp, on_replicate), {12, 6}, {used_on({dp, tp})}));
    int const nested = w.input({12, 6}, {split(0, {tp, dp})});
    int const quarter = w.move(nested, call::all_gather, dp, on_replicate);
    w.report(w.declare(w.move(quarter, call::all_gather, tp, on_replicate), {12, 6}, {used_on({dp, tp})}));
    return w.written();
}

/// Lists of two axes: a whole is split, a list gets another order, one axis named alone stays at its place.
inline program lists_of_axes() {
    enum { dp, tp };
    writer w("lists of axes, dp 2 x tp 3", {"dp", "tp"}, {2, 3});
    auto const whole = [&](int x, int minor, int major) {
        int const half = w.move(x, call::all_gather, minor, on_replicate);
        w.report(w.declare(w.move(half, call::all_gather, major, on_replicate), {12, 6}, {used_on({dp, tp})}));
    };
    whole(w.split_over(w.input({12, 6}, {}), 0, {tp, dp}), dp, tp);
    int const nested = w.input({12, 6}, {split(0, {tp, dp})});
    whole(w.declare(w.split_over(nested, 0, {dp, tp}), {12, 6}, {split(0, {dp, tp})}), tp, dp);
    w.report(w.declare(w.split_over(nested, 0, {tp}), {12, 6}, {split(0, {tp, dp})}));
    return w.written();
}

/// Example 03: a norm after a row-parallel layer.
inline program norm_after_rows() {
    enum { dp, tp };
    writer w("example 03, dp 2 x tp 3", {"dp", "tp"}, {2, 3});
    int const hidden = w.input({4, 2, 18}, {split(0, {dp}), split(2, {tp})});
    int const down = w.parameter({12, 18}, {split(1, {tp})}, {split(1, {tp}), used_on({dp})});
    int const gain = w.parameter({12}, {}, {used_on({dp})});
    int const y = w.apply("linear", {hidden, down});
    w.report(w.apply("rms_norm", {w.move(y, call::redistribute, tp, on_invariant), gain}));
    return w.written();
}

/// A graph of the library as a program: what a user would write by hand for it.
inline program of_graph(graph const& g, std::string name, std::vector<std::string> axes) {
    std::vector<int> sizes(g.policy.axis_size, g.policy.axis_size + g.policy.axes);
    writer w(std::move(name), std::move(axes), sizes);
    if (!g.ok()) throw std::logic_error(w.written().name + ": the model is refused");
    std::map<short, int> value;
    for (short const v : {g.tokens, g.targets})
        value[v] = w.put({verb::input, -1, {}, "", 0, written_of(g.at(v)), {}, {}, static_cast<int>(g.vocabulary())});
    std::vector<std::vector<site>> reductions;
    for (short i = 0; i < g.node_count; ++i) {
        node const& n = g.nodes[i];
        std::vector<int> in;
        for (short const v : n.in)
            if (v >= 0) in.push_back(value.at(v));
        layout const& y = g.at(n.out);
        auto const is = [&](unsigned id) { return n.operation == id; };
        int out = -1;
        if (is(id_of<graph_operation::materialize>)) {
            parameter_record const& p = g.parameters[g.values[n.out].parameter];
            out = w.parameter(written_of(p.stored).extent, written_of(p.stored).groups, written_of(p.used).groups);
            reductions.emplace_back();
            for (int h = p.path.hops - 1; h >= 0; --h) {
                auto const& hop = p.path.path[h];
                bool const scatters = hop.from.is == kind::shard;
                reductions.back().push_back({scatters ? call::reduce_scatter : call::all_reduce, hop.axis, hop.from});
            }
        } else if (is(id_of<graph_operation::redistribute>)) {
            call const by = n.by == collective::all_reduce       ? call::all_reduce
                            : n.by == collective::all_gather     ? call::all_gather
                            : n.by == collective::reduce_scatter ? call::reduce_scatter
                            : n.by == collective::all_to_all     ? call::all_to_all
                                                                 : call::redistribute;
            placement to = n.to;
            to.order = 0;
            out = w.move(in[0], by, n.axis, to);
        } else if (is(id_of<graph_operation::reshape>)) {
            out = w.reshape(in[0], written_of(y).extent);
        } else if (is(id_of<graph_operation::rotary_table>)) {
            out = w.input(written_of(y).extent, written_of(y).groups);
        } else {
            char const* const names[] = {"linear",    "embedding", "rms_norm", "rotary",
                                         "attention", "swiglu",    "add",      "cross_entropy"};
            unsigned const ids[] = {id_of<rules::linear>, id_of<rules::embedding>,    id_of<rules::rms_norm>,
                                    id_of<rules::rotary>, id_of<rules::attention>,    id_of<rules::swiglu>,
                                    id_of<rules::add>,    id_of<rules::cross_entropy>};
            std::string rule;
            for (std::size_t k = 0; k < std::size(ids); ++k)
                if (is(ids[k])) rule = names[k];
            out = w.apply(rule, in);
        }
        value[n.out] = out;
    }
    w.train(value.at(g.loss), reductions);
    return w.written();
}

struct data_axis final : axis<2> {};
struct tensor_axis final : axis<3> {};
struct wide_data_axis final : axis<3> {};
struct narrow_tensor_axis final : axis<2> {};

/// Six query heads on three or two kv heads of two columns, one block.
template <long KvHeads>
using small_llama = chain<
    named<"tok_embeddings", embedding<36, 12>>,
    llama_block<llama_config{.dim = 12, .layers = 1, .heads = 6, .kv_heads = KvHeads, .ffn_dim = 18, .vocabulary = 36}>,
    named<"norm", rms_norm>, named<"output", linear<36>>, cross_entropy>;

/// The Llama step under three strategies.
struct llama_program {
    graph is;
    program written;
};
template <long KvHeads, class Mesh, class Strategy>
llama_program llama_of(std::string name, batch_shape batch, std::vector<std::string> axes) {
    graph const g = read_model<small_llama<KvHeads>>(policy<Mesh, Strategy>, batch, dtype::f32);
    return {g, of_graph(g, std::move(name), std::move(axes))};
}
inline std::vector<llama_program> llamas() {
    using two_three = mesh<data_axis, tensor_axis>;
    using three_two = mesh<wide_data_axis, narrow_tensor_axis>;
    return {llama_of<3, two_three, strategy<fsdp<data_axis>, sequence_parallel<tensor_axis>>>(
                "llama, fsdp 2 x sequence 3", {.global = 2, .sequence = 6}, {"dp", "tp"}),
            llama_of<2, three_two, strategy<ddp<wide_data_axis>, tensor_parallel<narrow_tensor_axis>>>(
                "llama, ddp 3 x tensor 2", {.global = 3, .sequence = 4}, {"dp", "tp"}),
            llama_of<2, three_two, strategy<ddp<wide_data_axis>, fsdp<narrow_tensor_axis>>>(
                "llama, ddp 3 x fsdp 2", {.global = 6, .sequence = 4}, {"dp_replicate", "dp_shard"})};
}

}  // namespace mutation
