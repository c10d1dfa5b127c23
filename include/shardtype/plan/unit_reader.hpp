#pragma once

#include <shardtype/plan/class_core.hpp>

namespace shardtype::detail {

/// Reads every unit of a model by itself: each begins at a tensor of the residual stream.
struct unit_reader {
    graph& g;
    class_core& core;
    layout stream;  // what every unit but the first takes; of rank 0: what the first one gives
    short first_node[unit_list::max_units], end_node[unit_list::max_units], in[unit_list::max_units],
        last[unit_list::max_units];  // nodes and values of each
    short out, count;

    constexpr unit_reader(graph& into, class_core& found, layout const& between)
        : g(into), core(found), stream(between), first_node{}, end_node{}, in{}, last{}, out(-1), count(0) {}

    constexpr void open(char const* name) { g.scope.append(name); }
    constexpr void close() { g.scope.truncate(0); }
    constexpr void begin_block(int) {
        g.loop = ++g.loops;
        g.trips = {0, 1};
    }
    constexpr void end_block() {
        g.loop = 0;
        g.trips = {};
    }
    template <class Layer>
    constexpr void unit() {
        if (count == unit_list::max_units) return;
        unit_core& u = core.unit[count];
        first_node[count] = g.node_count;
        u.first_parameter = g.parameter_count;
        in[count] = count == 0 ? g.tokens : g.value(stream, true);
        ++count;
        u.legal = true;
        u.in_block = g.loop > 0;
        read<Layer>(u, in[count - 1]);
        if (stream.rank == 0 && u.legal) stream = g.at(out);
    }
    template <class Layer>
    constexpr void attach() {
        if (count > 0 && core.unit[count - 1].legal) read<Layer>(core.unit[count - 1], out);
    }

  private:
    template <class Layer>
    constexpr void read(unit_core& u, short x) {
        int const me = count - 1, scope = g.scope.size;
        short const values = g.value_count;
        double const flops = g.step_flops;
        out = last[me] = Layer::read(g, x);
        u.legal = g.ok() && out >= 0;
        end_node[me] = g.node_count;
        u.end_parameter = g.parameter_count;
        u.flops += g.step_flops - flops;
        if (u.legal) return;
        u.why = g.says.what;  // as if it had not been read
        g.node_count = end_node[me] = first_node[me];
        g.value_count = values;
        g.parameter_count = u.end_parameter = u.first_parameter;
        g.says = {}, g.failed_in = {}, g.instead = {};
        g.scope.truncate(scope);
        g.loss = -1;
    }
};

}  // namespace shardtype::detail
