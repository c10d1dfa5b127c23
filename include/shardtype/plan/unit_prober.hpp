#pragma once

#include <shardtype/plan/class_core.hpp>

namespace shardtype::detail {

/// Lowers the units of a graph, each by itself, forward and backward, and adds up what its steps cost.
template <class Operations>
struct unit_prober {
    static constexpr int max_buffers = 256, max_steps = 512;  // of one unit

    // Zeros where nothing was seen: g++ 12 begins arrays of what begins otherwise with zeros at run time once the same file
    // has run this in a constant expression.
    struct use {
        short first = 0, last = 0;
        bool any = false;
        constexpr void at(short i) {
            if (!any) first = i;
            any = true;
            last = i;
        }
    };
    struct buffer_uses {
        use forward{}, backward{};
        bool read_later = false;  // by backward
        bool copy = false;        // of a parameter
        bool gradient = false;    // of one, on its way to its reduction
    };

    graph const& g;
    schedule_builder& b;
    lowerer& l;
    cluster const& on;
    short base = 0, middle = 0, end = 0, buffers = 0;  // steps [base, middle) and [middle, end); the first buffer
    bool of_parameter[max_steps];
    buffer_uses uses[max_buffers];

    // g++ 12 spoils default member initializers of arrays for run time where the same is a constant, too
    constexpr unit_prober(graph const& of, schedule_builder& into, lowerer& by, cluster const& where)
        : g(of), b(into), l(by), on(where), of_parameter{}, uses{} {}

