#pragma once

#include <shardtype/ops/view_hop.hpp>
#include <shardtype/rules/collectives.hpp>
#include <shardtype/rules/hop_plan.hpp>

namespace shardtype {

/// In a fix: call it with a destination of so many elements.
template <long Elements>
struct give_destination {};
/// In a fix: call it with a destination and scratch of so many elements.
template <long Elements, long Scratch>
struct give_destination_and_scratch {};

namespace detail {

/// What errors at run time call an operation.
template <class Name>
inline constexpr char const* operation_text = "redistribute";
template <>
inline constexpr char const* operation_text<names::all_reduce> = "all_reduce";
template <>
inline constexpr char const* operation_text<names::all_gather> = "all_gather";
template <>
inline constexpr char const* operation_text<names::reduce_scatter> = "reduce_scatter";
template <>
inline constexpr char const* operation_text<names::all_to_all> = "all_to_all";

/// Hop number I of Plan::value.
template <class Plan, int I>
struct planned_hop {
    static constexpr int axis = Plan::value.hop_at[I].axis;
    static constexpr hop_shape runs = Plan::value.hop_at[I].runs;
    static constexpr hop_memory from = Plan::value.hop_at[I].from, to = Plan::value.hop_at[I].to;
};

template <class Plan, class Tensor, class C, class T, int... I>
void run_plan(tensor_view<Tensor, C, T const> const& x, T* destination, T* scratch, int_list<I...>) {
    if constexpr (sizeof...(I) == 0) {
        if (x.data() != destination)
            view_memory<C>::copy(x.communicators(), x.data(), destination, Tensor::local_count);
    } else {
        T* const at[] = {nullptr, destination, scratch, scratch + Plan::value.scratch_a};
        auto const read = [&](hop_memory from) -> T const* {
            return from == hop_memory::source ? x.data() : at[static_cast<int>(from)];
        };
        (run_hop<planned_hop<Plan, I>>(x.communicators(), read(planned_hop<Plan, I>::from),
                                       at[static_cast<int>(planned_hop<Plan, I>::to)]),
         ...);
    }
}

template <class Plan, class C, class Element, int... I>
Element* run_plan_in_place(C const& communicators, Element* data, int_list<I...>) {
    (void)communicators;
    ((data = run_hop_in_place<planned_hop<Plan, I>>(communicators, data)), ...);
    return data;
}

/// What a call without enough memory gets: the memory it needs.
template <class Plan, class Result, long Scratch = Plan::value.scratch_a + Plan::value.scratch_b>
struct room_fix {
    using type = write<give_destination_and_scratch<Result::local_count, Scratch>>;
};
template <class Plan, class Result>
struct room_fix<Plan, Result, 0> {
    using type = write<give_destination<Result::local_count>>;
};

/// What is wrong with a plan on a view: ok, no_kernel [R313], view_room [C405], view_kept [C407].
template <class Plan, bool Writable, bool Kept>
constexpr code fault_in_place() {
    if (!Plan::value.has_code) return code::no_kernel;
    if (!Plan::value.in_place || (!Writable && Plan::value.writes_in_place)) return code::view_room;
    return Kept && Plan::value.writes_in_place ? code::view_kept : code::ok;
}
template <class Plan, bool HasScratch>
constexpr code fault_with_destination() {
    if (!Plan::value.has_code) return code::no_kernel;
    return HasScratch || Plan::value.scratch_a + Plan::value.scratch_b == 0 ? code::ok : code::view_room;
}

/// The check that such a fault fails.
template <code Fault, class Plan, class Result, class Axis, class Name, class Tensor>
struct check_of_room {
    using type = ST_R313<no_single_change, on_axis<Axis>, Name, Tensor>;
};
template <class Plan, class Result, class Axis, class Name, class Tensor>
struct check_of_room<code::view_room, Plan, Result, Axis, Name, Tensor> {
    using type = ST_C405<typename room_fix<Plan, Result>::type, on_axis<Axis>, Name, Tensor>;
};
template <class Plan, class Result, class Axis, class Name, class Tensor>
struct check_of_room<code::view_kept, Plan, Result, Axis, Name, Tensor> {
    using type = ST_C407<write<std_move_operand>, on_axis<Axis>, Name, Tensor>;
};

/// Within x's own memory. @pre fault_in_place is ok
/// @tparam Kept x stays in use, so that a part of it is read only
template <class Plan, bool Kept, class Result, class Tensor, class C, class Element>
auto planned_in_place(tensor_view<Tensor, C, Element> const& x, Result) {
    using seen = std::conditional_t<Kept && (Plan::value.hops > 0), Element const, Element>;
    return view_maker::make<tensor_view<Result, C, seen>>(
        run_plan_in_place<Plan>(x.communicators(), x.data(), make_ints<Plan::value.hops>{}), x.communicators());
}

/// @return the destination's address, checked; only where nothing moves may it be the source
template <class Plan, class Name, class Tensor, class Result, class T>
T* checked_destination(T const* source, room<T> const& destination) {
    constexpr char const* name = operation_text<Name>;
    T* const to = destination.at_least(Result::local_count, name, "destination");
    if (source != to || Plan::value.hops > 0)
        require_apart(source, Tensor::local_count, to, Result::local_count, name, "the view and the destination");
    return to;
}

/// Into a destination, by scratch if it needs any. @pre fault_with_destination is ok
template <class Plan, class Name, class Result, class Tensor, class C, class Element>
auto planned_to(tensor_view<Tensor, C, Element> const& x, room<typename Tensor::element> const& destination,
                room<typename Tensor::element> const& scratch, Result) {
    using element = typename Tensor::element;
    constexpr long room_needed = Plan::value.scratch_a + Plan::value.scratch_b;
    constexpr char const* name = operation_text<Name>;
    element* const to = checked_destination<Plan, Name, Tensor, Result, element>(x.data(), destination);
    element* const between = scratch.at_least(room_needed, name, "scratch");
    if constexpr (room_needed > 0) {
        require_apart(x.data(), Tensor::local_count, between, room_needed, name, "the view and the scratch");
        require_apart(to, Result::local_count, between, room_needed, name, "the destination and the scratch");
    }
    run_plan<Plan>(tensor_view<Tensor, C, element const>(x), to, between, make_ints<Plan::value.hops>{});
    return view_maker::make<tensor_view<Result, C>>(to, x.communicators());
}

/// A plan within x's own memory, if nothing is wrong with that.
template <class Plan, bool Kept, class Name, class Axis, class Result, class Tensor, class C, class Element>
auto run_in_place(tensor_view<Tensor, C, Element> const& x, Result result) {
    constexpr code fault = fault_in_place<Plan, same<Element, typename Tensor::element>, Kept>();
    using check = typename check_of_room<fault, Plan, Result, Axis, Name, Tensor>::type;
    if constexpr (fault != code::ok)
        return failed<decltype(raise<check>())>();
    else
        return planned_in_place<Plan, Kept>(x, result);
}
/// A plan into a destination, if nothing is wrong with that.
template <class Plan, bool HasScratch, class Name, class Axis, class Result, class Tensor, class C, class Element>
auto run_to(tensor_view<Tensor, C, Element> const& x, room<typename Tensor::element> const& destination,
            room<typename Tensor::element> const& scratch, Result result) {
    constexpr code fault = fault_with_destination<Plan, HasScratch>();
    using check = typename check_of_room<fault, Plan, Result, Axis, Name, Tensor>::type;
    if constexpr (fault != code::ok)
        return failed<decltype(raise<check>())>();
    else
        return planned_to<Plan, Name>(x, destination, scratch, result);
}

}  // namespace detail

}  // namespace shardtype
