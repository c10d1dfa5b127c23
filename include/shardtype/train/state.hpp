#pragma once

#include <shardtype/runtime/walker.hpp>
#include <shardtype/tensor/runs.hpp>

namespace shardtype {

/// The stored values of a parameter in one layer, as this rank holds them.
template <class T>
T* parameter_values(walker const& w, int parameter, int layer) {
    return w.at<T>(w.program().schedule.parameters[parameter].weight, layer);
}
/// Their gradient, after backward and before it is scaled.
template <class T>
T* parameter_gradient(walker const& w, int parameter, int layer) {
    return w.at<T>(w.program().schedule.parameters[parameter].gradient, layer);
}

}  // namespace shardtype
