#pragma once

#include <shardtype/model/graph_scopes.hpp>
#include <shardtype/model/nearest_name.hpp>
#include <shardtype/model/parameter_route.hpp>

namespace shardtype {

/// What a parameter is to its layer; the last part of its name.
enum class parameter_kind : unsigned char { weight, bias };

/// The parameters that layers declare, and the used copies that their operations take.
struct graph_parameters : graph_scopes {
    static constexpr int max_parameters = 128;  ///< room; more is [ST-S604]

    dtype element = dtype::f32;                     ///< of stored parameters, gradients, sums
    dtype compute = dtype::f32;                     ///< of activations and used parameters
    parameter_record parameters[max_parameters]{};  ///< in the order of declaration
    short parameter_count = 0;                      ///< used of them
    int parameter_names = 0;                        ///< how many differ

    /// Declares the parameter `scope.name.weight`, or `.bias`, and returns its used copy. The tensor axes split it into at
    /// most `parts` parts.
    constexpr short parameter(char const* name, int rank, long const* extent, split by, initialiser init,
                              parameter_kind is = parameter_kind::weight, long parts = placement_policy::any_parts) {
        if (!ok()) return -1;
        if (loss >= 0) return fail(code::no_loss_at_the_end);
        if (parameter_count == max_parameters) return fail(code::capacity);
        parameter_record& p = parameters[parameter_count];
        p.name = scope;
        p.layer_size = scope.size;
        if (*name != 0) p.name.append(name);
        p.name.append(is == parameter_kind::weight ? "weight" : "bias");
        if (p.name.cut) return fail(code::capacity);
        p.stored = policy.stored(element, rank, extent, by, parts);
        p.used = policy.used(compute, rank, extent, by, parts);
        p.init = init;
        p.number = parameter_names;
        p.first_layer = trips.first;
        p.layers = loop == 0 ? 1 : trips.end - trips.first;
        p.in_loop = loop != 0;
        p.loop = loop;
        if (trips.first > 0) {  // another run of the same repeat
            short const before = find_parameter(p.name);
            if (before >= 0) p.number = parameters[before].number;
        }
        if (p.number == parameter_names) ++parameter_names;
        if (fails(p.stored) || fails(p.used)) return -1;
        find_path(p);
        if (!p.path.says.legal()) return fail(p.path.says);
        return use(parameter_count++);
    }
    /// Another used copy of a parameter declared before, by its whole name, in a layer that splits it `by`; the gradients
    /// of all uses are summed. @pre it was declared, neither it nor this use is in a repeat, and this layer's strategy
    /// uses it as that of its own layer does: over each axis both split it, or neither [ST-S620]
    constexpr short tied(char const* name, split by) {
        if (!ok()) return -1;
        label wanted;
        wanted.append(name);
        short const k = find_parameter(wanted);
        if (k < 0) {
            detail::nearest_name nearest(wanted);
            for (short other = 0; other < parameter_count; ++other)
                if (!parameters[other].in_loop) nearest.consider(parameters[other].name);
            instead.name = nearest.found;
        }
        if (k < 0 || parameters[k].in_loop || loop != 0) return fail(code::tied_parameter, -1, wanted);
        layout const& there = parameters[k].used;
        layout const here = policy.used(there.type, there.rank, there.extent, by);
        for (int a = 0; a < policy.axes; ++a)
            if (!(here.on[a] == there.on[a])) return fail(code::tied_parameter, a, wanted);
        return use(k);
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

  private:
    /// The first one of this name, or -1.
    constexpr short find_parameter(label const& name) const {
        for (short k = 0; k < parameter_count; ++k)
            if (detail::same_name(parameters[k].name, name)) return k;
        return -1;
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
    /// From stored to used, searched once for all parameters that lie alike: compilers count the steps of a constant.
    constexpr void find_path(parameter_record& p) const {
        unsigned const once = detail::axes_gathered_once(policy);
        layout const deferred = policy.gathered(p.stored, role::sharded_optimizer);
        for (parameter_record const* q = parameters; q != &p; ++q)
            if (q->stored == p.stored && q->used == p.used && q->gathers_once == once &&
                (once == 0 || q->after(q->deferred_hops) == deferred)) {
                p.path = q->path, p.once_hops = q->once_hops, p.deferred_hops = q->deferred_hops;
                p.gathers_once = once;
                return;
            }
        detail::find_route(p, policy);
    }
};

}  // namespace shardtype
