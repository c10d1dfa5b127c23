#pragma once

#include <shardtype/plan/assemble.hpp>

namespace shardtype::detail {

/// Numbers in names: `0-15`.
constexpr void append_trips(label& name, int first, int count) {
    char text[16]{};
    int size = 0;
    auto const write = [&](int n) {
        int ten = 1;
        while (n / ten >= 10) ten *= 10;
        for (; ten > 0; ten /= 10) text[size++] = static_cast<char>('0' + n / ten % 10);
    };
    write(first);
    if (count > 1) {
        text[size++] = '-';
        write(first + count - 1);
    }
    name.append(text);
}

/// A leaf's name with the trips written out: `layers.0-3.attention`.
constexpr label with_trips(label const& leaf, label const& repeat, int first, int count) {
    label out = repeat;
    append_trips(out, first, count);
    if (leaf.size > repeat.size + 2) out.append(leaf.data + repeat.size + 3);  // behind `.*.`
    return out;
}

/// Turns a solution of the chain into a plan.
template <int Units, int Room, int Classes, class Problem>
struct plan_decoder {
    planned_case const& of;
    class_options<Units, Room> const (&all)[Classes];
    class_edges<Classes> const (&edges)[Classes];
    Problem const& problem;
    model_plan& out;
    long unit_time[Units]{};  // of the whole plan
    bool cut = false;         // more layers than room

