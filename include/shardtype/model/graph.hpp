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
    static constexpr int max_values = 160, max_nodes = 160, max_parameters = 48;

    model_strategy strategy{};                      ///< of all layers
    placement_policy policy{};                      ///< of the layer being read
    dtype element = dtype::f32;                     ///< of stored parameters, gradients, sums
    dtype compute = dtype::f32;                     ///< of activations and used parameters
    int micro_batches = 1;                          ///< of a step; the graph is that of one
    graph_value values[max_values]{};               ///< by number
    node nodes[max_nodes]{};                        ///< in forward order
    parameter_record parameters[max_parameters]{};  ///< in the order of declaration
    /// Used of the arrays.
    short value_count = 0, node_count = 0, parameter_count = 0;
    /// The open repeat's number, and how many there were.
    short loop = 0, loops = 0;
    trip_range trips{};             ///< of the open repeat
    short region = 0, regions = 0;  ///< the open one that is recomputed, and how many there were
    unsigned named = 0;             ///< exceptions of the strategy that named a layer so far
    int parameter_names = 0;        ///< how many differ
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
    /// A path, and behind it the way from one layout to the next.
    static constexpr void add_path(conversion& path, layout const& from, layout const& to) {
        conversion const more = materialization(from, to, conversion::usual_hop_bytes);
        if (path.says.legal()) path.says = more.says;
        for (int h = 0; h < more.hops && path.hops < conversion::max_hops; ++h) path.path[path.hops++] = more.path[h];
        path.bytes += more.bytes;
        if (more.peak_bytes > path.peak_bytes) path.peak_bytes = more.peak_bytes;
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
        n.region = region;
        return n;
    }

    /// What a layer's scope changes, to be put back.
    struct outside {
        int name = 0;               ///< length of the scope
        placement_policy policy{};  ///< of the layers around
        short region = 0;           ///< open around
    };
    /// Begins a layer of this name: its strategy holds until `close_scope`.
    constexpr outside open_scope(char const* name, bool trip = false) {
        outside const was{scope.size, policy, region};
        scope.append(name);
        if (strategy.exceptions > 0) policy = strategy.within(policy, scope, trips, named);
        if (policy.twice >= 0) fail(code::roles_of_axes, policy.twice);
        bool const begins = trip || (!was.policy.recomputes && region == 0);
        if (!policy.recomputes)
            region = 0;
        else if (begins)
            region = ++regions;
        return was;
    }
    /// Ends it.
    constexpr void close_scope(outside const& was) {
        if (!ok()) return;  // the scope tells where
        scope.truncate(was.name);
        policy = was.policy;
        if (region != was.region) region = was.region == 0 ? short{0} : ++regions;
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
    /// x between layers, as this layer's strategy has it.
    constexpr short stream(short x) { return to_stream(x, false); }
    /// Into a tensor-parallel region: whole tokens, used on every rank of the axis.
    constexpr short enter(short x) { return to_stream(x, true); }
    constexpr short to_stream(short x, bool within) {
        if (loss >= 0) return fail(code::no_loss_at_the_end);
        return x < 0 ? -1 : redistribute(x, policy.stream(at(x), within));
    }
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
    constexpr void find_path(parameter_record& p) const {
        for (parameter_record const* q = parameters; q != &p; ++q)
            if (q->stored == p.stored && q->used == p.used && q->gathers_once == p.gathers_once) {
                p.path = q->path, p.once_hops = q->once_hops, p.deferred_hops = q->deferred_hops;
                return;
            }
        layout const deferred = policy.gathered(p.stored, role::sharded_optimizer);
        layout const kept = policy.gathered(deferred, role::sharded_gradients);
        if (p.gathers_once != 0) {
            add_path(p.path, p.stored, deferred);
            p.deferred_hops = p.path.hops;
            add_path(p.path, deferred, kept);
            p.once_hops = p.path.hops;
        }
        add_path(p.path, kept, p.used);
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
        p.stored = policy.stored(element, rank, extent, by, parts);
        p.used = policy.used(compute, rank, extent, by, parts);
        for (int a = 0; a < policy.axes; ++a)
            if (policy.splits_state(a) && policy.on[a] != role::fully_sharded && policy.axis_size[a] > 1)
                p.gathers_once |= 1U << a;
        p.init = init;
        p.number = parameter_names;
        p.first_layer = trips.first;
        p.layers = loop == 0 ? 1 : trips.end - trips.first;
        p.in_loop = loop != 0;
        p.loop = loop;
        for (short k = 0; k < parameter_count && trips.first > 0; ++k)  // another run of the same repeat
            if (detail::same_name(parameters[k].name, p.name)) p.number = parameters[k].number;
        if (p.number == parameter_names) ++parameter_names;
        if (fails(p.stored) || fails(p.used)) return -1;
        find_path(p);
        if (!p.path.says.legal()) return fail(p.path.says);
        return use(parameter_count++);
    }
    /// Another used copy of a parameter declared before, by its whole name; their gradients are summed. Outside of
    /// repeats. @pre it was declared, outside of a repeat and under the same strategy [ST-S620]
    constexpr short tied(char const* name) {
        if (!ok()) return -1;
        label wanted;
        wanted.append(name);
        for (short k = 0; k < parameter_count; ++k)
            if (detail::same_name(parameters[k].name, wanted) && loop == 0 && !parameters[k].in_loop) return use(k);
        return fail(code::tied_parameter);
    }
    /// The used copy of parameter k.
    constexpr short use(short k) {
        short const y = value(parameters[k].used, true);
        if (y < 0) return -1;
        values[y].parameter = k;
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
        short const table = value(policy.whole(element, 2, extent), false);
        if (table < 0) return -1;
        values[table].loop = 0;
        node& n = add_node<graph_operation::rotary_table>();
        n.out = table, n.number = theta;
        return table;
    }

    /// Opens a loop over the equal layers `of`; returns what its body reads.
    constexpr short loop_begin(short x, trip_range of) {
        if (!ok()) return -1;
        if (loop != 0) return fail(code::nested_repeat);
        if (of.end <= of.first || of.end > 32000) return fail(code::trips_of_repeat);
        if (!take(x)) return -1;
        trips = of;
        loop = ++loops;
        short const in = value(at(x), true);
        if (in < 0) return -1;
        node& n = add_node<graph_operation::loop_begin>();
        n.in[0] = x, n.out = in, n.number = of.end - of.first;
        return in;
    }
    /// The same for layers counted from 0.
    constexpr short loop_begin(short x, int count) { return loop_begin(x, trip_range{0, count}); }
    /// No exception of the strategy names trips from `count` on of the repeat called `scope`. [ST-S618]
    constexpr void check_trips(int count) {
        for (int e = 0; e < strategy.exceptions; ++e)
            if (detail::trips_named(strategy.except[e].layers, scope).end > count) fail_unknown(e);
    }
    /// Exception e of the strategy names no layer.
    constexpr void fail_unknown(int e) {
        if (ok()) scope = strategy.except[e].layers;
        fail(code::layers_unknown);
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
        n.in[0] = y, n.in[1] = x, n.in[2] = in, n.out = z, n.number = trips.end - trips.first;
        trips = {};
        return z;
    }
};

}  // namespace shardtype
