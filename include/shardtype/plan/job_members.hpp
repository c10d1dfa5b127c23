#pragma once

#include <shardtype/model/read.hpp>
#include <shardtype/plan/job_faults.hpp>
#include <shardtype/plan/pin_checks.hpp>

#include <type_traits>

// The members that a job must have before it can be planned.
namespace shardtype::detail {

template <class Fix, class Fact>
using job_fault = type_list<fault_in_words<code::plan_job, write<Fix>, Fact>>;

template <class T>
inline constexpr bool is_mesh = false;
template <class... Axes>
inline constexpr bool is_mesh<mesh<Axes...>> = true;
template <class T>
inline constexpr bool is_strategy = false;
template <class... Parts>
inline constexpr bool is_strategy<strategy<Parts...>> = true;
template <class T>
inline constexpr bool is_list = false;
template <class... Parts>
inline constexpr bool is_list<type_list<Parts...>> = true;
template <class T>
inline constexpr bool is_model = requires(graph& g) {
    T::read(g, g.tokens);
};

template <class... Parts>
in_job::pinned<strategy<Parts...>> as_pinned(type_list<Parts...>*);
template <class Part>
in_job::pinned<strategy<Part>> as_pinned(Part*);
template <class... Axes>
in_job::mesh<mesh<Axes...>> as_a_mesh(type_list<Axes...>*);
template <class Axis>
    requires requires { Axis::size; }
in_job::mesh<mesh<Axis>> as_a_mesh(Axis*);
in_job::mesh<> as_a_mesh(...);

template <class Job>
constexpr auto faults_of_model() {
    if constexpr (!requires { typename Job::model; })
        return job_fault<in_job::model<>, missing<in_job::model<>>>{};
    else if constexpr (!is_model<typename Job::model>)
        return job_fault<in_job::model<>, in_job::model<typename Job::model>>{};
    else
        return type_list<>{};
}
template <class Job>
constexpr auto faults_of_mesh() {
    if constexpr (!requires { typename Job::mesh; })
        return job_fault<in_job::mesh<>, missing<in_job::mesh<>>>{};
    else if constexpr (!is_mesh<typename Job::mesh>)
        return job_fault<decltype(as_a_mesh(static_cast<typename Job::mesh*>(nullptr))),
                         in_job::mesh<typename Job::mesh>>{};
    else
        return type_list<>{};
}

template <class T>
using plain = std::remove_cv_t<std::remove_reference_t<T>>;
template <bool>
struct is_known;
/// Whether a member is a constant. (g++ has an error of its own for one that is not static.)
template <class Job>
constexpr bool is_constant_batch() {
    if constexpr (requires { requires std::is_member_object_pointer_v<decltype(&Job::batch)>; })
        return false;
    else
        return requires { typename is_known<(Job::batch.global == Job::batch.sequence)>; };
}
template <class Job>
constexpr bool is_constant_hardware() {
    if constexpr (requires { requires std::is_member_object_pointer_v<decltype(&Job::hardware)>; })
        return false;
    else
        return requires { typename is_known<(Job::hardware.memory == Job::hardware.reserved)>; };
}
template <class Job>
constexpr bool is_constant_constraints() {
    if constexpr (requires { requires std::is_member_object_pointer_v<decltype(&Job::constraints)>; })
        return false;
    else
        return requires { typename is_known<(Job::constraints.device_memory == 0)>; };
}
template <class Job>
constexpr bool is_constant_world_size() {
    if constexpr (requires { requires std::is_member_object_pointer_v<decltype(&Job::world_size)>; })
        return false;
    else
        return requires { typename is_known<(Job::world_size == 0)>; };
}
template <class Job>
constexpr auto faults_of_batch() {
    using fix = in_job::batch<batch_shape>;
    if constexpr (!requires { Job::batch; }) {
        return job_fault<fix, missing<in_job::batch<>>>{};
    } else if constexpr (!same<plain<decltype(Job::batch)>, batch_shape>) {
        return job_fault<fix, in_job::batch<plain<decltype(Job::batch)>>>{};
    } else if constexpr (!is_constant_batch<Job>()) {
        return job_fault<fix, in_job::batch<in_job::not_constant>>{};
    } else {
        constexpr batch_shape b = Job::batch;
        constexpr batch_fault what = fault_of(b);
        constexpr long rows = most_tokens < b.global ? most_tokens : b.global;
        if constexpr (what == batch_fault::none)
            return type_list<>{};
        else if constexpr (what == batch_fault::global)
            return job_fault<in_job::global<1>, in_job::global<b.global>>{};
        else if constexpr (what == batch_fault::sequence)
            return job_fault<in_job::sequence<1>, in_job::sequence<b.sequence>>{};
        else if constexpr (what == batch_fault::tokens && b.sequence > most_tokens)
            return job_fault<in_job::sequence<most_tokens / rows>, in_job::sequence<b.sequence>>{};
        else if constexpr (what == batch_fault::tokens)
            return job_fault<in_job::global<most_tokens / b.sequence>,
                             in_job::batch<in_job::global<b.global>, in_job::sequence<b.sequence>>>{};
        else
            return job_fault<in_job::micro_batches<1>, in_job::micro_batches<b.micro_batches>>{};
    }
}
/// The member of the devices that is at fault, as a message has it.
template <class Job, hardware_fault What>
constexpr auto spell_hardware() {
    constexpr shardtype::hardware h = Job::hardware;
    if constexpr (What == hardware_fault::memory || What == hardware_fault::usable)
        return in_job::hardware<in_job::memory<h.memory>, in_job::reserved<h.reserved>>{};
    else if constexpr (What == hardware_fault::reserved)
        return in_job::hardware<in_job::reserved<h.reserved>>{};
    else if constexpr (What == hardware_fault::bf16_flops)
        return in_job::hardware<in_job::bf16_flops<h.bf16_flops>>{};
    else if constexpr (What == hardware_fault::memory_bandwidth)
        return in_job::hardware<in_job::memory_bandwidth<h.memory_bandwidth>>{};
    else if constexpr (What == hardware_fault::link_bandwidth)
        return in_job::hardware<in_job::link_bandwidth<h.link_bandwidth>>{};
    else if constexpr (What == hardware_fault::network_bandwidth)
        return in_job::hardware<in_job::network_bandwidth<h.network_bandwidth>>{};
    else if constexpr (What == hardware_fault::f32_flops)
        return in_job::hardware<in_job::f32_flops<h.f32_flops>>{};
    else if constexpr (What == hardware_fault::devices_per_node)
        return in_job::hardware<in_job::devices_per_node<h.devices_per_node>>{};
    else if constexpr (What == hardware_fault::launch)
        return in_job::hardware<in_job::launch<h.launch>>{};
    else if constexpr (What == hardware_fault::matmul_efficiency)
        return in_job::hardware<in_job::matmul_efficiency<h.matmul_efficiency>>{};
    else if constexpr (What == hardware_fault::memory_efficiency)
        return in_job::hardware<in_job::memory_efficiency<h.memory_efficiency>>{};
    else if constexpr (h.measured == nullptr)
        return in_job::hardware<in_job::measured_nullptr>{};
    else
        return in_job::hardware<in_job::measured<words_of(What, h).of, words_of(What, h).value>>{};
}
/// A number of the devices without which there is no cost.
template <class Job>
constexpr auto faults_of_rates() {
    constexpr hardware_fault what = fault_of(Job::hardware);
    if constexpr (what == hardware_fault::none)
        return type_list<>{};
    else
        return job_fault<in_job::hardware<shardtype::hardware>, decltype(spell_hardware<Job, what>())>{};
}
template <class Job>
constexpr auto faults_of_hardware() {
    using fix = in_job::hardware<shardtype::hardware>;
    if constexpr (!requires { Job::hardware; })
        return job_fault<fix, missing<in_job::hardware<>>>{};
    else if constexpr (!same<plain<decltype(Job::hardware)>, shardtype::hardware>)
        return job_fault<fix, in_job::hardware<plain<decltype(Job::hardware)>>>{};
    else if constexpr (!is_constant_hardware<Job>())
        return job_fault<fix, in_job::hardware<in_job::not_constant>>{};
    else
        return faults_of_rates<Job>();
}
template <class Job>
constexpr auto faults_of_constraints() {
    using fix = in_job::constraints<shardtype::constraints>;
    if constexpr (!requires { Job::constraints; })
        return type_list<>{};
    else if constexpr (!same<plain<decltype(Job::constraints)>, shardtype::constraints>)
        return job_fault<fix, in_job::constraints<plain<decltype(Job::constraints)>>>{};
    else if constexpr (!is_constant_constraints<Job>())
        return job_fault<fix, in_job::constraints<in_job::not_constant>>{};
    else
        return type_list<>{};
}

template <class Job>
constexpr auto faults_of_pinned() {
    if constexpr (requires { typename Job::pinned; }) {
        if constexpr (!is_strategy<typename Job::pinned>)
            return job_fault<decltype(as_pinned(static_cast<typename Job::pinned*>(nullptr))),
                             in_job::pinned<typename Job::pinned>>{};
        else
            return type_list<>{};
    } else {
        return type_list<>{};
    }
}
/// `input` or `output`, spelled by `Member`, is a list.
template <template <class...> class Member, class Pins>
constexpr auto faults_of_ends() {
    if constexpr (!is_list<Pins>)
        return job_fault<Member<type_list<Pins>>, Member<Pins>>{};
    else
        return type_list<>{};
}
template <class Job>
constexpr auto faults_of_input() {
    if constexpr (requires { typename Job::input; })
        return faults_of_ends<in_job::input, typename Job::input>();
    else
        return type_list<>{};
}
template <class Job>
constexpr auto faults_of_output() {
    if constexpr (requires { typename Job::output; })
        return faults_of_ends<in_job::output, typename Job::output>();
    else
        return type_list<>{};
}

/// What a job whose mesh is searched for has besides.
template <class Job>
constexpr auto faults_of_world() {
    if constexpr (!requires { Job::world_size; })
        return job_fault<in_job::world_size<int>, missing<in_job::world_size<>>>{};
    else if constexpr (!std::is_integral_v<plain<decltype(Job::world_size)>> ||
                       same<plain<decltype(Job::world_size)>, bool>)
        return job_fault<in_job::world_size<int>, in_job::world_size<plain<decltype(Job::world_size)>>>{};
    else if constexpr (!is_constant_world_size<Job>())
        return job_fault<in_job::world_size<int>, in_job::world_size<in_job::not_constant>>{};
    else if constexpr (Job::world_size < 1 || Job::world_size > 0x7fffffff)
        return job_fault<knobs::world_size<1>, knobs::world_size<Job::world_size>>{};
    else
        return type_list<>{};
}

}  // namespace shardtype::detail
