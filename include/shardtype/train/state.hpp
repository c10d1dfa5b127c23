#pragma once

#include <vector>

#include <shardtype/runtime/walker.hpp>
#include <shardtype/tensor/runs.hpp>

namespace shardtype {

// What a rank holds of a parameter in one layer. The pointers are the device's, which a host reaches on the CPU alone;
// the copies work everywhere.

/// The stored values.
template <class T>
T* parameter_values(walker const& w, int parameter, int layer) {
    return w.at<T>(w.program().schedule.parameters[parameter].weight, layer);
}
/// Their gradient, after backward and before it is scaled.
template <class T>
T* parameter_gradient(walker const& w, int parameter, int layer) {
    return w.at<T>(w.program().schedule.parameters[parameter].gradient, layer);
}

/// How many they are.
inline long parameter_count(walker const& w, int parameter) {
    return w.program().schedule.parameters[parameter].is.stored.local_count();
}
/// Copies the values, or the gradient, to the host.
/// @{
template <class T>
std::vector<T> read_parameter(walker const& w, int parameter, int layer) {
    std::vector<T> values(static_cast<std::size_t>(parameter_count(w, parameter)));
    w.on().get(values.data(), parameter_values<T>(w, parameter, layer), static_cast<long>(values.size() * sizeof(T)));
    return values;
}
template <class T>
std::vector<T> read_gradient(walker const& w, int parameter, int layer) {
    std::vector<T> values(static_cast<std::size_t>(parameter_count(w, parameter)));
    w.on().get(values.data(), parameter_gradient<T>(w, parameter, layer), static_cast<long>(values.size() * sizeof(T)));
    return values;
}
/// @}
/// Calls f(values) with room for the values on the host, all to be written, and hands them to the device.
template <class T, class F>
void write_parameter(walker const& w, int parameter, int layer, F f) {
    T* const values = parameter_values<T>(w, parameter, layer);
    if (w.on().host_data() != nullptr) {
        f(values);
    } else {
        std::vector<T> copy(static_cast<std::size_t>(parameter_count(w, parameter)));
        f(copy.data());
        w.on().put(values, copy.data(), static_cast<long>(copy.size() * sizeof(T)));
    }
}

}  // namespace shardtype
