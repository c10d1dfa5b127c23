#pragma once

#include <shardtype/rules/conversion.hpp>
#include <shardtype/rules/report.hpp>
#include <shardtype/tensor/valid.hpp>

namespace shardtype {

namespace names {
struct redistribute {};
}  // namespace names

namespace detail {

template <class P>
struct placement_kind {
    static constexpr bool known = false;
};
template <class... Axes>
struct placement_kind<replicate<Axes...>> {
    static constexpr bool known = true;
    static constexpr placement value = on_replicate;
    using axes = type_list<Axes...>;
};
template <class... Axes>
struct placement_kind<partial<Axes...>> {
    static constexpr bool known = true;
    static constexpr placement value = on_partial;
    using axes = type_list<Axes...>;
};
template <class... Axes>
struct placement_kind<invariant<Axes...>> {
    static constexpr bool known = true;
    static constexpr placement value = on_invariant;
    using axes = type_list<Axes...>;
};
template <int Dim, class... Axes>
struct placement_kind<shard<Dim, Axes...>> {
    static constexpr bool known = true;
    static constexpr placement value = on_shard(Dim);
    using axes = type_list<Axes...>;
};
template <int Dim, class... Axes>
struct placement_kind<padded_shard<Dim, Axes...>> {
    static constexpr bool known = true;
    static constexpr placement value = on_padded_shard(Dim);
    using axes = type_list<Axes...>;
};

template <class Mesh, class... Axes>
constexpr layout place_axes(layout x, placement to, type_list<Axes...>) {
    if constexpr (sizeof...(Axes) == 1) {  // a shard of this dimension stays at its place in the list
        constexpr int at[] = {Mesh::template find<Axes>()...};
        placement const now = x.on[at[0]];
        if (now.is == kind::shard && to.is == kind::shard && now.dim == to.dim && now.padded == to.padded) return x;
    }
    ((x = placed(x, Mesh::template find<Axes>(), to)), ...);
    return x;
}
/// Places the named axes of x anew, one after the other: a shard's axes become the minor ones in the order written.
template <class Mesh, class... Placements>
constexpr layout replaced(layout x) {
    ((x = place_axes<Mesh>(x, placement_kind<Placements>::value, typename placement_kind<Placements>::axes{})), ...);
    return x;
}

template <class X, class... Placements>
struct retargeted {
    static constexpr layout value = replaced<typename X::mesh_type, Placements...>(X::value);
};

/// The number of an axis that is named twice, or -1.
template <class Mesh, class... Axes>
constexpr int named_twice(type_list<Axes...>) {
    int times[max_axes]{}, twice = -1;
    ((++times[Mesh::template find<Axes>()] > 1 ? (void)(twice = Mesh::template find<Axes>()) : void()), ...);
    return twice;
}
template <class Mesh, class Head, class... Tail>
constexpr auto raise_foreign(type_list<Head, Tail...>) {
    if constexpr (Mesh::template count<Head> == 0) {
        return raise<ST_M003<Head, Mesh>>();
    } else {
        return raise_foreign<Mesh>(type_list<Tail...>{});
    }
}

/// From X to the layout that Target holds, by the cheapest conversion.
template <class X, class Target>
struct moved_to {
    static constexpr layout value = Target::value;
    static constexpr conversion path = is_constant<X> ? convert_constant(X::value, value) : convert(X::value, value);
};

template <class X, class Target>
constexpr auto move_to() {
    using mesh = typename X::mesh_type;
    constexpr layout_fault fault = fault_of(Target::value);
    using axis = typename mesh::template axis_at<fault.axis>;
    if constexpr (fault.what == code::shard_dimension) {
        return failed<decltype(raise<ST_P103<fault.dim, axis, X>>())>();
    } else if constexpr (fault.what == code::not_divisible) {
        constexpr long parts = Target::value.parts(fault.dim);
        return failed<decltype(raise<ST_T201<fault.dim, X::value.extent[fault.dim], parts, axis, X>>())>();
    } else {
        using result = moved_to<X, Target>;
        if constexpr (result::path.says.legal()) {
            return tensor_like<X, result>{};
        } else {
            return failed<
                decltype(report<result::path.says.what, no_single_change, on_axis<void>, names::redistribute, X>())>();
        }
    }
}

}  // namespace detail

/// Changes the placement on the axes that are named; the others stay. A shard's axes become the minor ones of its
/// dimension, in the order written; one axis alone that is a shard of this dimension stays at its place. The collectives are the cheapest sequence there is (`redistribution_path`).
/// `redistribute<shard<1, tp>>(y)`: from partial a reduce_scatter, from invariant a slice. An axis that the mesh divides
/// stands for its parts. What is constant stays it, and only its forward counts.
/// @pre the axes are the mesh's [ST-M003], each named once [ST-P102]; the dimension is the tensor's [ST-P103] and divides
/// [ST-T201]
/// @snippet 03_compile_error.cpp right
template <class... Placements, class X>
constexpr auto redistribute(X) {
    if constexpr (detail::any_failed<X>) {
        return ill_typed{};
    } else if constexpr (!valid<X>) {
        return detail::failed<decltype(detail::raise_invalid<X>())>();
    } else if constexpr (!(true && ... && detail::placement_kind<Placements>::known)) {
        return detail::failed<decltype(detail::raise<ST_T202<type_list<Placements...>>>())>();
    } else {
        using mesh = typename X::mesh_type;
        using axes = detail::concat_t<detail::axes_of<detail::on_mesh<mesh, Placements>>...>;
        if constexpr (!detail::all_known<mesh>(axes{})) {
            return detail::failed<decltype(detail::raise_foreign<mesh>(axes{}))>();
        } else if constexpr (detail::named_twice<mesh>(axes{}) >= 0) {
            using axis = typename mesh::template axis_at<detail::named_twice<mesh>(axes{})>;
            return detail::failed<decltype(detail::raise<ST_P102<axis, X>>())>();
        } else {
            return detail::move_to<X, detail::retargeted<X, detail::on_mesh<mesh, Placements>...>>();
        }
    }
}

/// The same with everything stated: x as a Tensor of its shape, element type and mesh.
/// @pre [ST-R309], [ST-R310]; Tensor is not constant where x has a gradient [ST-G503]
template <class Tensor, class X>
constexpr auto redistribute_to(X) {
    if constexpr (detail::any_failed<X, Tensor>) {
        return ill_typed{};
    } else if constexpr (!detail::all_valid<X, Tensor>) {
        return detail::failed<decltype(detail::raise_invalid<X, Tensor>())>();
    } else if constexpr (is_constant<Tensor> && !is_constant<X>) {
        return detail::failed<decltype(detail::report<code::gradient_lost, no_single_change, on_axis<void>,
                                                      names::redistribute, X, Tensor>())>();
    } else if constexpr (!detail::one_mesh<X, Tensor>) {
        return detail::failed<decltype(detail::report<code::meshes_differ, no_single_change, on_axis<void>,
                                                      names::redistribute, X, Tensor>())>();
    } else if constexpr (!detail::same_shape(X::value, Tensor::value)) {
        return detail::failed<decltype(detail::report<code::shapes_disagree, no_single_change, on_axis<void>,
                                                      names::redistribute, X, Tensor>())>();
    } else {
        return detail::move_to<X, Tensor>();
    }
}

namespace detail {
template <class From, class To>
constexpr conversion checked_path() {
    if constexpr (same<decltype(redistribute_to<To>(From{})), ill_typed>) {
        conversion none;
        none.says.what = code::no_conversion;
        return none;
    } else {
        return moved_to<From, To>::path;
    }
}
}  // namespace detail

/// What a redistribution from one tensor type to another of its shape runs, as a value: the hops with their collectives,
/// the bytes that a device sends, the peak memory; of a constant the forward alone.
template <class From, class To>
inline constexpr conversion redistribution_path = detail::checked_path<From, To>();

}  // namespace shardtype
