#pragma once

#include <shardtype/base/initial.hpp>
#include <shardtype/model/conversion_cache.hpp>
#include <shardtype/model/graph_parameters.hpp>
#include <shardtype/rules/infer.hpp>
#include <shardtype/rules/operations.hpp>
#include <shardtype/rules/reshaping.hpp>

namespace shardtype {

/// A model read under a strategy: the typed program of one step's forward. The backward follows from it.
/// The first illegal operation is kept in `says`, with the layer that it stands in; the rest is then ignored. Layers
/// know values by their numbers; a member that gives one gives -1 once something is wrong.
/// @snippet 05_chain.cpp layer
struct graph : graph_parameters {
    int micro_batches = 1;           ///< of a step; the graph is that of one
    conversion_cache conversions{};  ///< searched for so far
    double step_flops = 0;           ///< of matrix products and attention, forward and backward, over the whole mesh

    /// Nothing read.
    template <class Room = graph_parameters>  // so that it is made where one is used
    constexpr graph() : graph_parameters(detail::initial<Room>) {}

    /// Ids that every embedding has a row for and the loss a column.
    constexpr long vocabulary() const {
        long least = 1L << 31;
        for (short i = 0; i < node_count; ++i) {
            node const& n = nodes[i];
            long rows = least;
            if (n.operation == id_of<rules::embedding>) rows = at(n.in[1]).extent[0];
            if (n.operation == id_of<rules::cross_entropy>) rows = at(n.in[0]).extent[2];
            if (rows < least) least = rows;
        }
        return least;
    }

    /// An operation by its rule. @return its result, or -1 once something is wrong.
    template <class Rule, class... Values>
    constexpr short apply(Values... operand) {
        static_assert(sizeof...(Values) == Rule::value.operands);
        if (!(true && ... && take(operand))) return -1;
        layout const in[] = {at(operand)...};
        rule const r = Rule::value.with_constants(without_gradient(operand...));
        auto const result = infer(r, in);
        if (!result.says.legal()) {
            if (ok()) instead.change = suggest_fix(r, in, result.says), instead.misfit = shape_fault_of(r, in);
            fail(result.says);
            failed_in.append(Rule::name);
            return -1;
        }
        int w = 0;
        if ((false || ... || mixes(operand, r.is_weight(w++)))) {
            fail(code::wide_gradient, -1);
            failed_in.append(Rule::name);
            return -1;
        }
        if (fails(result.result)) return -1;
        layout made = result.result;
        if (made.rank == 0) made.type = wide_of(made.type);  // a sum over all tokens
        short const y = value(made, differentiable(made.type));
        if (y < 0) return -1;
        node& n = add_node<Rule>();
        int i = 0;
        ((n.in[i++] = operand), ...);
        n.out = y;
        step_flops += flops(Rule::value, in) * (1 + Rule::value.backward) * (loop == 0 ? 1 : trips.end - trips.first) *
                      micro_batches;
        return y;
    }
    /// x under another global shape [ST-R311], [ST-R312].
    template <class... Extents>
    constexpr short reshape(short x, Extents... e) {
        if (!take(x)) return -1;
        if (mixes(x, false)) return fail(code::wide_gradient, -1);
        long const extent[] = {static_cast<long>(e)...};
        auto const result = shardtype::reshape(at(x), static_cast<int>(sizeof...(e)), extent);
        if (!result.says.legal()) return fail(result.says);
        short const y = value(result.result, values[x].differentiable);
        if (y < 0) return -1;
        node& n = add_node<graph_operation::reshape>();
        n.in[0] = x, n.out = y;
        return y;
    }

    /// x as `target` lays it out, by the cheapest conversion; x itself if it lies so already.
    constexpr short redistribute(short x, layout const& target) {
        if (!take(x)) return -1;
        conversion const path = conversions.find(at(x), target, values[x].differentiable);
        if (!path.says.legal()) return fail(path.says);
        for (int h = 0; h < path.hops && ok(); ++h) x = hop(x, path.path[h]);
        return x;
    }
    /// x behind one collective of a conversion.
    constexpr short hop(short x, conversion::hop const& by) {
        if (mixes(x, false)) return fail(code::wide_gradient, -1);
        layout after = at(x);
        after.on[by.axis] = by.to;
        values[x].used = true;
        short const y = value(after, values[x].differentiable);
        if (y < 0) return -1;
        node& n = add_node<graph_operation::redistribute>();
        n.in[0] = x, n.out = y, n.axis = by.axis, n.to = by.to, n.by = by.by;
        return y;
    }
    /// The same for one axis.
    constexpr short redistribute(short x, int axis, placement to) {
        return x < 0 ? -1 : redistribute(x, placed(at(x), axis, to));
    }
    /// x between layers, as this layer's strategy has it.
    constexpr short stream(short x) { return to_stream(x, false); }
    /// Into a tensor-parallel region: whole tokens, used on every rank of the axis. First as this layer's strategy has it
    /// between layers: so what lies between two layers depends on these two alone.
    constexpr short enter(short x) { return to_stream(stream(x), true); }
    /// y where x lies, if they lie differently between layers and no sum is still to be made.
    constexpr short beside(short y, short x) {
        if (x < 0 || y < 0 || at(x) == at(y) || !same_extents(at(x), at(y))) return y;
        for (int a = 0; a < policy.axes; ++a)
            if (at(y).on[a].is != kind::invariant && !(at(y).on[a].is == kind::shard && at(y).on[a].dim < 2)) return y;
        return redistribute(y, at(x));
    }
    /// Out of it: sums are made, the sequence split again if the strategy says so.
    constexpr short leave(short x) {
        if (x < 0) return -1;
        layout target = at(x);
        for (int a = 0; a < policy.axes; ++a)
            if (policy.splits_weights(a)) target = placed(target, a, policy.between(a));
        return redistribute(x, target);
    }

  private:
    /// Whether v's gradient would be of the state's type where an operation takes that of activations, or the contrary.
    constexpr bool mixes(short v, bool as_weight) const {
        return compute != element && values[v].differentiable && (values[v].parameter >= 0) != as_weight;
    }
    constexpr short to_stream(short x, bool within) {
        if (loss >= 0) return fail(code::no_loss_at_the_end);
        return x < 0 ? -1 : redistribute(x, policy.stream(at(x), within));
    }
};

}  // namespace shardtype
