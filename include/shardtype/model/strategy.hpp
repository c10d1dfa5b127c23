#pragma once

#include <shardtype/model/layer_names.hpp>
#include <shardtype/model/placement_policy.hpp>

namespace shardtype {

/// Layers that a strategy treats otherwise.
struct layer_exception {
    label layers{};           ///< their name, as `in_layers` says
    role on[max_axes]{};      ///< none: as without it
    bool pads[max_axes]{};    ///< of the axes with a role
    bool decides = false;     ///< about recomputing:
    bool recomputes = false;  ///< this
    int twice = -1;           ///< an axis that was given two roles
    bool changes = true;      ///< anything; a repeat is not split for one that does not
};

/// A strategy as a value, for all layers of a model.
struct model_strategy {
    static constexpr int max_exceptions = 12;  ///< room; more is [ST-S604]

    placement_policy whole{};                  ///< of layers without an exception
    layer_exception except[max_exceptions]{};  ///< in the order of writing
    int exceptions = 0;                        ///< used of `except`

    constexpr model_strategy() = default;
    /// One policy for all layers.
    constexpr model_strategy(placement_policy const& p) : whole(p) {}  // NOLINT(google-explicit-constructor)

    /// `p`, changed as the exceptions that name this layer say; they are marked in `found`.
    constexpr placement_policy within(placement_policy p, label const& layer, trip_range open, unsigned& found) const {
        for (int e = 0; e < exceptions; ++e) {
            layer_exception const& x = except[e];
            bool named = detail::names_layer(x.layers, layer, open);
            for (int i = open.first; !x.changes && !named && i < open.end; ++i)  // some of the trips will do
                named = detail::names_layer(x.layers, layer, {i, i + 1});
            if (!named) continue;
            found |= 1U << e;
            p = with(p, x);
        }
        return p;
    }
    /// `p`, changed as one exception says.
    static constexpr placement_policy with(placement_policy p, layer_exception const& x) {
        for (int a = 0; a < p.axes; ++a)
            if (x.on[a] != role::none) p.on[a] = x.on[a], p.pads[a] = x.pads[a];
        if (x.decides) p.recomputes = x.recomputes;
        if (x.twice >= 0) p.twice = x.twice;
        return p;
    }
    /// The first trip after `from` of the repeat called `repeat` where an exception begins or ends; at most `trips`.
    constexpr int next_change(label const& repeat, int from, int trips) const {
        int next = trips;
        for (int e = 0; e < exceptions; ++e) {
            trip_range const t = detail::trips_named(except[e].layers, repeat);
            if (t.first >= t.end || !except[e].changes) continue;
            if (t.first > from && t.first < next) next = t.first;
            if (t.end > from && t.end < next) next = t.end;
        }
        return next;
    }
};

namespace detail {
template <class Role>
constexpr bool pads_rows() {
    return requires { Role::pads; };
}
/// Gives a role to an axis, or to all parts that it is divided into.
template <class Mesh, class Role, class Roles, class... Parts>
constexpr void assign(Roles& p, type_list<Parts...>) {
    int const at[] = {Mesh::template index_of<Parts>()...};
    for (int a : at) {
        if (a < 0) continue;  // raised by index_of
        if (p.on[a] != role::none) p.twice = a;
        p.on[a] = Role::value;
        p.pads[a] = pads_rows<Role>();
    }
}
template <class Mesh, class Role, class Roles>
constexpr void take(Roles& p) {
    if constexpr (requires { Role::again; }) {
        p.recomputes = Role::again;
        if constexpr (requires { p.decides; }) p.decides = true;
    } else {
        assign<Mesh, Role>(p, typename Mesh::template parts_of<typename Role::axis>{});
    }
}

template <class Mesh, class... Roles>
constexpr void take_all(layer_exception& x, type_list<Roles...>) {
    (take<Mesh, Roles>(x), ...);
}
/// One argument of a strategy: a role, or layers with roles of their own. (nvcc matches no partial specialization with a
/// text in it.)
template <class Mesh, class Part>
constexpr void add_part(model_strategy& s) {
    if constexpr (requires { Part::layers(); }) {
        if (s.exceptions++ >= model_strategy::max_exceptions) return;  // S604 when it is read
        layer_exception& x = s.except[s.exceptions - 1];
        x.layers = Part::layers();
        take_all<Mesh>(x, typename Part::roles{});
    } else {
        take<Mesh, Part>(s.whole);
    }
}
template <class Mesh, class... Parts>
constexpr model_strategy strategy_value(strategy<Parts...>*) {
    placement_policy p;
    p.axes = Mesh::axes;
    for (int a = 0; a < max_axes; ++a) p.axis_size[a] = Mesh::axis_size[a];
    model_strategy s(p);
    (add_part<Mesh, Parts>(s), ...);
    bool any = false;  // does: where one does, another may take it back for some layers
    for (layer_exception const& x : s.except) any = any || !(model_strategy::with(s.whole, x) == s.whole);
    for (layer_exception& x : s.except) x.changes = any;
    return s;
}
}  // namespace detail

/// The value of a strategy on a mesh.
template <class Mesh, class Strategy>
inline constexpr model_strategy strategy_of = detail::strategy_value<Mesh>(static_cast<Strategy*>(nullptr));

/// The same without its exceptions.
template <class Mesh, class Strategy>
inline constexpr placement_policy policy = strategy_of<Mesh, Strategy>.whole;

}  // namespace shardtype
