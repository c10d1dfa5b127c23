#pragma once

#include <shardtype/plan/model_problem.hpp>

namespace shardtype::detail {

/// An option of class h for a branch, the `first` or the `last` of its block, whose stream is of class g: in and out again.
template <int Units, int Room, int Classes>
constexpr unit_option from_stream(class_options<Units, Room> const (&all)[Classes],
                                  class_edges<Classes> const (&edges)[Classes], int g, int h, int u, int k, bool first,
                                  bool last) {
    unit_option o = all[h].option[u][k];
    if (Classes == 1 || g == h) return o;
    chain_edge const &in = edges[g].to[h], &back = edges[h].to[g];
    long const moved = in.time + back.time;
    long const add = all[g].count[u] > 0 ? all[g].option[u][0].stream : o.stream;
    o.cost.compute += add - o.stream;
    o.cost.communication += moved, o.cost.exposed += moved;
    o.again += add - o.stream + moved + moved / 2;  // forward once more
    o.again_last += add - o.stream + moved + moved / 2;
    // Besides, as the stream lies: the block's result or its gradient, and what a later branch takes; where the branch
    // ends, also what an earlier one gives.
    long const stream = align_up(all[g].stream.local_bytes()), beside = first ? stream : 2 * stream;
    long const window = larger(stream + 1024 * in.window, beside + 1024 * back.window + (last ? 0 : stream));
    o.cost.window = larger(o.cost.window + beside, window);
    o.window_again = larger(o.window_again + beside, window);
    o.late = larger(all[g].late, all[h].late);
    o.input = 0;
    return o;
}

/// States a model's choices as a chain: units one after the other, a repeat's block as one kind of layer.
template <int Blocks, int Units, int Room, int Classes, class Problem>
struct chain_assembler {
    using options = class_options<Units, Room>;
    using block_list = pareto_list<block_option, Blocks>;

    planned_case const& of;
    options const (&all)[Classes];
    class_edges<Classes> const (&edges)[Classes];
    Problem& out;
    int layouts = 0;
    int only = -1;  // the layout in work; -1: all
    bool complete = true;

    constexpr options const& in_layout(int g) const { return all[out.class_of[g]]; }
    /// Whether b need not be looked at beside a, in blocks that keep what backward needs, or in those that recompute.
    static constexpr bool beats_kept(block_option const& a, block_option const& b) {
        unit_option const &x = a.sum, &y = b.sum;
        return x.cost.time() <= y.cost.time() && x.cost.memory() <= y.cost.memory() && x.ahead <= y.ahead &&
               x.late <= y.late && x.cost.window <= y.cost.window;
    }
    static constexpr bool beats_again(block_option const& a, block_option const& b) {
        unit_option const &x = a.sum, &y = b.sum;
        return x.again <= y.again && x.again_last <= y.again_last && x.cost.state <= y.cost.state &&
               x.held - x.input + x.ahead <= y.held - y.input + y.ahead && x.input <= y.input && x.late <= y.late &&
               x.window_again <= y.window_again;
    }

