#pragma once

#include <shardtype/schedule/kernels.hpp>
#include <shardtype/schedule/schedule.hpp>

namespace shardtype {

/// The scratch bytes that a kernel of the back end may use, from its step's name, dtype and dims.
using scratch_bound = long (*)(step const&);
/// The bytes beside its operands that a collective of the back end takes among so many ranks, from its step as above.
/// Null: none ever.
using room_bound = long (*)(step const&, int ranks);

/// Turns a graph into steps, and carries what forward leaves for backward. Gradients follow by reverse mode: each
/// value's gradient has a location; a location may be shared by several values (an addition gives both operands
/// the same gradient), and is added to in place only when nobody else still needs it.
struct lowerer {
    /// A buffer, at the slot of this trip or of one `shift` trips later. The default exists nowhere.
    struct location {
        short buffer = -1;                                     ///< its number
        short shift = 0;                                       ///< in trips
        constexpr bool exists() const { return buffer >= 0; }  ///< false for the default
    };
    /// Where a kernel writes a contribution to a gradient.
    struct target {
        location at{};                        ///< where
        accumulate mode = accumulate::write;  ///< how
        bool temporary = false;               ///< still to be added to the gradient
    };

    graph const& g;                                  ///< what is lowered
    schedule_builder& b;                             ///< what it becomes
    scratch_bound scratch;                           ///< of the back end
    room_bound room;                                 ///< of the back end
    bool replaying = false;                          ///< forward is made again, in backward
    location loss{};                                 ///< of this rank
    bool claimed[graph::max_parameters]{};           ///< something writes the parameter's gradient already
    location where[graph::max_values]{};             ///< forward values
    location regathered[graph::max_values]{};        ///< used copies of parameters, gathered again for backward
    location grad[graph::max_values]{};              ///< where each value's gradient lies now
    location carried{};                              ///< the gradient that the open backward loop carries
    short holders[schedule_builder::max_buffers]{};  ///< how many gradients share a buffer
    short contributions[graph::max_values]{};        ///< to each value's gradient so far
    short aux[graph::max_nodes][2]{};                ///< buffers that a node's forward leaves for its backward

    /// Keeps references to the graph and the builder.
    constexpr lowerer(graph const& graph_, schedule_builder& builder, scratch_bound bound, room_bound wants = nullptr)
        : g(graph_), b(builder), scratch(bound), room(wants) {
        // g++ 12 starts `grad` with zeros at run time once the same file has run this in a constant expression.
        for (int v = 0; v < graph::max_values; ++v) where[v] = regathered[v] = grad[v] = location{};
    }

    /// The layout of value v.
    constexpr layout const& lay(short v) const { return g.values[v].lay; }
    /// A new local buffer.
    constexpr location fresh(long bytes) { return {b.add_buffer(bytes), 0}; }
    /// Room for the forward value v.
    constexpr location make(short v) { return where[v] = fresh(lay(v).local_bytes()); }

    /// Emits a kernel step; operands in the order of the kernel's masks.
    template <class Kernel, int N>
    constexpr step& kernel(location const (&operand)[N], dtype type, int count = N) {
        step& s = b.add_step();
        s.kernel = id_of<Kernel>;
        s.reads = Kernel::reads;
        s.writes = Kernel::writes;
        s.type = type;
        s.args = static_cast<short>(count);
        for (int i = 0; i < count; ++i) {
            if (!operand[i].exists()) b.fail(code::used_by_nothing);
            s.arg[i] = {operand[i].exists() ? operand[i].buffer : short{0}, operand[i].shift, accumulate::write};
        }
        return s;
    }
    /// Asks the back end for the step's scratch, once its dims are known.
    constexpr void finish(step& s) {
        long const bytes = scratch(s);
        if (bytes > 0) s.scratch = b.add_buffer(bytes);
    }
    /// Emits a collective as its start, wait and finish on a slot of their own, with the room that the back end wants.
    template <class Kernel>
    constexpr void collective(int axis, location source, location to, long const* dim, int dims, dtype type,
                              accumulate mode = accumulate::write, bool gathers_parameter = false) {
        short const slot = b.at.slots++;
        location lent{};
        long lent_bytes = 0;
        for (int i = 0; i < 3; ++i) {
            location const operands[] = {source, to};
            step& s = kernel<Kernel>(operands, type);
            s.kind = i == 2              ? step_kind::collective_finish
                     : i == 1            ? step_kind::collective_wait
                     : gathers_parameter ? step_kind::materialize
                                         : step_kind::collective_start;
            s.axis = static_cast<signed char>(axis);
            s.slot = slot;
            s.arg[1].mode = mode;
            for (int d = 0; d < dims; ++d) s.dim[d] = dim[d];
            if (i == 0 && room != nullptr) lent_bytes = room(s, g.policy.axis_size[axis]);
            if (lent_bytes <= 0) continue;
            if (i == 0) lent = fresh(lent_bytes);
            s.args = 3;
            s.arg[2] = {lent.buffer, lent.shift, accumulate::write};
            s.dim[kernels::room_dim] = lent_bytes;
            s.writes |= i == 0 ? 0b100 : 0;
            s.reads |= i == 1 || (i == 2 && kernels::packs_into_room<Kernel>) ? 0b100 : 0;
        }
    }

