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

/// States the ways to run one kind of layer, in one boundary layout after the other.
template <int Blocks, int Units, int Room, int Classes, int Layouts, int Options>
struct kind_assembler {
    using options = class_options<Units, Room>;
    using block_list = block_ways<Blocks>;

    planned_case const& of;
    options const (&all)[Classes];
    class_edges<Classes> const (&edges)[Classes];
    boundary_layouts<Layouts> const& between;
    layer_kind const& kind;
    kind_options<Options>& out;
    int latest = 0;  // the option that stood in for another one last

    /// A branch by itself, in a block that keeps what backward needs or that is recomputed.
    constexpr block_way branch(unit_option const& o, int u, int cls, int k, bool again, long stream) const {
        bool const first = u == kind.first_unit, last = u + 1 == kind.end_unit;
        block_way w;
        if (again) {
            w.time = last ? o.again_last : o.again;
            w.memory = o.cost.state + (!first ? 0 : o.input > 0 ? o.input : stream);
            w.live = o.held - (first ? o.input : 0) + o.ahead;
            w.window = o.window_again;
        } else {
            w.time = o.cost.time(), w.memory = o.cost.memory(), w.window = o.cost.window;
            w.live = o.ahead + (first && o.input == 0 ? stream : 0);
        }
        w.late = o.late;
        w.how.of_class[u - kind.first_unit] = static_cast<short>(cls);
        w.how.option[u - kind.first_unit] = static_cast<short>(k);
        return w;
    }
    /// The ways to run branch u if the block's stream is of class g.
    constexpr block_list ways_of_branch(int u, int g, bool again) const {
        long const stream = align_up(all[g].stream.local_bytes());
        unsigned const asked = of.asked(u, kind.first_trip);
        block_list ways;
        for (int h = 0; h < Classes; ++h) {
            if (Classes > 1 && g != h &&
                (edges[g].to[h].time >= unreachable || edges[h].to[g].time >= unreachable ||
                 of.units.unit[u].without_name))
                continue;
            for (int k = 0; k < all[h].count[u]; ++k)
                if ((asked & ~all[h].option[u][k].satisfies) == 0)
                    ways.add(branch(from_stream(all, edges, g, h, u, k, u == kind.first_unit, u + 1 == kind.end_unit),
                                    u, h, k, again, stream));
        }
        return ways;
    }
    /// The ways to run all branches but the last, and those to run that one; the block's ways are all pairs.
    constexpr void add_blocks(short g, int cls, bool again) {
        block_list so_far;
        so_far.count = 1;
        for (int u = kind.first_unit; u < kind.end_unit; ++u) {
            int const at = u - kind.first_unit;
            bool const last = u + 1 == kind.end_unit;
            block_list const ways = ways_of_branch(u, cls, again);
            block_list next;
            for (int i = 0; i < so_far.count; ++i)
                for (int k = 0; k < ways.count && next.complete; ++k) {
                    block_way both = so_far.one[i];
                    block_way const& more = ways.one[k];
                    both.time += more.time, both.memory += more.memory, both.live += more.live;
                    both.window = larger(both.window, more.window), both.late = larger(both.late, more.late);
                    both.how.of_class[at] = more.how.of_class[at], both.how.option[at] = more.how.option[at];
                    if (last)
                        add({g, g, both.time, kib(both.memory), kib(coarse(both.window + both.live + both.late)), true},
                            {both.how, static_cast<short>(cls), again});
                    else
                        next.add(both);
                }
            out.blocks_fit = out.blocks_fit && ways.complete && next.complete;
            so_far = next;
        }
    }
    /// Whether blocks on these trips may (or must not) be recomputed.
    constexpr bool recomputing(bool again) const {
        if (again && !of.bound.recompute) return false;
        for (int k = 0; k < of.pins; ++k)
            if (of.pin[k].decides && of.names(k, kind.first_unit) && of.on_trip(k, kind.first_trip) &&
                of.pin[k].recomputes != again)
                return false;
        return true;
    }

