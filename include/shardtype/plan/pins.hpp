#pragma once

#include <shardtype/placement/placement.hpp>
#include <shardtype/plan/planned_case.hpp>

namespace shardtype::detail {

/// Where activations are to lie on the axes of a placement.
template <class Placement>
struct asked_use;
template <class... Axes>
struct asked_use<shard<0, Axes...>> {
    using axes = type_list<Axes...>;
    static constexpr axis_use value = axis_use::batch;
};
template <class... Axes>
struct asked_use<shard<1, Axes...>> {
    using axes = type_list<Axes...>;
    static constexpr axis_use value = axis_use::sequence;
};
template <class... Axes>
struct asked_use<invariant<Axes...>> {
    using axes = type_list<Axes...>;
    static constexpr axis_use value = axis_use::whole;
};

template <class Mesh, class... Axes>
constexpr void ask_use(layer_pin& p, axis_use use, type_list<Axes...>) {
    int const at[] = {Mesh::template index_of<Axes>()...};
    for (int a : at)
        if (a >= 0) p.lies[a] = static_cast<int>(use) + 1;
}
/// One part of a pin: a role, a placement of the layers' activations, whether they recompute.
template <class Mesh, class Part>
constexpr void ask(layer_pin& p) {
    if constexpr (requires { Part::again; }) {
        p.decides = true, p.recomputes = Part::again;
    } else if constexpr (requires { Part::value; }) {
        int const a = Mesh::template index_of<typename Part::axis>();
        if (a >= 0) p.on[a] = Part::value;
    } else {
        ask_use<Mesh>(p, asked_use<Part>::value, typename asked_use<Part>::axes{});
    }
}
template <class Mesh, class... Parts>
constexpr layer_pin pin_of(type_list<Parts...>) {
    layer_pin p;
    (ask<Mesh, Parts>(p), ...);
    return p;
}
constexpr void add_pin(planned_case& c, layer_pin const& p) {
    if (c.pins < planned_case::max_pins) c.pin[c.pins] = p;
    ++c.pins;
}
template <class Mesh, class Part>
constexpr void add_pinned(planned_case& c) {
    if constexpr (requires { Part::layers(); }) {
        layer_pin p = pin_of<Mesh>(typename Part::roles{});
        p.layers = Part::layers();
        add_pin(c, p);
    } else {
        add_pin(c, pin_of<Mesh>(type_list<Part>{}));
    }
}
template <class Mesh, class... Parts>
constexpr void add_all_pinned(planned_case& c, strategy<Parts...>*) {
    (add_pinned<Mesh, Parts>(c), ...);
}

/// The axes' names, as the user's types have them.
template <class... Axes>
constexpr void add_axis_names(planned_case& c, mesh<Axes...>) {
    int a = 0;
    (c.axis_name[a++].append(axis_name<Axes>()), ...);
}

/// What a job asks: `using pinned = strategy<Roles..., in_layers<Layers, Roles or Placements...>>`, and of the first and the
/// last layer `using input = type_list<shard<0, dp>>`, `using output = ...`; a role there is that layer's.
template <class Job>
constexpr void add_pins(planned_case& c) {
    if constexpr (requires { typename Job::pinned; })
        add_all_pinned<typename Job::mesh>(c, static_cast<typename Job::pinned*>(nullptr));
    if constexpr (requires { typename Job::input; }) {
        layer_pin p = pin_of<typename Job::mesh>(typename Job::input{});
        p.first_only = true;
        add_pin(c, p);
    }
    if constexpr (requires { typename Job::output; }) {
        layer_pin p = pin_of<typename Job::mesh>(typename Job::output{});
        p.last_only = true;
        add_pin(c, p);
    }
}

}  // namespace shardtype::detail
