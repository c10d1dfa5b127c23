#pragma once

#include <shardtype/model/node.hpp>

namespace shardtype {

/// A graph's values and operations, and the first error that was found while they were made.
struct graph_values {
    /// Room; more is [ST-S604].
    static constexpr int max_values = 320, max_nodes = 320;

    graph_value values[max_values]{};  ///< by number
    node nodes[max_nodes]{};           ///< in forward order
    short value_count = 0;             ///< used of `values`
    short node_count = 0;              ///< used of `nodes`
    short tokens = -1, targets = -1;   ///< the inputs [batch, sequence], as values
    short loss = -1;                   ///< the result, as a value
    short loop = 0;                    ///< the open repeat's number, 0 outside
    short region = 0;                  ///< the open one that is recomputed, 0 outside
    label scope{};                     ///< of the layer being read
    verdict says{};                    ///< the first error
    label failed_in{};                 ///< its layer
    model_advice instead{};            ///< what to write instead

    /// Whether all that was read so far is legal.
    constexpr bool ok() const { return says.legal(); }
    /// The layout of value v.
    constexpr layout const& at(short v) const { return values[v < 0 ? 0 : v].lay; }

    /// Keeps the first error, with the layer that it stands in.
    constexpr short fail(verdict v) {
        if (v.what == code::not_divisible || v.what == code::shard_dimension || v.what == code::extent_below_one)
            v.what = code::layer_not_divisible;
        if (ok()) says = v, failed_in.append(scope.data);  // g++ would print a copy as "head\000\000"
        return -1;
    }
    /// The same for an error that has no fix. It is about the axis of this number; -1: about none.
    constexpr short fail(code what, int axis = 0) {
        verdict v;
        v.what = what;
        v.axis = axis;
        return fail(v);
    }
    /// The same for an error that is about a name that was written, which is shown in the layer's place.
    constexpr short fail(code what, int axis, label const& name) {
        if (ok()) scope = name;
        return fail(what, axis);
    }
    /// The same for a layout that has a fault by itself. @return whether it has
    constexpr bool fails(layout const& x) {
        auto const fault = fault_of(x);
        if (fault.what == code::ok) return false;
        if (ok()) instead.extent = x.extent[fault.dim], instead.parts = x.parts(fault.dim);
        fail(fault.what, fault.axis);
        return true;
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
        n.region = region;
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
    /// Which of these values have no gradient, as a mask.
    template <class... Values>
    constexpr unsigned without_gradient(Values... operand) const {
        unsigned mask = 0, bit = 1;
        ((mask |= values[operand].differentiable ? 0U : bit, bit <<= 1U), ...);
        return mask;
    }
};

}  // namespace shardtype
