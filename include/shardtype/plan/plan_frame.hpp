#pragma once

#include <shardtype/model/checked.hpp>
#include <shardtype/plan/plan.hpp>
#include <shardtype/plan/units.hpp>

namespace shardtype {

/// What a plan is for, a mesh and a model, so far as a saved plan can be checked against it.
struct plan_frame {
    /// A layer, or a repeat's layer.
    struct unit {
        label name{};           ///< `output`, `layers.*.attention`
        int trips = 1;          ///< of its repeat
        bool repeated = false;  ///< stands in one
    };
    int axes = 0;                       ///< of the mesh
    int axis_size[max_axes]{};          ///< devices
    label axis_name[max_axes]{};        ///< names
    int units = 0;                      ///< used of `of`
    unit of[model_plan::max_layers]{};  ///< in the model's order
    long tokens = 0;                    ///< of a step; 0: not known
    unsigned long long parameters = 0;  ///< a hash of names and extents of the parameters; 0: not known

    /// The unit of this name, or -1.
    constexpr int find(label const& name) const {
        for (int i = 0; i < units; ++i)
            if (detail::same_name(of[i].name, name)) return i;
        return -1;
    }
    /// Adds a unit.
    constexpr void add(label const& name, int trips, bool repeated) {
        if (units < model_plan::max_layers) of[units++] = {name, trips, repeated};
    }
};

namespace detail {

/// FNV-1a with 64 bits.
struct hash_64 {
    unsigned long long value = 14695981039346656037ULL;
    constexpr void add(char c) { value = (value ^ static_cast<unsigned char>(c)) * 1099511628211ULL; }
    constexpr void add(label const& name) {
        for (int i = 0; i < name.size; ++i) add(name.data[i]);
        add('\0');
    }
    constexpr void add(long number) {
        for (int i = 0; i < 8; ++i) add(static_cast<char>((number >> (8 * i)) & 0xff));
    }
};
/// Of mesh and layers.
constexpr unsigned long long hash_of(plan_frame const& f) {
    hash_64 h;
    for (int a = 0; a < f.axes; ++a) h.add(f.axis_name[a]), h.add(static_cast<long>(f.axis_size[a]));
    for (int i = 0; i < f.units; ++i) h.add(f.of[i].name), h.add(static_cast<long>(f.of[i].trips));
    return h.value;
}

template <class... Axes>
constexpr void name_axes(plan_frame& f, mesh<Axes...>) {
    (f.axis_name[f.axes++].append(axis_name<Axes>()), ...);
}
/// Names and extents of a model's parameters, as one device without a strategy has them.
template <class Job>
constexpr unsigned long long hash_of_parameters() {
    placement_policy one;
    one.axes = 1;
    for (int& size : one.axis_size) size = 1;
    one.on[0] = role::data_parallel;
    graph const g = read_model<typename Job::model>(one, Job::batch, element_type<typename element_of<Job>::type>,
                                                    element_type<typename compute_of<Job>::type>);
    if (!g.ok()) return 0;
    hash_64 h;
    for (short k = 0; k < g.parameter_count; ++k) {
        parameter_record const& p = g.parameters[k];
        h.add(p.name);
        for (int d = 0; d < p.stored.rank; ++d) h.add(p.stored.extent[d]);
    }
    return h.value;
}

}  // namespace detail

/// What a plan itself says that it is for.
constexpr plan_frame frame_of(model_plan const& p) {
    plan_frame f;
    f.axes = p.axes, f.tokens = p.tokens;
    for (int a = 0; a < p.axes; ++a) f.axis_size[a] = p.axis_size[a], f.axis_name[a] = p.axis_name[a];
    for (int i = 0; i < p.layers; ++i) {
        planned_layer const& x = p.layer[i];
        int const at = f.find(x.name), end = x.first + x.count;
        if (at < 0)
            f.add(x.name, end, x.repeated);
        else if (f.of[at].trips < end)
            f.of[at].trips = end;
    }
    return f;
}
/// The same of a job with `mesh`, `model` and `batch`; it needs no strategy.
template <class Job>
constexpr plan_frame frame_of() {
    plan_frame f;
    detail::name_axes(f, typename Job::mesh{});
    for (int a = 0; a < f.axes; ++a) f.axis_size[a] = Job::mesh::axis_size[a];
    unit_list const units = units_of<typename Job::model>();
    for (int i = 0; i < units.count; ++i)
        f.add(units.unit[i].name, units.unit[i].in_block ? units.trips : 1, units.unit[i].in_block);
    f.tokens = Job::batch.global * Job::batch.sequence;
    f.parameters = detail::hash_of_parameters<Job>();
    return f;
}

}  // namespace shardtype
