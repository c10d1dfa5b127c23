#pragma once

#include <shardtype/plan/plan_check_words.hpp>

// Whether the parts of a pin mean something, before a value is made of them.
namespace shardtype::detail {

/// A fault, and the words of its error.
template <code What, class Fix, class... Facts>
struct fault_in_words {};

template <class Part>
inline constexpr bool decides_recomputing = requires {
    Part::again ? 1 : 0;
};
template <class Part>
inline constexpr bool is_role = requires {
    typename Part::axis;
}
&&requires { requires same<decltype(Part::value), role const>; };
template <class Part>
inline constexpr bool is_placement = requires {
    typename asked_use<Part>::axes;
};
template <class Part>
inline constexpr bool is_padded = requires {
    Part::pads;
};

/// The axes that a part is about.
template <class Part>
constexpr auto axes_of_part() {
    if constexpr (is_role<Part>)
        return type_list<typename Part::axis>{};
    else if constexpr (is_placement<Part>)
        return typename asked_use<Part>::axes{};
    else
        return type_list<>{};
}
template <class... Axes, class... Others>
constexpr bool share_an_axis(type_list<Axes...>, type_list<Others...>) {
    return (false || ... || is_among<Axes>(type_list<Others...>{}));
}
/// Whether two parts of one pin say two things about one axis, or about recomputing.
template <class A, class B>
constexpr bool contradict() {
    if constexpr (decides_recomputing<A> && decides_recomputing<B>) return A::again != B::again;
    if constexpr (is_role<A> == is_role<B>)
        return !same<A, B> && share_an_axis(axes_of_part<A>(), axes_of_part<B>());
    else
        return false;
}

/// What could stand in the place of a part.
template <class Axis>
using roles_of_one = one_of<ddp<Axis>, zero1<Axis>, zero2<Axis>, fsdp<Axis>, sequence_parallel<Axis>>;
template <class... Axes>
using placements_of = one_of<shard<0, Axes...>, shard<1, Axes...>, invariant<Axes...>>;
template <class Mesh, class Part>
struct part_instead {
    using first = typename Mesh::template axis_at<0>;
    template <bool IsAxis>
    static constexpr auto find() {
        if constexpr (IsAxis)
            return roles_of_one<Part>{};
        else
            return one_of<ddp<first>, fsdp<first>, sequence_parallel<first>, shard<0, first>, invariant<first>,
                          recompute>{};
    }
    using type = decltype(find<(Mesh::template find<Part>() >= 0)>());
};
template <class Mesh, int Dim, class... Axes>
struct part_instead<Mesh, shard<Dim, Axes...>> {
    using type = placements_of<Axes...>;
};
template <class Mesh, int Dim, class... Axes>
struct part_instead<Mesh, padded_shard<Dim, Axes...>> {
    using type = placements_of<Axes...>;
};
template <class Mesh, class... Axes>
struct part_instead<Mesh, replicate<Axes...>> {
    using type = placements_of<Axes...>;
};
template <class Mesh, class... Axes>
struct part_instead<Mesh, partial<Axes...>> {
    using type = placements_of<Axes...>;
};
template <class... Axes>
one_of<Axes...> one_axis_of(mesh<Axes...>*);
template <class... Axes>
one_of<Axes...> one_axis_of(type_list<Axes...>*);

/// An axis that the mesh does not have, or only in parts.
template <class Mesh, class Part, class Pin, class Axis>
constexpr auto fault_of_axis() {
    using parts = typename Mesh::template parts_of<Axis>;
    if constexpr (Mesh::template find<Axis>() >= 0)
        return type_list<>{};
    else if constexpr (!same<parts, type_list<Axis>>)
        return type_list<fault_in_words<code::plan_pin, write<decltype(one_axis_of(static_cast<parts*>(nullptr)))>,
                                        on_axis<Axis>, Part, Pin>>{};
    else
        return type_list<fault_in_words<code::plan_pin, write<decltype(one_axis_of(static_cast<Mesh*>(nullptr)))>,
                                        on_axis<Axis>, Part, Pin>>{};
}
template <class Mesh, class Part, class Pin, class... Axes>
constexpr auto fault_of_axes(type_list<Axes...>) {
    return concat_t<decltype(fault_of_axis<Mesh, Part, Pin, Axes>())...>{};
}
template <class Pin>
inline constexpr bool is_of_an_end = false;
template <class... Parts>
inline constexpr bool is_of_an_end<asked::input<Parts...>> = true;
template <class... Parts>
inline constexpr bool is_of_an_end<asked::output<Parts...>> = true;
/// The faults of one part. What enters or leaves the model is not made again.
template <class Mesh, class Part, class Pin>
constexpr auto fault_of_part() {
    if constexpr (decides_recomputing<Part> && is_of_an_end<Pin>)
        return type_list<
            fault_in_words<code::plan_pin, write<placements_of<typename Mesh::template axis_at<0>>>, Part, Pin>>{};
    else if constexpr (decides_recomputing<Part>)
        return type_list<>{};
    else if constexpr (is_role<Part> && is_padded<Part>)
        return type_list<fault_in_words<code::plan_pin, write<fsdp<typename Part::axis>>, Part, Pin>>{};
    else if constexpr (is_role<Part> || is_placement<Part>)
        return fault_of_axes<Mesh, Part, Pin>(axes_of_part<Part>());
    else
        return type_list<fault_in_words<code::plan_pin, write<typename part_instead<Mesh, Part>::type>, Part, Pin>>{};
}
template <class Pin, class A, class B>
constexpr auto fault_of_pair() {
    if constexpr (contradict<A, B>())
        return type_list<fault_in_words<code::plan_pin, write<only_one_of<A, B>>, Pin>>{};
    else
        return type_list<>{};
}
template <class Pin, class Part, class... Others>
constexpr auto faults_with(type_list<Others...>) {
    return concat_t<decltype(fault_of_pair<Pin, Part, Others>())...>{};
}
template <class Mesh, class Pin, class... Parts>
constexpr auto faults_of_parts(type_list<Parts...> all) {
    if constexpr (sizeof...(Parts) == 0)
        return type_list<fault_in_words<code::plan_pin, write<remove_this_pin>, Pin>>{};
    else
        return concat_t<decltype(fault_of_part<Mesh, Parts, Pin>())..., decltype(faults_with<Pin, Parts>(all))...>{};
}
template <class Pin>
struct parts_of_pin {
    using type = type_list<Pin>;
};
template <class Pin>
    requires requires {
        Pin::layers();
        typename Pin::roles;
    }
struct parts_of_pin<Pin> {
    using type = typename Pin::roles;
};
template <class What>
struct parts_of_pin<of_input<What>> {
    using type = What;
};
template <class What>
struct parts_of_pin<of_output<What>> {
    using type = What;
};
template <class... Parts>
strategy<Parts...> for_all_layers(type_list<Parts...>);
/// `in_layers` of no name: what is for all layers stands in the strategy itself.
template <class Pin>
constexpr auto faults_of_name() {
    if constexpr (requires {
                      requires Pin::layers()
                      .size == 0;
                  })
        return type_list<
            fault_in_words<code::plan_pin, write<in_job::pinned<decltype(for_all_layers(typename Pin::roles{}))>>,
                           decltype(spell_pin<Pin>())>>{};
    else
        return type_list<>{};
}
template <class Mesh, class Pin>
using faults_of_pin =
    concat_t<decltype(faults_of_parts<Mesh, decltype(spell_pin<Pin>())>(typename parts_of_pin<Pin>::type{})),
             decltype(faults_of_name<Pin>())>;
/// The faults of all that a job asks for.
template <class Mesh, class... Pins>
constexpr auto faults_of_pins(type_list<Pins...>) {
    return concat_t<faults_of_pin<Mesh, Pins>...>{};
}

}  // namespace shardtype::detail