    /// The ways to run a block whose stream is of class g, on trips to which these pins apply.
    constexpr block_list blocks(int g, int first_unit, int end_unit, int trip, bool again) {
        auto const beats = [again](block_option const& a, block_option const& b) {
            return again ? beats_again(a, b) : beats_kept(a, b);
        };
        block_list so_far;
        so_far.count = 1;
        so_far.one[0].sum.satisfies = 0;
        for (int u = first_unit; u < end_unit; ++u) {
            unsigned const asked = of.asked(u, trip);
            block_list ways;  // of this branch
            for (int h = 0; h < Classes; ++h) {
                if (Classes > 1 && g != h &&
                    (edges[g].to[h].time >= unreachable || edges[h].to[g].time >= unreachable ||
                     of.units.unit[u].without_name))
                    continue;
                for (int k = 0; k < all[h].count[u]; ++k) {
                    if ((asked & ~all[h].option[u][k].satisfies) != 0) continue;
                    block_option one;
                    one.sum.satisfies = 0;
                    one.append(0, h, k, from_stream(all, edges, g, h, u, k, u == first_unit, u + 1 == end_unit));
                    ways.add(one, beats);
                }
            }
            block_list next;
            for (int i = 0; i < so_far.count; ++i)
                for (int k = 0; k < ways.count; ++k) {
                    block_option both = so_far.one[i];
                    bool const last = u + 1 == end_unit;
                    unit_option more = ways.one[k].sum;
                    if (!last) more.again_last = more.again;
                    both.append(u - first_unit, ways.one[k].how.of_class[0], ways.one[k].how.option[0], more);
                    if (u > first_unit) both.sum.input = so_far.one[i].sum.input;
                    next.add(both, beats);
                }
            complete = complete && ways.complete && next.complete;
            so_far = next;
        }
        return so_far;
    }
    /// Whether blocks on this trip may (or must not) be recomputed.
    constexpr bool recomputing(int first_unit, int trip, bool again) const {
        if (again && !of.bound.recompute) return false;
        for (int k = 0; k < of.pins; ++k)
            if (of.pin[k].decides && of.names(k, first_unit) && of.on_trip(k, trip) && of.pin[k].recomputes != again)
                return false;
        return true;
    }

    /// Whether the chain never loses by taking b where it could take a.
    constexpr bool stands_in(chain_option const& b, chain_option const& a) const {
        chain_edge const &in = out.chain.redistribution[a.in][b.in], &back = out.chain.redistribution[b.out][a.out];
        if (in.time >= unreachable || back.time >= unreachable) return false;
        long window = b.window > in.window ? b.window : in.window;
        if (back.window > window) window = back.window;
        if (b.time + in.time + back.time > a.time || b.memory > a.memory || window > a.window) return false;
        for (int g = 0; g < layouts && a.in != b.in; ++g) {  // a detour over a's layout is no shortcut
            chain_edge const &to_a = out.chain.redistribution[g][a.in], &to_b = out.chain.redistribution[g][b.in];
            chain_edge const &from_a = out.chain.redistribution[a.out][g], &from_b = out.chain.redistribution[b.out][g];
            if (to_b.time > to_a.time + in.time || from_b.time > back.time + from_a.time) return false;
            if (to_b.window > a.window && to_b.window > to_a.window) return false;
            if (from_b.window > a.window && from_b.window > from_a.window) return false;
        }
        return true;
    }
    constexpr void add(short kind, chain_option const& o, chosen_option const& what) {
        auto& list = out.chain.of[kind];
        auto const beats_option = [&](chain_option const& b, chain_option const& a) {
            return (!out.is_tied[kind] || a.in == b.in) && stands_in(b, a);
        };
        int kept = 0;
        for (int k = 0; k < list.count; ++k)
            if (beats_option(list.option[k], o)) return;
        for (int k = 0; k < list.count; ++k) {
            if (beats_option(o, list.option[k])) continue;
            if (kept != k) list.option[kept] = list.option[k], out.stands_for[kind][kept] = out.stands_for[kind][k];
            ++kept;
        }
        list.count = kept;
        if (kept < Problem::options) out.stands_for[kind][kept] = what;
        list.add(o);
    }
    /// The kind in work: a new one where its first layout is.
    constexpr short next_kind() {
        return only <= 0 ? out.chain.add(chain_class<Problem::options>{}) : static_cast<short>(out.chain.classes - 1);
    }
    constexpr void add_unit(int u) {
        short const kind = next_kind();
        out.first_unit[kind] = static_cast<short>(u);
        for (int i = 0; i < Classes; ++i) out.is_tied[kind] = out.is_tied[kind] || ((all[i].tied >> u) & 1U) != 0;
        unsigned const asked = of.asked(u, 0);
        for (short g = 0; g < layouts; ++g)
            for (int k = 0; (only < 0 || only == g) && k < in_layout(g).count[u]; ++k) {
                unit_option const& o = in_layout(g).option[u][k];
                if ((asked & ~o.satisfies) != 0) continue;
                chosen_option what;
                what.how.of_class[0] = what.in_class = out.class_of[g];
                what.how.option[0] = static_cast<short>(k);
                add(kind, {g, g, o.cost.time(), kib(o.cost.memory()), kib(coarse(o.cost.window + o.ahead)), true},
                    what);
            }
        if (only <= 0) out.chain.repeat(kind);
    }
    constexpr void add_block(int first_unit, int end_unit, int trip, int trips) {
        short const kind = next_kind();
        out.first_unit[kind] = static_cast<short>(first_unit);
        out.first_trip[kind] = static_cast<short>(trip);
        out.is_block[kind] = true;
        for (short g = 0; g < layouts; ++g) {
            short const cls = out.class_of[g];
            long const stream = align_up(of_stream(cls).local_bytes());
            for (int again = 0; again < 2; ++again) {
                if ((only >= 0 && only != g) || !recomputing(first_unit, trip, again == 1)) continue;
                block_list const list = blocks(cls, first_unit, end_unit, trip, again == 1);
                for (int k = 0; k < list.count; ++k) {
                    unit_option const& o = list.one[k].sum;
                    long const input = o.input > 0 ? o.input : stream;
                    long const time = again == 1 ? o.again_last : o.cost.time();
                    long const memory = again == 1 ? o.cost.state + input : o.cost.memory();
                    long const window =
                        again == 1 ? o.held - o.input + o.window_again : o.cost.window + (o.input > 0 ? 0 : stream);
                    add(kind, {g, g, time, kib(memory), kib(coarse(window + o.ahead + o.late)), true},
                        {list.one[k].how, cls, again == 1});
                }
            }
        }
        if (only <= 0) out.chain.repeat(kind, trips);
    }
    constexpr layout const& of_stream(int cls) const { return all[cls].stream; }