    /// Whether the chain never loses by taking b where it could take a, which takes no less of anything. (All options give
    /// what they take.)
    constexpr bool stands_in(chain_option const& b, chain_option const& a) const {
        if (a.in == b.in) return true;
        if (kind.is_tied || a.window < between.stand_in[a.in][b.in]) return false;
        chain_edge const &in = between.redistribution[a.in][b.in], &back = between.redistribution[b.in][a.in];
        return b.time + in.time + back.time <= a.time;
    }
    /// Adds an option, unless another one stands in for it: first of all the one that did so last. The comparisons that
    /// settle most come first, without a call.
    constexpr void add(chain_option const& o, chosen_option const& what) {
        if (!out.complete) return;
        for (int k = -1; k < out.count; ++k) {
            if (k < 0 && latest >= out.count) continue;
            chain_option const& x = out.one[k < 0 ? latest : k].costs;
            if (x.time > o.time || x.memory > o.memory || x.window > o.window || !stands_in(x, o)) continue;
            latest = k < 0 ? latest : k;
            return;
        }
        int kept = 0;
        for (int k = 0; k < out.count; ++k) {
            chain_option const& x = out.one[k].costs;
            if (o.time <= x.time && o.memory <= x.memory && o.window <= x.window && stands_in(o, x)) continue;
            if (kept++ != k) out.one[kept - 1] = out.one[k];
        }
        out.count = kept;
        out.complete = kept < Options;
        if (kept < Options) out.one[out.count++] = {o, what};
    }
    constexpr void add_unit(short g) {
        int const u = kind.first_unit;
        short const cls = between.class_of[g];
        unsigned const asked = of.asked(u, 0);
        for (int k = 0; k < all[cls].count[u]; ++k) {
            unit_option const& o = all[cls].option[u][k];
            if ((asked & ~o.satisfies) != 0) continue;
            chosen_option what;
            what.how.of_class[0] = what.in_class = cls;
            what.how.option[0] = static_cast<short>(k);
            add({g, g, o.cost.time(), kib(o.cost.memory()), kib(coarse(o.cost.window + o.ahead)), true}, what);
        }
    }
    constexpr void add_block(short g) {
        short const cls = between.class_of[g];
        for (int again = 0; again < 2; ++again)
            if (recomputing(again == 1)) add_blocks(g, cls, again == 1);
    }
};

/// The ways to run a kind of layer: `out` with those in one more boundary layout.
template <int Blocks, int Units, int Room, int Classes, int Layouts, int Options>
constexpr kind_options<Options> with_layout(planned_case const& of, class_options<Units, Room> const (&all)[Classes],
                                            class_edges<Classes> const (&edges)[Classes],
                                            boundary_layouts<Layouts> const& between, layer_kind const& kind,
                                            int layout, kind_options<Options> out) {
    kind_assembler<Blocks, Units, Room, Classes, Layouts, Options> a{of, all, edges, between, kind, out};
    auto const g = static_cast<short>(layout);
    if (layout < between.count) kind.is_block ? a.add_block(g) : a.add_unit(g);
    return out;
}

/// Kind number `k` of a model's chain.
template <int Units, int Room, int Classes>
constexpr layer_kind kind_of_chain(planned_case const& of, class_options<Units, Room> const (&all)[Classes], int k) {
    layer_kind kind = kind_at(of, k);
    for (auto const& o : all)
        kind.is_tied = kind.is_tied || (!kind.is_block && ((o.tied >> kind.first_unit) & 1U) != 0);
    return kind;
}

/// A model's chain.
template <class Problem, int Blocks, int Units, int Room, int Classes>
constexpr Problem assemble(planned_case const& of, class_options<Units, Room> const (&all)[Classes],
                           class_edges<Classes> const (&edges)[Classes]) {
    auto const between = boundaries<Problem::layouts>(all, edges);
    auto out = problem_without_layers<Problem>(of, between, all);
    for (int k = 0; k < kinds_of(of); ++k) {
        layer_kind const kind = kind_of_chain(of, all, k);
        kind_options<Problem::options> o;
        for (int g = 0; g < between.count; ++g) o = with_layout<Blocks>(of, all, edges, between, kind, g, o);
        out.add(kind, o);
    }
    return out;
}

}  // namespace shardtype::detail
