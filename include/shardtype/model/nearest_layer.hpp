#pragma once

#include <shardtype/model/graph_parameters.hpp>

namespace shardtype::detail {

/// Whether a name is another one or begins it, whole parts.
constexpr bool is_or_begins(label const& start, label const& name) {
    bool equal = start.size <= name.size && (name.data[start.size] == 0 || name.data[start.size] == '.');
    for (int i = 0; equal && i < start.size; ++i) equal = start.data[i] == name.data[i];
    return equal;
}

/// Trips of the repeat that a layer stands in; 0 outside.
constexpr int trips_around(graph_parameters const& g, label const& layer) {
    int end = 0;
    for (short k = 0; k < g.parameter_count; ++k) {
        parameter_record const& is = g.parameters[k];
        if (is.in_loop && is.first_layer + is.layers > end && is_or_begins(layer, is.name))
            end = is.first_layer + is.layers;
    }
    return end;
}

/// The layer with parameters that was probably meant by a name that no layer has: the one with the nearest name, else
/// the first that has most in common with it. Empty if there are no parameters.
constexpr label nearest_layer(graph_parameters const& g, label const& wanted) {
    nearest_name nearest(of_any_trip(wanted));
    label before;  // the last layer
    label alike;
    int most = -1;
    for (short k = 0; k < g.parameter_count; ++k) {
        parameter_record const& is = g.parameters[k];
        if (is.first_layer > 0) continue;  // named before, in the run of trip 0
        label layer;
        name_parts parts{is.name.data};
        while (layer.size < is.layer_size) {
            append(layer, parts.next());
            // compilers count the steps of a constant
            if (is_or_begins(layer, before) || same_name(layer, nearest.wanted)) continue;
            nearest.consider(layer);
            int const common = in_common(nearest.wanted, layer);
            if (common > most) most = common, alike = layer;
        }
        before = layer;
    }
    label const& found = nearest.found.size > 0 ? nearest.found : alike;
    return of_trips(found, wanted, trips_around(g, found));
}

}  // namespace shardtype::detail
