#pragma once

#include <shardtype/runtime/walker.hpp>
#include <shardtype/tensor/runs.hpp>

namespace shardtype {

/// The state that a parameter number and a layer name: the stored values and their gradient, as this rank holds them.
template <class T>
T* parameter_values(walker const& w, int parameter, int layer) {
    return w.at<T>(w.program().schedule.parameters[parameter].weight, layer);
}
template <class T>
T* parameter_gradient(walker const& w, int parameter, int layer) {
    return w.at<T>(w.program().schedule.parameters[parameter].gradient, layer);
}

}  // namespace shardtype