    constexpr placement_policy roles_of(int cls, int unit, int k) const {
        return variant_of(class_policy(of.on, all[cls].number), all[cls].option[unit][k].variant);
    }
    /// These layers have these roles, where those around them have others.
    constexpr void except(label const& layers, placement_policy const& p, placement_policy const& around) {
        layer_exception x;
        x.layers = layers;
        bool differs = p.recomputes != around.recomputes;
        x.decides = differs, x.recomputes = p.recomputes;
        for (int a = 0; a < p.axes; ++a)
            if (p.on[a] != around.on[a]) x.on[a] = p.on[a], differs = true;
        model_strategy& s = out.strategy;
        if (differs && s.exceptions++ < model_strategy::max_exceptions) s.except[s.exceptions - 1] = x;
    }
    constexpr void add_layer(int u, planned_layer const& one) {
        unit_time[u] += one.count * one.cost.time();
        cut = cut || out.layers == model_plan::max_layers;
        if (!cut) out.layer[out.layers++] = one;
    }
    constexpr void add_unit(int u, chosen_option const& what, long moved) {
        planned_layer one;
        one.name = of.units.unit[u].name;
        one.roles = roles_of(what.in_class, u, what.how.option[0]);
        one.cost = all[what.in_class].option[u][what.how.option[0]].cost;
        one.cost.window = coarse(one.cost.window + all[what.in_class].option[u][what.how.option[0]].ahead);
        one.cost.communication += moved, one.cost.exposed += moved;
        add_layer(u, one);
        if (u == 0) out.strategy.whole = one.roles;
        for (int i = 0; i < of.units.unit[u].leaves; ++i)
            except(of.units.unit[u].leaf[i], one.roles, out.strategy.whole);
    }
    constexpr void add_run(int first_unit, int first, int count, chosen_option const& what, long moved) {
        int end = first_unit;
        while (end < of.units.count && of.units.unit[end].in_block) ++end;
        placement_policy const cls_policy = class_policy(of.on, all[what.in_class].number);
        placement_policy block = variant_of(cls_policy, variants_of(cls_policy) - 1);
        for (int u = end; u-- > first_unit;)
            if (what.how.of_class[u - first_unit] == what.in_class)
                block = roles_of(what.in_class, u, what.how.option[u - first_unit]);
        block.recomputes = what.again;
        bool const everywhere = count == of.units.trips;
        label name = of.units.repeat;
        if (everywhere)
            name.append("*");
        else
            append_trips(name, first, count);
        except(name, block, out.strategy.whole);
        long ahead = 0, held = 0, window_again = 0, loose = 0, late = 0;  // of the whole block
        for (int u = first_unit; u < end; ++u) {
            int const at = u - first_unit;
            unit_option const o = from_stream(all, edges, what.in_class, what.how.of_class[at], u, what.how.option[at],
                                              at == 0, u + 1 == end);
            ahead += o.ahead, held += o.held - (at == 0 ? o.input : 0);
            if (o.window_again > window_again) window_again = o.window_again;
            if (o.late > late) late = o.late;
            if (at == 0 && o.input == 0) loose = align_up(all[what.in_class].stream.local_bytes());
        }
        for (int u = first_unit; u < end; ++u) {
            int const at = u - first_unit, cls = what.how.of_class[at];
            unit_option const o =
                from_stream(all, edges, what.in_class, cls, u, what.how.option[at], at == 0, u + 1 == end);
            planned_layer one;
            one.name = of.units.unit[u].name;
            one.first = first, one.count = count, one.repeated = true;
            one.roles = roles_of(cls, u, what.how.option[at]);
            one.roles.recomputes = what.again;
            one.cost = o.cost;
            one.cost.window = what.again ? window_again + held : o.cost.window + loose;
            one.cost.window = coarse(one.cost.window + ahead + late);
            if (what.again) {
                long const more = (u + 1 == end ? o.again_last : o.again) - o.cost.time();
                one.cost.compute += more;
                one.cost.activations = at > 0        ? 0
                                       : o.input > 0 ? o.input
                                                     : align_up(all[what.in_class].stream.local_bytes());
            }
            if (at == 0 && count > 0) one.cost.communication += moved / count, one.cost.exposed += moved / count;
            add_layer(u, one);
            for (int i = 0; i < of.units.unit[u].leaves; ++i)
                except(everywhere ? of.units.unit[u].leaf[i]
                                  : with_trips(of.units.unit[u].leaf[i], of.units.repeat, first, count),
                       one.roles, block);
        }
    }
    /// Equal layers side by side: neighbours in one layout may change places.
    constexpr void sort(short* choice, int from, int count) const {
        auto const layout_of = [&](int i) { return problem.stands_for[kind_at(from)][choice[i]].in_class; };
        for (int i = from + 1; i < from + count; ++i)
            for (int k = i; k > from && layout_of(k) == layout_of(k - 1) && choice[k] < choice[k - 1]; --k) {
                short const c = choice[k];
                choice[k] = choice[k - 1], choice[k - 1] = c;
            }
    }
    constexpr short kind_at(int position) const {
        int n = 0;
        for (int r = 0; r < problem.chain.runs; ++r) {
            n += problem.chain.run[r].count;
            if (position < n) return problem.chain.run[r].of;
        }
        return 0;
    }
    constexpr void add_layers(short* choice) {
        int i = 0;
        short before = -1;  // layout
        for (int r = 0; r < problem.chain.runs; ++r) {
            short const kind = problem.chain.run[r].of;
            int const count = problem.chain.run[r].count;
            auto const moved_to = [&](short k) {
                short const in = problem.chain.of[kind].option[k].in;
                long const t = before < 0 ? 0 : problem.chain.redistribution[before][in].time;
                before = problem.chain.of[kind].option[k].out;
                return t;
            };
            layer_kind const& is = problem.kind[kind];
            if (is.is_block) {
                sort(choice, i, count);
                for (int from = i, to = i; from < i + count; from = to) {
                    while (to < i + count && choice[to] == choice[from]) ++to;
                    add_run(is.first_unit, is.first_trip + from - i, to - from, problem.stands_for[kind][choice[from]],
                            moved_to(choice[from]));
                }
            } else {
                add_unit(is.first_unit, problem.stands_for[kind][choice[i]], moved_to(choice[i]));
            }
            i += count;
        }
    }
    /// Whether one strategy for all is what the plan has come to.
    constexpr bool is_plan(placement_policy const& p) const {
        if (!out.optimal || out.strategy.exceptions > (p.recomputes ? 1 : 0)) return false;
        placement_policy q = out.strategy.whole;
        if (p.recomputes && !(out.strategy.exceptions == 1 && out.strategy.except[0].decides)) return false;
        q.recomputes = p.recomputes;
        if (p.recomputes)
            for (int a = 0; a < p.axes; ++a)
                if (out.strategy.except[0].on[a] != role::none) return false;
        return q == p;
    }
    /// The best strategy of each class, the fastest first.
    constexpr void add_uniforms() {
        for (int i = 0; i < Classes; ++i) {
            uniform_layout u = all[i].uniform;
            if (u.roles.axes == 0) continue;
            if (u.verdict == why_not::slower) {
                long most = -1;
                for (int k = 0; k < Units; ++k) {
                    long const lost = all[i].uniform_time[k] - unit_time[k];
                    if (lost > most) most = lost, u.worst = of.units.unit[k].name;
                }
                if (is_plan(u.roles)) u.verdict = why_not::chosen;
            }
            auto const key = [](uniform_layout const& x) {
                return x.verdict == why_not::chosen ? why_not::slower : x.verdict;
            };
            int at = out.uniforms;
            for (; at > 0; --at) {
                uniform_layout const& q = out.uniform[at - 1];
                bool const before = key(u) != key(q)                  ? key(u) < key(q)
                                    : u.verdict == why_not::too_large ? u.memory < q.memory
                                                                      : u.time < q.time;
                if (!before) break;
                if (at < model_plan::max_uniforms) out.uniform[at] = q;
            }
            if (at < model_plan::max_uniforms) out.uniform[at] = u;
            if (out.uniforms < model_plan::max_uniforms) ++out.uniforms;
        }
    }
};

}  // namespace shardtype::detail
