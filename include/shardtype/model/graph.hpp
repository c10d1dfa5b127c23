#pragma once

#include <shardtype/model/conversion_cache.hpp>
#include <shardtype/model/node.hpp>
#include <shardtype/model/strategy.hpp>
#include <shardtype/rules/infer.hpp>
#include <shardtype/rules/operations.hpp>
#include <shardtype/rules/reshaping.hpp>

namespace shardtype {

/// A model read under a strategy: the typed program of one step's forward. The backward follows from it.
/// The first illegal operation is kept in `says`, with the layer that it stands in; the rest is then ignored. Layers
/// know values by their numbers; a member that gives one gives -1 once something is wrong.
/// @snippet 05_chain.cpp layer
struct graph {
    /// Room; more is [ST-S604].
    static constexpr int max_values = 96, max_nodes = 96, max_parameters = 32;

    placement_policy policy{};                      ///< the strategy
    dtype compute = dtype::f32;                     ///< element type of activations
    graph_value values[max_values]{};               ///< by number
    node nodes[max_nodes]{};                        ///< in forward order
    parameter_record parameters[max_parameters]{};  ///< in the order of declaration
    /// Used of the arrays.
    short value_count = 0, node_count = 0, parameter_count = 0;
    /// The open repeat's number, and how many there were.
    short loop = 0, loops = 0;
    short loop_trips = 0;  ///< of the open repeat
    /// The inputs [batch, sequence] and the result, as values.
    short tokens = -1, targets = -1, loss = -1;
    conversion_cache conversions{};  ///< searched for so far
    double step_flops = 0;           ///< of matrix products and attention, forward and backward, over the whole mesh
    label scope{};                   ///< of the layer being read
    label failed_in{};               ///< the layer of `says`
    verdict says{};                  ///< the first error
    model_advice instead{};          ///< what to write instead

    /// Whether all that was read so far is legal.
    constexpr bool ok() const { return says.legal(); }
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
    /// The layout of value v.
    constexpr layout const& at(short v) const { return values[v < 0 ? 0 : v].lay; }

    /// Keeps the first error, with the layer that it stands in.
    constexpr short fail(verdict v) {
        if (v.what == code::not_divisible || v.what == code::shard_dimension || v.what == code::extent_below_one)
            v.what = code::layer_not_divisible;
        if (ok()) says = v, failed_in = scope;
        return -1;
    }
    /// The same for a layout that has a fault by itself. @return whether it has
    constexpr bool fails(layout const& x) {
        auto const fault = fault_of(x);
        if (fault.what == code::ok) return false;
        if (ok()) instead.extent = x.extent[fault.dim], instead.parts = x.parts(fault.dim);
        fail(fault.what, fault.axis);
        return true;
    }
    /// The same for an error that has no fix.
    constexpr short fail(code what, int axis = 0) {
        verdict v;
        v.what = what;
        v.axis = axis;
        return fail(v);
    }
    /// A new value.
    constexpr short value(layout const& lay, bool has_gradient) {
        if (loss >= 0) return fail(code::no_loss_at_the_end);
        if (value_count == max_values) return fail(code::capacity);
        values[value_count] = {lay, has_gradient, -1, loop, false};
        return value_count++;
    }
    /// A new operation, whose operands and result the caller fills in.
    template <class Operation>
    constexpr node& add_node() {
        if (node_count == max_nodes) {
            fail(code::capacity);
            return nodes[max_nodes - 1];
        }
        node& n = nodes[node_count];
        n.operation = id_of<Operation>;
        n.id = node_count++;
        return n;
    }

    /// Marks a value as used. Only a repeat's own input and result cross its border; constants are made once for all.
    constexpr bool take(short v) {
        if (!ok() || v < 0) return false;
        values[v].used = true;
        bool const shared = values[v].loop == 0 && !values[v].differentiable;
        if (values[v].loop != loop && !shared) fail(code::across_repeat);
        return ok();
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
            if (ok()) instead.change = suggest_fix(r, in, result.says);
            fail(result.says);
            failed_in.append(Rule::name);
            return -1;
        }
        if (fails(result.result)) return -1;
        short const y = value(result.result, differentiable(result.result.type));
        if (y < 0) return -1;
        node& n = add_node<Rule>();
        int i = 0;
        ((n.in[i++] = operand), ...);
        n.out = y;
        step_flops += flops(Rule::value, in) * (1 + Rule::value.backward) * (loop == 0 ? 1 : loop_trips);
        return y;
    }

    /// Which of these values have no gradient, as a mask.
    template <class... Values>
    constexpr unsigned without_gradient(Values... operand) const {
        unsigned mask = 0, bit = 1;
        ((mask |= values[operand].differentiable ? 0U : bit, bit <<= 1U), ...);
        return mask;
    }