    constexpr void lower(short first, short last, bool backward) {
        for (short i = first; i < last; ++i) {
            node const& n = g.nodes[backward ? last - 1 - (i - first) : i];
            if (at_set_up(n)) continue;
            short const before = b.step_count;
            lower_node(Operations{}, l, n, backward);
            if (b.step_count - base > max_steps) return;
            bool const parameter = n.operation == id_of<graph_operation::materialize>;
            for (short k = before; k < b.step_count; ++k) {
                step const& s = b.steps[k];
                bool const gathers = s.kind == step_kind::materialize ||
                                     s.kernel == id_of<shardtype::kernels::cast_to_bf16> ||
                                     s.kernel == id_of<shardtype::kernels::resize>;
                of_parameter[k - base] = parameter || gathers;
                for (int a = 0; parameter && backward && a < s.args; ++a)
                    if (((s.reads >> a) & 1U) != 0 && s.arg[a].buffer >= buffers &&
                        s.arg[a].buffer - buffers < max_buffers)
                        uses[s.arg[a].buffer - buffers].gradient = true;
                for (int a = 0; a < s.args; ++a)
                    if (((parameter && !backward) || gathers) && ((s.writes >> a) & 1U) != 0 &&
                        s.arg[a].buffer >= buffers && s.arg[a].buffer - buffers < max_buffers)
                        uses[s.arg[a].buffer - buffers].copy = true;
            }
        }
    }
    constexpr void find_uses() {
        for (short i = base; i < end; ++i) {
            step const& s = b.steps[i];
            for (int a = 0; a < s.args; ++a) {
                if (!s.uses(a) || s.arg[a].buffer < buffers) continue;
                buffer_uses& q = uses[s.arg[a].buffer - buffers];
                (i < middle ? q.forward : q.backward).at(i);
                if (i >= middle && ((s.reads >> a) & 1U) != 0) q.read_later = true;
            }
            if (s.scratch >= buffers)
                (i < middle ? uses[s.scratch - buffers].forward : uses[s.scratch - buffers].backward).at(i);
        }
    }
    /// Where collectives overlap, their finish comes behind the wait of the next on their axis, and products for weights'
    /// gradients wait for one to run beside: until then what these read is there. @return bytes that outlast the steps,
    /// if the block goes on
    constexpr long stretch_uses(short from, short to, bool goes_on) {
        long late = 0;
        bool filled[max_steps]{};
        // Collectives with which the next unit begins, and of this one's norm, behind its last product.
        int const axes = tensor_axes();
        int free = !goes_on || axes == 0 ? 0 : 2 * axes - (b.micro_batches ? 0 : 1);
        for (short i = to; i-- > from;) {
            step const& s = b.steps[i];
            bool const finishes = s.kind == step_kind::collective_finish;
            if (of_parameter[i - base] || (!finishes && s.kernel != id_of<shardtype::kernels::linear_weight_gradient>))
                continue;
            short until = -1;
            for (short k = static_cast<short>(i + 1); k < to && until < 0; ++k) {
                step const& t = b.steps[k];
                if (of_parameter[k - base] || t.slot < 0) continue;
                if (finishes && t.kind == step_kind::collective_wait && t.axis == s.axis) until = k;
                if (finishes || t.kind != step_kind::collective_start || filled[k - base]) continue;
                filled[k - base] = true, until = static_cast<short>(k + 1);
            }
            bool const outlasts = until < 0;
            if (outlasts && !finishes && free-- <= 0) continue;
            if (outlasts) until = static_cast<short>(to - 1);
            for (int a = 0; a < (finishes ? 1 : s.args); ++a) {
                if (((s.reads >> a) & 1U) == 0 || s.arg[a].buffer < buffers) continue;
                buffer_uses& q = uses[s.arg[a].buffer - buffers];
                use& now = from == base ? q.forward : q.backward;
                if (until > now.last) now.last = until;
                if (outlasts && goes_on && !(q.forward.any && q.backward.any))
                    late += align_up(b.buffers[s.arg[a].buffer].bytes);
            }
        }
        return late;
    }
    constexpr int tensor_axes() const {
        int n = 0;
        for (int a = 0; a < g.policy.axes; ++a) n += !g.policy.splits_batch(a) && g.policy.axis_size[a] > 1 ? 1 : 0;
        return n;
    }
    /// Behind the first collective on each tensor axis.
    constexpr short begun(short from, short to) const {
        unsigned seen = 0;
        int left = tensor_axes();
        for (short i = from; i < to; ++i) {
            step const& s = b.steps[i];
            if (left == 0) return i;
            if (of_parameter[i - base] || s.kind != step_kind::collective_wait || ((seen >> s.axis) & 1U) != 0)
                continue;
            seen |= 1U << s.axis, --left;
        }
        return to;
    }
    constexpr time_of_steps time_between(short from, short to) const {
        time_of_steps t;
        for (short i = from; i < to; ++i)
            if (!of_parameter[i - base]) t.add(on, b.steps[i]);
        return t;
    }
    /// The steps of forward that make again what backward reads, and `result` if it is a buffer.
    constexpr time_of_steps time_of_replay(short result) const {
        time_of_steps t;
        bool needed[max_buffers]{};
        for (short k = 0; k < b.buffer_count - buffers; ++k) needed[k] = uses[k].read_later;
        if (result >= buffers) needed[result - buffers] = true;
        for (short i = static_cast<short>(middle - 1); i >= base; --i) {
            step const& s = b.steps[i];
            bool live = false;
            for (int a = 0; a < s.args; ++a)
                live = live ||
                       (((s.writes >> a) & 1U) != 0 && s.arg[a].buffer >= buffers && needed[s.arg[a].buffer - buffers]);
            for (int a = 0; live && a < s.args; ++a)
                if (s.arg[a].buffer >= buffers) needed[s.arg[a].buffer - buffers] = true;
            if (live && !of_parameter[i - base]) t.add(on, s);
        }
        return t;
    }
    /// The most bytes that live in one direction and not beyond it, up to a step.
    constexpr long window_between(short from, bool with_copies, short upto) const {
        long change[max_steps + 1]{};
        bool const backward = from == middle;
        for (short k = 0; k < b.buffer_count - buffers; ++k) {
            buffer_uses const& q = uses[k];
            if (q.forward.any && q.backward.any) continue;
            use const& at = backward ? q.backward : q.forward;
            if (!at.any || (q.copy && !with_copies) || (q.gradient && on.on.overlaps)) continue;
            long const bytes = align_up(b.buffers[buffers + k].bytes);
            change[at.first - from] += bytes;
            change[at.last - from + 1] -= bytes;
        }
        long now = 0, most = 0;
        for (short i = 0; i < upto - from; ++i) {
            now += change[i];
            if (now > most) most = now;
        }
        return most;
    }
    /// A unit of the nodes [first, last), from value `in` to value `out`.
    constexpr void probe(unit_core& u, short first, short last, short in, short out, bool begins_block,
                         bool ends_block) {
        b.open(1, false, segment_kind::forward);
        base = b.step_count;
        buffers = b.buffer_count;
        bool const begins = in != g.tokens;
        if (begins) l.where[in] = l.fresh(g.at(in).local_bytes());
        lower(first, last, false);
        middle = b.step_count;
        short const result = l.where[out].buffer;
        if (out != g.loss) l.hold(out, l.fresh_gradient(out));
        lower(first, last, true);
        end = b.step_count;
        if (!b.says.legal() || end - base > max_steps || b.buffer_count - buffers > max_buffers) {
            u.legal = false;
            u.why = b.says.legal() ? code::capacity : b.says.what;
            b.says = {};
            return;
        }
        find_uses();
        if (on.on.overlaps) {
            u.late_forward = stretch_uses(base, middle, !ends_block),
            u.late_backward = stretch_uses(middle, end, !begins_block);
            u.early_forward = window_between(base, false, begun(base, middle));
            u.early_backward = window_between(middle, false, begun(middle, end));
        }
        time_of_steps const f = time_between(base, middle), r = time_between(middle, end);
        time_of_steps const again = time_of_replay(result), part = time_of_replay(-1);
        u.kernels_forward = f.kernels, u.moves_forward = f.moves;
        u.kernels_backward = r.kernels, u.moves_backward = r.moves;
        u.stream = f.additions + r.additions;
        u.replay_kernels = again.kernels, u.replay_moves = again.moves;
        u.last_kernels = part.kernels, u.last_moves = part.moves;
        for (short k = 0; k < b.buffer_count - buffers; ++k) {
            buffer_uses const& q = uses[k];
            if (!q.forward.any || !q.backward.any) continue;
            long const bytes = align_up(b.buffers[buffers + k].bytes);
            (begins && k == 0 ? u.input : q.copy ? u.copies : u.saved) += bytes;
        }
        u.window_forward = window_between(base, true, middle);
        u.window_backward = window_between(middle, true, end);
        u.stored_forward = window_between(base, false, middle);
        u.stored_backward = window_between(middle, false, end);
    }
};

}  // namespace shardtype::detail
