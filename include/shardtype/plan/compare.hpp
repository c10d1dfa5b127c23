#pragma once

#include <shardtype/plan/explain.hpp>

namespace shardtype {

namespace detail {

/// Where two plans treat the trips of a layer alike within each.
struct compared_layers {
    label name{};
    bool repeated = false;
    int first = 0, count = 1;
    int in[2] = {-1, -1};  ///< number in each plan, -1: it has no such layer

    constexpr bool differs(model_plan const& a, model_plan const& b) const {
        if (in[0] < 0 || in[1] < 0) return true;
        layer_cost const &x = a.layer[in[0]].cost, &y = b.layer[in[1]].cost;
        return !same_strategy(a, b) || x.time() != y.time() || x.memory() != y.memory() || x.window != y.window;
    }
    /// Roles of axes of one name, wherever they stand in the mesh; axes of one device have none.
    constexpr bool same_strategy(model_plan const& a, model_plan const& b) const {
        char text[2][256]{};
        text_sink x{text[0], 255}, y{text[1], 255};
        put_strategy(x, a.layer[in[0]].roles, a);
        put_strategy(y, b.layer[in[1]].roles, b);
        bool same = x.size == y.size;
        for (int i = 0; same && i < 255; ++i) same = text[0][i] == text[1][i];
        return same;
    }
};

/// The layers of two plans side by side, in the order of the first.
struct plan_pair {
    static constexpr int max_rows = 2 * model_plan::max_layers;
    model_plan const &a, &b;
    compared_layers row[max_rows]{};
    int rows = 0;

    constexpr plan_pair(model_plan const& x, model_plan const& y) : a(x), b(y) {
        for (int i = 0; i < a.layers; ++i)
            if (first_of_name(a, i)) add(a.layer[i].name);
        for (int i = 0; i < b.layers; ++i)
            if (first_of_name(b, i) && at(a, b.layer[i].name, -1) < 0) add(b.layer[i].name);
    }

  private:
    /// The stretch of this name with this trip, any with -1; or -1.
    static constexpr int at(model_plan const& p, label const& name, int trip) {
        for (int i = 0; i < p.layers; ++i) {
            planned_layer const& x = p.layer[i];
            if (same_name(x.name, name) && (trip < 0 || (x.first <= trip && trip < x.first + x.count))) return i;
        }
        return -1;
    }
    static constexpr bool first_of_name(model_plan const& p, int i) { return at(p, p.layer[i].name, -1) == i; }
    /// The least first or end of a stretch of this name behind `trip`, or -1.
    constexpr int next_change(label const& name, int trip) const {
        int next = -1;
        model_plan const* const plans[] = {&a, &b};
        for (model_plan const* p : plans)
            for (int i = 0; i < p->layers; ++i) {
                planned_layer const& x = p->layer[i];
                int const edges[] = {x.first, x.first + x.count};
                for (int edge : edges)
                    if (same_name(x.name, name) && edge > trip && (next < 0 || edge < next)) next = edge;
            }
        return next;
    }
    constexpr void add(label const& name) {
        for (int from = 0, next = 0; next >= 0 && rows < max_rows; from = next) {
            compared_layers x;
            x.name = name, x.first = from, x.in[0] = at(a, name, from), x.in[1] = at(b, name, from);
            next = next_change(name, from);
            if (x.in[0] < 0 && x.in[1] < 0) continue;
            x.count = next - from;
            x.repeated = x.in[0] >= 0 ? a.layer[x.in[0]].repeated : b.layer[x.in[1]].repeated;
            row[rows++] = x;
        }
    }
};

/// The rows that differ, in two lines each.
struct pair_cells {
    static constexpr int columns = 5;
    plan_pair const& of;
    char const* title[2];
    unit_of_measure time, memory;
    int shown[plan_pair::max_rows]{};
    int rows = 1;

    constexpr pair_cells(plan_pair const& p, char const* x, char const* y, unit_of_measure t, unit_of_measure m)
        : of(p), title{x, y}, time(t), memory(m) {
        for (int i = 0; i < p.rows; ++i)
            if (p.row[i].differs(p.a, p.b)) shown[rows / 2] = i, rows += 2;
    }
    static constexpr bool left(int c) { return c < 3; }
    constexpr void put(text_sink& out, int r, int c) const {
        if (r == 0) return put_heading(out, c);
        compared_layers const& x = of.row[shown[(r - 1) / 2]];
        int const second = (r - 1) % 2;
        model_plan const& p = second == 1 ? of.b : of.a;
        if (c == 0 && second == 1) return;
        if (c == 0) return x.repeated ? put_layer(out, x.name, x.first, x.count) : out.put(x.name);
        if (c == 1) return out.put(title[second]);
        if (x.in[second] < 0) return out.put('-');
        planned_layer const& layer = p.layer[x.in[second]];
        if (c == 2) return put_strategy(out, layer.roles, p);
        if (c == 3) return put_fixed(out, x.count * layer.cost.time(), time.one, 3);
        put_fixed(out, x.count * layer.cost.memory(), memory.one, 3);
    }
    constexpr void put_heading(text_sink& out, int c) const {
        constexpr char const* of_column[columns] = {"layers", "plan", "strategy", "time, ", "memory, "};
        out.put(of_column[c]);
        if (c == 3) out.put(time.name);
        if (c == 4) out.put(memory.name);
    }
};

/// `second   534.213 ms, 12.0 % more`.
constexpr void put_difference(text_sink& out, long x, long y, unit_of_measure in) {
    put_measure(out, x, in);
    out.put(" and ");
    put_measure(out, y, in);
    if (x == y) return out.put(", the same");
    if (x <= 0) return;
    out.put(", ");
    put_percent(out, y > x ? y - x : x - y, x);
    out.put(y > x ? " more" : " less");
}

constexpr void put_comparison(text_sink& out, model_plan const& a, model_plan const& b, char const* first,
                              char const* second) {
    plan_pair const pair(a, b);
    long const most = a.memory > b.memory ? a.memory : b.memory;
    unit_of_measure const time = time_unit(a.time < unreachable ? a.time : b.time), memory = memory_unit(most);
    model_plan const* const plans[] = {&a, &b};
    for (model_plan const* p : plans) {
        out.put(p == &a ? first : second);
        out.put(": ");
        put_number(out, devices_of(*p));
        out.put(' ');
        out.put(p->hardware);
        out.put(", mesh ");
        put_mesh(out, *p);
        out.put('\n');
    }
    out.put("step time  ");
    put_difference(out, a.time, b.time, time);
    out.put("\nmemory     ");
    put_difference(out, a.memory, b.memory, memory);
    out.put('\n');
    pair_cells const cells(pair, first, second, time, memory);
    int const alike = pair.rows - cells.rows / 2;
    if (alike > 0) {
        out.put(cells.rows > 1 ? "equal      " : "equal      all layers: ");
        put_number(out, alike);
        out.put(alike == 1 ? " row of layers\n" : " rows of layers\n");
    }
    if (cells.rows == 1) return;
    out.put('\n');
    put_table(out, cells);
}

}  // namespace detail

/// Two plans side by side: what differs by layer, in time and memory. Layers that both treat alike and at the same cost
/// are counted only. `first` and `second` are what the plans are called. Written to `to`, at most `room` letters.
/// @return the letters of the whole text
constexpr long compare(model_plan const& a, model_plan const& b, char const* first, char const* second, char* to,
                       long room) {
    text_sink out{to, room};
    detail::put_comparison(out, a, b, first, second);
    return out.size;
}

}  // namespace shardtype
