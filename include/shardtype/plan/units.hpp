#pragma once

#include <shardtype/model/layers.hpp>

namespace shardtype {

/// A part of a model that gets one strategy: a named layer of the chain, or a residual branch of a repeated block. Layers
/// without a name belong to what stands before them.
struct model_unit {
    static constexpr int max_leaves = 6;  ///< room for named layers of a branch

    label name{};               ///< as `in_layers` has it: `output`, `layers.*.attention`
    label leaf[max_leaves]{};   ///< the named layers in it; a branch may have several
    int leaves = 0;             ///< used of `leaf`
    bool in_block = false;      ///< of the repeat
    bool is_residual = false;   ///< its result is added to its input
    bool without_name = false;  ///< no strategy can be given to it alone
};

/// The units of a model in the order of the chain, at most one repeat among them.
struct unit_list {
    static constexpr int max_units = 16;  ///< room

    model_unit unit[max_units]{};  ///< the units
    int count = 0;                 ///< used
    int repeats = 0;               ///< blocks that are repeated
    int trips = 1;                 ///< of the repeat
    label repeat{};                ///< its name, `layers`
    bool complete = true;          ///< false: no room, or the first layer has no name

    /// Units outside the repeat.
    constexpr int leaves() const {
        int n = 0;
        for (int u = 0; u < count; ++u) n += unit[u].in_block ? 0 : 1;
        return n;
    }
};

namespace detail {

template <class Layer>
concept a_chain = requires {
    typename Layer::in_series;
};
template <class Layer>
concept a_residual = requires {
    typename Layer::branch;
};
template <class Layer>
concept a_repeat = requires {
    typename Layer::body;
};
template <class Layer>
concept a_named = requires {
    typename Layer::within;
};

template <class Layer>
constexpr bool has_repeat();
template <class... Layers>
constexpr bool any_repeat(type_list<Layers...>) {
    return (false || ... || has_repeat<Layers>());
}
template <class Layer>
constexpr bool has_repeat() {
    if constexpr (a_repeat<Layer>)
        return true;
    else if constexpr (a_chain<Layer>)
        return any_repeat(typename Layer::in_series{});
    else if constexpr (a_named<Layer>)
        return any_repeat(typename Layer::within{});
    else
        return false;
}

/// Walks a chain: `begin_block(trips)`, `end_block()`, `open(name)`, `close()` around the parts; `unit<Layer>()` for each
/// unit, `attach<Layer>()` for a layer without a name.
template <class Layer, class Visitor>
constexpr void visit_layer(Visitor& v);
template <class Visitor, class... Layers>
constexpr void visit_layers(Visitor& v, type_list<Layers...>) {
    (visit_layer<Layers>(v), ...);
}
template <class Layer, class Visitor>
constexpr void visit_layer(Visitor& v) {
    if constexpr (a_chain<Layer>) {
        visit_layers(v, typename Layer::in_series{});
    } else if constexpr (a_repeat<Layer>) {
        v.begin_block(Layer::trips);
        visit_layers(v, typename Layer::body{});
        v.end_block();
    } else if constexpr (a_named<Layer> && has_repeat<Layer>()) {
        v.open(Layer::name());
        visit_layers(v, typename Layer::within{});
        v.close();
    } else if constexpr (a_named<Layer> || a_residual<Layer>) {
        v.template unit<Layer>();
    } else {
        v.template attach<Layer>();
    }
}

/// The names of the leaves of a unit.
template <class Layer>
constexpr void collect_leaves(model_unit& u, label const& scope, bool& complete);
template <class... Layers>
constexpr void collect_all(model_unit& u, label const& scope, bool& complete, type_list<Layers...>) {
    (collect_leaves<Layers>(u, scope, complete), ...);
}
template <class Layer>
constexpr void collect_leaves(model_unit& u, label const& scope, bool& complete) {
    if constexpr (a_chain<Layer>) {
        collect_all(u, scope, complete, typename Layer::in_series{});
    } else if constexpr (a_residual<Layer>) {
        collect_all(u, scope, complete, typename Layer::branch{});
    } else if constexpr (a_named<Layer>) {
        if (u.leaves == model_unit::max_leaves) {
            complete = false;
            return;
        }
        u.leaf[u.leaves] = scope;
        u.leaf[u.leaves++].append(Layer::name());
    } else {
        u.without_name = true;
    }
}

struct unit_collector {
    unit_list& list;
    label scope{};
    int outside[4]{};
    int depth = 0;
    bool in_block = false;

    constexpr void open(char const* name) {
        outside[depth++ & 3] = scope.size;
        scope.append(name);
    }
    constexpr void close() { scope.truncate(outside[--depth & 3]); }
    constexpr void begin_block(int trips) {
        list.repeat = scope;
        ++list.repeats;
        list.trips = trips;
        in_block = true;
        open("*");
    }
    constexpr void end_block() {
        close();
        in_block = false;
    }
    template <class Layer>
    constexpr void unit() {
        if (list.count == unit_list::max_units) {
            list.complete = false;
            return;
        }
        model_unit& u = list.unit[list.count++];
        u.in_block = in_block;
        u.is_residual = a_residual<Layer>;
        collect_leaves<Layer>(u, scope, list.complete);
        if (u.leaves > 0) u.name = u.leaf[u.leaves - 1];  // the norm before it is the smaller part
    }
    template <class Layer>
    constexpr void attach() {
        if (list.count == 0) list.complete = false;
    }
};

}  // namespace detail

/// The units of a model.
template <class Model>
constexpr unit_list units_of() {
    unit_list list;
    detail::unit_collector v{list};
    detail::visit_layer<Model>(v);
    return list;
}

}  // namespace shardtype