    /// x as `target` lays it out, by the cheapest conversion; x itself if it lies so already.
    constexpr short redistribute(short x, layout const& target) {
        if (!take(x)) return -1;
        conversion const path = conversions.find(at(x), target, values[x].differentiable);
        if (!path.says.legal()) return fail(path.says);
        for (int h = 0; h < path.hops && ok(); ++h) x = hop(x, path.path[h]);
        return x;
    }
    /// The same for one axis.
    constexpr short redistribute(short x, int axis, placement to) {
        return x < 0 ? -1 : redistribute(x, placed(at(x), axis, to));
    }
    /// Into a tensor-parallel region: whole tokens, used on every rank of the axis.
    constexpr short enter(short x) {
        if (x < 0) return -1;
        layout target = at(x);
        for (int a = 0; a < policy.axes; ++a)
            if (policy.splits_weights(a)) target = placed(target, a, policy.inside());
        return redistribute(x, target);
    }
    /// Out of it: sums are made, the sequence split again if the strategy says so.
    constexpr short leave(short x) {
        if (x < 0) return -1;
        layout target = at(x);
        for (int a = 0; a < policy.axes; ++a)
            if (policy.splits_weights(a)) target = placed(target, a, policy.between(a));
        return redistribute(x, target);
    }
    /// x under another global shape [ST-R311], [ST-R312].
    template <class... Extents>
    constexpr short reshape(short x, Extents... e) {
        if (!take(x)) return -1;
        long const extent[] = {static_cast<long>(e)...};
        auto const result = shardtype::reshape(at(x), static_cast<int>(sizeof...(e)), extent);
        if (!result.says.legal()) return fail(result.says);
        short const y = value(result.result, values[x].differentiable);
        if (y < 0) return -1;
        node& n = add_node<graph_operation::reshape>();
        n.in[0] = x, n.out = y;
        return y;
    }

    /// One collective of a conversion.
    constexpr short hop(short x, conversion::hop const& by) {
        layout after = at(x);
        after.on[by.axis] = by.to;
        values[x].used = true;
        short const y = value(after, values[x].differentiable);
        if (y < 0) return -1;
        node& n = add_node<graph_operation::redistribute>();
        n.in[0] = x, n.out = y, n.axis = by.axis, n.to = by.to, n.by = by.by;
        return y;
    }

    /// From stored to used, searched once for all parameters that lie alike: compilers count the steps of a constant.
    constexpr conversion path_of(parameter_record const& p) const {
        for (parameter_record const* q = parameters; q != &p; ++q)
            if (q->stored == p.stored && q->used == p.used) return q->path;
        return materialization(p.stored, p.used, conversion::usual_hop_bytes);
    }
    /// Declares a parameter here and returns its used copy. The tensor axes split it into at most `parts` parts.
    constexpr short parameter(char const* name, int rank, long const* extent, split by, initialiser init,
                              long parts = placement_policy::any_parts) {
        if (!ok()) return -1;
        if (loss >= 0) return fail(code::no_loss_at_the_end);
        if (parameter_count == max_parameters) return fail(code::capacity);
        parameter_record& p = parameters[parameter_count];
        p.name = scope;
        if (*name != 0) p.name.append(name);
        p.name.append("weight");
        if (p.name.cut) return fail(code::capacity);
        p.stored = policy.stored(compute, rank, extent, by, parts);
        p.used = policy.used(compute, rank, extent, by, parts);
        p.init = init;
        p.layers = loop == 0 ? 1 : loop_trips;
        p.in_loop = loop != 0;
        if (fails(p.stored) || fails(p.used)) return -1;
        p.path = path_of(p);
        if (!p.path.says.legal()) return fail(p.path.says);
        short const y = value(p.used, true);
        if (y < 0) return -1;
        values[y].parameter = parameter_count++;
        node& n = add_node<graph_operation::materialize>();
        n.out = y;
        return y;
    }
    /// The table of rotary angles [seq, head_dim], made once at set-up and shared by all layers that ask for the same.
    constexpr short rotary_table(long seq, long head_dim, long theta) {
        if (!ok()) return -1;
        for (short i = 0; i < node_count; ++i) {
            node const& n = nodes[i];
            if (n.operation == id_of<graph_operation::rotary_table> && n.number == theta &&
                at(n.out).extent[0] == seq && at(n.out).extent[1] == head_dim)
                return n.out;
        }
        long const extent[] = {seq, head_dim};
        short const table = value(policy.whole(compute, 2, extent), false);
        if (table < 0) return -1;
        values[table].loop = 0;
        node& n = add_node<graph_operation::rotary_table>();
        n.out = table, n.number = theta;
        return table;
    }

    /// Opens a loop over equal layers; returns what its body reads.
    constexpr short loop_begin(short x, int trips) {
        if (!ok()) return -1;
        if (loop != 0) return fail(code::nested_repeat);
        if (trips < 1 || trips > 32000) return fail(code::trips_of_repeat);
        if (!take(x)) return -1;
        loop_trips = static_cast<short>(trips);
        loop = ++loops;
        short const in = value(at(x), true);
        if (in < 0) return -1;
        node& n = add_node<graph_operation::loop_begin>();
        n.in[0] = x, n.out = in, n.number = trips;
        return in;
    }
    /// Closes it: the body's result y is the next trip's input, and after the last trip the loop's result.
    constexpr short loop_end(short x, short in, short y) {
        if (!ok()) return -1;
        if (!take(y)) return -1;
        for (int a = 0; a < policy.axes; ++a)
            if (!(at(x).on[a] == at(y).on[a])) return fail(code::repeat_changes_layout, a);
        if (!(at(x) == at(y))) return fail(code::repeat_changes_layout, 0);
        loop = 0;
        short const z = value(at(y), true);
        if (z < 0) return -1;
        node& n = add_node<graph_operation::loop_end>();
        n.in[0] = y, n.in[1] = x, n.in[2] = in, n.out = z, n.number = loop_trips;
        loop_trips = 0;
        return z;
    }
};

}  // namespace shardtype
