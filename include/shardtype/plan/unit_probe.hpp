#pragma once

#include <shardtype/plan/step_cost.hpp>
#include <shardtype/plan/units.hpp>
#include <shardtype/schedule/lower.hpp>

namespace shardtype::detail {

constexpr long larger(long a, long b) { return a > b ? a : b; }

/// One unit, its activations split in one way: time of one micro-batch, bytes of one layer. Parameters are not in it but
/// as the copies that are used.
struct unit_core {
    bool legal = false;         ///< the rules take it
    code why = code::ok;        ///< or not
    short first_parameter = 0;  ///< of the graph: [first, end)
    short end_parameter = 0;    ///< behind the last
    double flops = 0;           ///< of products and attention over all ranks, in a step
    long kernels_forward = 0;   ///< ns
    long kernels_backward = 0;  ///< ns
    long moves_forward = 0;     ///< ns: collectives of activations
    long moves_backward = 0;    ///< ns: the same
    long stream = 0;            ///< ns: of these, what the residual addition takes
    long replay_kernels = 0;    ///< ns: forward once more, with its result
    long replay_moves = 0;      ///< ns: the same
    long last_kernels = 0;      ///< ns: forward once more, but for what only its result needs
    long last_moves = 0;        ///< ns: the same
    long saved = 0;             ///< bytes from forward to backward, the input and used parameters besides
    long input = 0;             ///< bytes of the input, if backward reads it
    long copies = 0;            ///< bytes of used parameters
    /// Bytes that live within forward or backward alone, at most; and where stored parameters are used as they are.
    /// @{
    long window_forward = 0, window_backward = 0;
    long stored_forward = 0, stored_backward = 0;
    /// @}
    /// Where collectives overlap: bytes that are still there when the next unit of the block begins, and what lives of
    /// this one while those of the one before are.
    /// @{
    long late_forward = 0, late_backward = 0;
    long early_forward = 0, early_backward = 0;
    /// @}
    bool in_block = false;  ///< of a repeat
};

/// A parameter of a unit.
struct unit_parameter {
    layout stored{};  ///< as probed: sharded by every axis that splits the batch
    layout used{};    ///< by the operations
    int uses = 0;     ///< how often it is gathered in a forward
    short as = -1;    ///< an earlier one that is equal in all of this; -1: none
};

/// All units, their activations split in one way.
struct class_core {
    static constexpr int max_parameters = 48;  ///< room

    unit_core unit[unit_list::max_units]{};      ///< as in the list
    unit_parameter parameter[max_parameters]{};  ///< of all of them
    layout stream{};                             ///< of the tensors between them
    long constants = 0;                          ///< bytes of tables and inputs
    unsigned tied = 0;                           ///< units that share a parameter, as a mask
    bool complete = true;                        ///< false: no room
};

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

/// What some steps cost.
struct time_of_steps {
    long kernels = 0;    ///< ns
    long moves = 0;      ///< ns: collectives
    long additions = 0;  ///< ns: of the kernels

    constexpr void add(cluster const& on, step const& s) {
        long const t = step_time(on, s);
        (is_communication(s) ? moves : kernels) += t;
        if (s.kernel == id_of<shardtype::kernels::add>) additions += t;
    }
};

}  // namespace shardtype::detail
