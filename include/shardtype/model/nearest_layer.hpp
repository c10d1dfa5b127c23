#pragma once

#include <shardtype/model/graph_parameters.hpp>

namespace shardtype::detail {

constexpr void append(label& name, name_part const& p) {
    char text[64]{};
    for (int i = 0; i < p.size && i < 63; ++i) text[i] = p.begin[i];
    name.append(text);
}
/// A name with `*` in the place of trips that are given by number.
constexpr label of_any_trip(label const& name) {
    label any;
    name_parts parts{name.data};
    for (name_part p = parts.next(); p.size != 0; p = parts.next()) {
        if (p.trips().first < p.trips().end)
            any.append("*");
        else
            append(any, p);
    }
    return any;
}
/// The contrary: the trips that `numbers` has, in the order of its parts, for the `*` of a name.
constexpr label of_trips(label const& name, label const& numbers) {
    label of;
    name_parts parts{name.data}, given{numbers.data};
    for (name_part p = parts.next(); p.size != 0; p = parts.next()) {
        name_part n{};
        if (p.is_star())
            for (n = given.next(); n.size != 0 && n.trips().first >= n.trips().end;) n = given.next();
        append(of, n.size != 0 ? n : p);
    }
    return of;
}

/// Whether a name is another one or begins it, whole parts.
constexpr bool is_or_begins(label const& start, label const& name) {
    bool equal = start.size <= name.size && (name.data[start.size] == 0 || name.data[start.size] == '.');
    for (int i = 0; equal && i < start.size; ++i) equal = start.data[i] == name.data[i];
    return equal;
}

/// The layer with parameters that was probably meant by a name that no layer has; empty if none is near.
constexpr label nearest_layer(graph_parameters const& g, label const& wanted) {
    nearest_name nearest(of_any_trip(wanted));
    label before;  // the last layer
    for (short k = 0; k < g.parameter_count; ++k) {
        parameter_record const& is = g.parameters[k];
        if (is.first_layer > 0) continue;  // named before, in the run of trip 0
        label layer;
        name_parts parts{is.name.data};
        while (layer.size < is.layer_size) {
            append(layer, parts.next());
            bool const seen = is_or_begins(layer, before);  // compilers count the steps of a constant
            if (!seen && !same_name(layer, nearest.wanted)) nearest.consider(layer);
        }
        before = layer;
    }
    return of_trips(nearest.found, wanted);
}

}  // namespace shardtype::detail