    // ---- gradients ----
    /// Where backward leaves a parameter's gradient: where the optimiser takes it, or summed for a reduction once per step.
    constexpr target final_gradient(short parameter) const {
        scheduled_parameter const& p = b.parameters[parameter];
        accumulate const first = b.micro_batches ? accumulate::add_after_first : accumulate::write;
        return {{p.summed >= 0 ? p.summed : p.gradient, 0}, claimed[parameter] ? accumulate::add : first};
    }
    /// Does that need communication in backward, or is it the gradient of the used copy itself?
    static constexpr bool reduces(parameter_record const& p) {
        for (int h = p.deferred_hops; h < p.path.hops; ++h)
            if (p.stored.axis_size[p.path.path[h].axis] > 1) return true;
        return false;
    }
    /// The element type of v's gradient: that of the state for a parameter, whatever the used copy has.
    constexpr dtype gradient_type(short v) const { return g.values[v].parameter >= 0 ? g.element : lay(v).type; }
    /// Room for v's gradient.
    constexpr location fresh_gradient(short v) { return fresh(lay(v).local_count() * bytes_of(gradient_type(v))); }
    /// Whether a gradient flows to v.
    constexpr bool wants_gradient(short v) const { return g.values[v].differentiable; }

    /// Where to write the next contribution to v's gradient. Ops that can only write get a temporary when there is one
    /// already; `contribute` then adds it.
    constexpr target gradient_target(short v, bool can_add) {
        location const old = grad[v];
        short const p = g.values[v].parameter;
        if (!old.exists() && can_add && p >= 0 && !claimed[p] && !reduces(g.parameters[p])) {
            target const to = final_gradient(p);
            claimed[p] = true;
            return to;
        }
        if (!old.exists()) return {fresh_gradient(v), accumulate::write, false};
        if (can_add && holders[old.buffer] == 1) return {old, accumulate::add, false};
        return {fresh_gradient(v), accumulate::write, true};
    }
    /// Takes note that a kernel has written to t a contribution to v's gradient.
    constexpr void contribute(short v, target t) {
        ++contributions[v];
        if (t.mode == accumulate::add) return;
        if (grad[v].exists()) {  // also where an operation has v as several operands
            add_to_gradient(v, t.at, t.at);
        } else {
            hold(v, t.at);
        }
    }
    /// v's gradient is (also) what lies at `from`.
    constexpr void share_gradient(short v, location from) {
        if (!wants_gradient(v)) return;
        ++contributions[v];
        if (grad[v].exists()) {
            bool const alone = holders[grad[v].buffer] == 1;
            add_to_gradient(v, from, alone ? grad[v] : fresh_gradient(v));
        } else {
            hold(v, from);
        }
    }
    /// v's gradient has been used up.
    constexpr void drop_gradient(short v) {
        if (grad[v].exists()) --holders[grad[v].buffer];
        grad[v] = {};
    }

    /// v's gradient lies at `at` from here on.
    constexpr void hold(short v, location at) {
        grad[v] = at;
        ++holders[at.buffer];
    }
    /// Adds `from` to v's gradient: in place if nobody else needs the old sum, else into `elsewhere`.
    constexpr void add_to_gradient(short v, location from, location elsewhere) {
        location const old = grad[v];
        location const sum = holders[old.buffer] == 1 ? old : elsewhere;
        location const operands[] = {old, from, sum};
        kernel<kernels::add>(operands, gradient_type(v)).dim[0] = lay(v).local_count();
        --holders[old.buffer];
        hold(v, sum);
    }

    /// The forward value for a backward kernel: a parameter that was gathered in a loop is gathered again.
    constexpr location saved(short v);
};

/// How an operation becomes steps. Specialised for every rule and graph operation; a user's own rule adds its own:
/// `forward(lowerer&, node const&)` and `backward(lowerer&, node const&)`.
template <class Operation>
struct lowering;

}  // namespace shardtype
