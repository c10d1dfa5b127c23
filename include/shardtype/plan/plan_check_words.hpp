#pragma once

#include <shardtype/base/knob.hpp>
#include <shardtype/model/model_fix.hpp>
#include <shardtype/plan/measured_fault.hpp>
#include <shardtype/plan/pins.hpp>
#include <shardtype/plan/plan_fault.hpp>

// The words in which the planner says what to write instead.
namespace shardtype {

/// A member of a job's `constraints`, in front of what to write there; `asked` of it.
namespace in_constraints {
// clang-format off
template <long Bytes> struct device_memory {};                     ///< the smallest that would do
template <long Stored, long Whole> struct share {};                ///< a rank's part of a layer's matrices
template <class... Shares> struct parameter_memory {};             ///< one of these lies between `low` and `high`
template <long Low, long High> struct between_per_mille {};        ///< `low` and `high`
template <class... Roles> struct roles {};                         ///< these are among `roles` and `on_axis`
struct recompute {};                                               ///< `recompute = true`
struct on_axis {};                                                 ///< any entry of it
template <int Axis> struct on_axis_at {};                          ///< this entry
// clang-format on
}  // namespace in_constraints
/// A member of a job: what stands there, or what to write; with no argument the member alone.
namespace in_job {
// clang-format off
template <class... What> struct model {};
template <class... What> struct mesh {};
template <class... What> struct hardware {};     ///< `static constexpr`, as all values
template <class... What> struct batch {};
template <class... What> struct constraints {};
template <class... What> struct world_size {};
template <class... What> struct pinned {};
template <class... What> struct input {};
template <class... What> struct output {};
struct not_constant {};                           ///< of the right type, and no constant
template <long Bytes> struct memory {};           ///< `hardware::memory`
template <long Bytes> struct reserved {};         ///< of these
template <long Rate> struct bf16_flops {};
template <long Rate> struct memory_bandwidth {};
template <long Rate> struct link_bandwidth {};
template <long Rate> struct network_bandwidth {};
template <long Rate> struct f32_flops {};
template <long Devices> struct devices_per_node {};
template <long Time> struct launch {};            ///< ns
template <long PerMille> struct matmul_efficiency {};
template <long PerMille> struct memory_efficiency {};
struct measured_nullptr {};                       ///< `hardware::measured` points to nothing
template <measured_member Member, long Value> struct measured {};  ///< of what it points to
template <long Rows> struct global {};            ///< `batch_shape::global`
template <long Tokens> struct sequence {};
template <long Parts> struct micro_batches {};
// clang-format on
}  // namespace in_job
/// In front of a member that the job does not have.
template <class Member>
struct missing {};
/// What was pinned to some layers; of `input` and `output` to the first and to the last one.
namespace asked {
// clang-format off
template <class Layers, class... What> struct in_layers {};
template <class... What> struct of_all {};
template <class... What> struct input {};
template <class... What> struct output {};
// clang-format on
}  // namespace asked
/// Memory of a plan, bytes of a rank.
namespace in_plan {
// clang-format off
template <long Bytes> struct smallest {};                                           ///< the one that takes least
template <class Layer, class State, class Activations, class Window> struct most {};  ///< the layer that holds most of it
template <long Bytes> struct window {};                                             ///< while it runs
// clang-format on
}  // namespace in_plan
/// In the place of a fix: without this pin there is a plan.
struct remove_this_pin {};
/// The rule's error that a layer gives under every strategy, or under those that were asked for.
template <code What>
struct refused_by {};
/// What takes less room.
/// @{
struct fewer_roles {};       ///< `constraints::roles` or `on_axis`
struct fewer_pins {};        ///< in `pinned`
struct fewer_layers {};      ///< named ones, outside a repeat or in its block
struct one_repeat {};        ///< equal layers in one place
struct name_first_layer {};  ///< `named<"tok_embeddings", ...>`
struct named_layers {};      ///< the model has none at all
/// @}
namespace tables {
struct max_units;         ///< parts of a model with a strategy of their own, in `unit_list`
struct max_pins;          ///< in `planned_case`
struct max_masks;         ///< sets of pins that a layer can keep to, in `plan/unit_fault.hpp`
struct options_room;      ///< ways to store a layer's parameters, in `plan/planning.hpp`
struct block_options;     ///< ways to run a block, in `plan/planning.hpp`
struct options_of_layer;  ///< the same over all boundary layouts
struct max_layers;        ///< rows of layers, in `model_plan`
struct sum_of_times;      ///< bits of nanoseconds
}  // namespace tables

namespace detail {

#if defined(__clang__)
template <char... Letters>
struct on_hardware {};
template <label Name, int... I>
on_hardware<Name.data[I]...> spell_hardware(int_list<I...>);
template <label Name>
using spelled_hardware = decltype(spell_hardware<Name>(make_ints<Name.size>{}));
#else
template <label Name>
struct on_hardware {};
template <label Name>
using spelled_hardware = on_hardware<Name>;
#endif

/// What a job asks for, in the order of `add_pins`.
template <class... Parts>
type_list<Parts...> parts_of(strategy<Parts...>*);
template <class What>
struct of_input;
template <class What>
struct of_output;
template <class Job>
constexpr auto asked_of_pinned() {
    if constexpr (requires { typename Job::pinned; })
        return decltype(parts_of(static_cast<typename Job::pinned*>(nullptr))){};
    else
        return type_list<>{};
}
template <class Job>
constexpr auto asked_of_input() {
    if constexpr (requires { typename Job::input; })
        return type_list<of_input<typename Job::input>>{};
    else
        return type_list<>{};
}
template <class Job>
constexpr auto asked_of_output() {
    if constexpr (requires { typename Job::output; })
        return type_list<of_output<typename Job::output>>{};
    else
        return type_list<>{};
}
template <class Job>
using asked_of =
    concat_t<decltype(asked_of_pinned<Job>()), decltype(asked_of_input<Job>()), decltype(asked_of_output<Job>())>;

template <class... Parts>
constexpr int count_of(type_list<Parts...>) {
    return static_cast<int>(sizeof...(Parts));
}

/// A pin as a message has it: clang prints the text of an `in_layers` as numbers.
template <class Part>
struct layers_of_part {
    static constexpr label layers = Part::layers();
    using type = failed_layer<layers>;
};
template <class Layers, class... Roles>
asked::in_layers<Layers, Roles...> spell_pinned(type_list<Roles...>);
template <class... Roles>
asked::input<Roles...> spell_end(of_input<type_list<Roles...>>*);
template <class... Roles>
asked::output<Roles...> spell_end(of_output<type_list<Roles...>>*);
template <class Part>
constexpr auto spell_pin() {
    if constexpr (requires { spell_end(static_cast<Part*>(nullptr)); })
        return decltype(spell_end(static_cast<Part*>(nullptr))){};
    else if constexpr (requires { Part::layers(); })
        return decltype(spell_pinned<typename layers_of_part<Part>::type>(typename Part::roles{})){};
    else
        return asked::of_all<Part>{};
}
template <int K, class... Parts>
constexpr auto spell_pin_at(type_list<Parts...>) {
    return spell_pin<typename pick<K, Parts...>::type>();
}
template <class Job, int K>
using spelled_pin = decltype(spell_pin_at<K>(asked_of<Job>{}));

/// The roles of a set, of one axis.
template <unsigned Mask, role R, class Spelled>
constexpr auto if_among() {
    if constexpr (role_set{Mask}.has(R))
        return type_list<Spelled>{};
    else
        return type_list<>{};
}
template <unsigned Mask, class Axis>
using spelled_roles = concat_t<decltype(if_among<Mask, role::data_parallel, ddp<Axis>>()),
                               decltype(if_among<Mask, role::sharded_optimizer, zero1<Axis>>()),
                               decltype(if_among<Mask, role::sharded_gradients, zero2<Axis>>()),
                               decltype(if_among<Mask, role::fully_sharded, fsdp<Axis>>()),
                               decltype(if_among<Mask, role::sequence_parallel, sequence_parallel<Axis>>()),
                               decltype(if_among<Mask, role::tensor_parallel, tensor_parallel<Axis>>())>;
template <template <class...> class Words, class... Roles>
Words<Roles...> rename_list(type_list<Roles...>);

}  // namespace detail
}  // namespace shardtype
