#pragma once

#include <shardtype/plan/job_members.hpp>
#include <shardtype/plan/plan_bounds.hpp>
#include <shardtype/plan/plan_checks.hpp>

// What is checked of a job before it is planned, so that one error is all there is.
namespace shardtype::detail {

template <class Job>
constexpr shardtype::constraints bounds_asked() {
    if constexpr (requires { Job::constraints; })
        return Job::constraints;
    else
        return {};
}
constexpr double as_share(double x) { return !(x > 0) ? 0 : x > 1 ? 1 : x; }
/// The nearest bounds that are some.
constexpr memory_share in_order(memory_share const& s) {
    double const low = as_share(s.low), high = s.high > 0 ? as_share(s.high) : 1;
    return low < high ? memory_share{low, high} : memory_share{high, low};
}
/// Constraints that no plan can keep to on so many ranks, on a mesh of so many axes.
template <class Job, int Ranks, int Axes>
constexpr auto faults_of_bounds() {
    constexpr shardtype::constraints c = bounds_asked<Job>();
    constexpr shardtype::hardware h = Job::hardware;
    constexpr bound_fault what = fault_of(c, h, Ranks, Axes);
    if constexpr (what == bound_fault::none) {
        return type_list<>{};
    } else if constexpr (what == bound_fault::negative_memory || what == bound_fault::no_such_memory) {
        return type_list<
            fault_in_words<code::plan_bounds, write<in_constraints::device_memory<h.usable()>>,
                           knobs::device_memory<c.device_memory>, in_job::hardware<in_job::memory<h.memory>>>>{};
    } else if constexpr (what == bound_fault::no_such_axis && Axes == 0) {
        return type_list<fault_in_words<code::plan_bounds, write<in_constraints::roles<>>,
                                        in_constraints::on_axis_at<axis_beyond(c, Axes)>>>{};
    } else if constexpr (what == bound_fault::no_such_axis) {
        return type_list<fault_in_words<code::plan_bounds, write<in_constraints::on_axis_at<Axes - 1>>,
                                        in_constraints::on_axis_at<axis_beyond(c, Axes)>>>{};
    } else {
        constexpr memory_share s = c.parameter_memory, to = in_order(s);
        constexpr double high = s.high == 0 ? 1.0 / Ranks : s.high;
        return type_list<fault_in_words<code::plan_bounds,
                                        write<in_constraints::between_per_mille<per_mille(to.low), per_mille(to.high)>>,
                                        in_constraints::between_per_mille<per_mille(s.low), per_mille(high)>>>{};
    }
}

/// The first fault that is found; `type_list<>`: there is none.
template <class Job>
constexpr auto find_job_fault() {
    using members = concat_t<decltype(faults_of_mesh<Job>()), decltype(faults_of_model<Job>()),
                             decltype(faults_of_batch<Job>()), decltype(faults_of_hardware<Job>()),
                             decltype(faults_of_constraints<Job>()), decltype(faults_of_pinned<Job>()),
                             decltype(faults_of_input<Job>()), decltype(faults_of_output<Job>())>;
    if constexpr (!same<members, type_list<>>)
        return members{};
    else
        return concat_t<decltype(faults_of_pins<typename Job::mesh>(asked_of<Job>{})),
                        decltype(faults_of_bounds<Job, Job::mesh::size, Job::mesh::axes>())>{};
}
/// What best_mesh takes no account of.
template <class Job>
constexpr auto faults_of_mesh_pins() {
    constexpr shardtype::constraints c = bounds_asked<Job>();
    if constexpr (requires { typename Job::pinned; })
        return type_list<
            fault_in_words<code::plan_mesh_pins, write<remove_this_pin>, in_job::pinned<typename Job::pinned>>>{};
    else if constexpr (requires { typename Job::input; })
        return type_list<
            fault_in_words<code::plan_mesh_pins, write<remove_this_pin>, in_job::input<typename Job::input>>>{};
    else if constexpr (requires { typename Job::output; })
        return type_list<
            fault_in_words<code::plan_mesh_pins, write<remove_this_pin>, in_job::output<typename Job::output>>>{};
    else if constexpr (asks_on_axis(c))
        return type_list<
            fault_in_words<code::plan_mesh_pins, write<in_constraints::roles<>>, in_constraints::on_axis>>{};
    else
        return type_list<>{};
}
template <class Job>
constexpr auto find_mesh_job_fault() {
    using members =
        concat_t<decltype(faults_of_world<Job>()), decltype(faults_of_model<Job>()), decltype(faults_of_batch<Job>()),
                 decltype(faults_of_hardware<Job>()), decltype(faults_of_constraints<Job>())>;
    if constexpr (!same<members, type_list<>>)
        return members{};
    else
        return concat_t<decltype(faults_of_mesh_pins<Job>()),
                        decltype(faults_of_bounds<Job, static_cast<int>(Job::world_size), max_axes>())>{};
}

/// Raises the first fault's error.
template <class Job, code What, class Fix, class... Facts, class... More>
constexpr auto raise_first(type_list<fault_in_words<What, Fix, Facts...>, More...>) {
    return raise<typename check_of<What>::template with<Fix, Facts..., Job>>();
}

/// Whether `plan` can look at a job at all.
template <class Job>
inline constexpr bool is_sound_job = same<decltype(find_job_fault<Job>()), type_list<>>;
/// The same of `best_mesh`.
template <class Job>
inline constexpr bool is_sound_mesh_job = same<decltype(find_mesh_job_fault<Job>()), type_list<>>;
template <class Job>
constexpr auto report_job() {
    return decltype(raise_first<Job>(find_job_fault<Job>())){};
}
template <class Job>
constexpr auto report_mesh_job() {
    return decltype(raise_first<Job>(find_mesh_job_fault<Job>())){};
}

}  // namespace shardtype::detail