    /// What is not of one layer.
    constexpr void begin() {
        auto& chain = out.chain;
        short n = 0;
        for (short i = 0; i < Classes; ++i)
            if (all[i].exists && n < Problem::layouts) out.class_of[n++] = i;
        chain.layouts = layouts = n;
        for (int g = 0; g < layouts; ++g)
            for (int h = 0; h < layouts; ++h) chain.redistribution[g][h] = edges[out.class_of[g]].to[out.class_of[h]];
        for (int g = 0; g < layouts; ++g) chain.entry[g] = once_a_step(of.on);
        chain.budget = of.bound.device_memory / 1024;
        for (int i = 0; i < Classes; ++i)
            if (all[i].exists && kib(all[i].constants) > chain.fixed) chain.fixed = kib(all[i].constants);
        for (int i = 0; i < Classes; ++i) complete = complete && all[i].complete;
        complete = complete && of.units.complete && of.units.repeats <= 1 && of.pins <= planned_case::max_pins;
    }
    /// Kinds of layers [from, to), in one layout or all (-1): compilers count the steps of one constant.
    constexpr void run(int from, int to, int layout) {
        if (from == 0 && layout <= 0) begin();
        layouts = out.chain.layouts;
        only = layout;
        int kind = 0;
        auto const wanted = [&] { return from <= kind && kind < to; };
        for (int u = 0; u < of.units.count; ++kind) {
            if (!of.units.unit[u].in_block) {
                if (wanted()) add_unit(u);
                ++u;
                continue;
            }
            int end = u;
            while (end < of.units.count && of.units.unit[end].in_block) ++end;
            --kind;
            for (int t = 0; t < of.units.trips; t = of.next_change(t)) {
                ++kind;
                if (wanted()) add_block(u, end, t, of.next_change(t) - t);
            }
            u = end;
        }
        out.chain.complete = out.chain.complete && complete;
    }
};

}  // namespace shardtype::detail
