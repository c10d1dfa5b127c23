#pragma once

#include <shardtype/rules/conversion.hpp>
#include <shardtype/rules/operation.hpp>
#include <shardtype/rules/reshape.hpp>

namespace shardtype {

namespace detail {

template <class X, class Axis, placement To>
struct moved {
    static constexpr int axis = X::mesh_type::template find<Axis>();
    static constexpr redistribution out = shardtype::redistribute(X::value, axis, To);
    static constexpr layout value = out.result;
};

/// Only the minor axis of its dimension's list moves: the one to move first.
template <class X, class Axis>
struct minor_of {
    static constexpr int dim = X::value.on[X::mesh_type::template find<Axis>()].dim;
    static constexpr int at = X::value.axis_at(dim, X::value.shards(dim) - 1);
    using fix = write<move_first<typename X::mesh_type::template axis_at<at>>>;
};

template <class Axis, placement To, class Name, class X>
constexpr auto move_one(X) {
    if constexpr (any_failed<X>) {
        return ill_typed{};
    } else if constexpr (X::mesh_type::template count<Axis> == 0) {
        return failed<decltype(raise<ST_M003<Axis, typename X::mesh_type>>())>();
    } else {
        using result = moved<X, Axis, To>;
        constexpr code what = result::out.says.what;
        if constexpr (what == code::ok) {
            return tensor_of<typename X::element, typename X::mesh_type, result>{};
        } else if constexpr (what == code::shard_dimension) {
            return failed<decltype(raise<ST_P103<To.dim, Axis, X>>())>();
        } else if constexpr (what == code::not_divisible) {
            constexpr long parts = X::value.parts(To.dim) * Axis::size;
            return failed<decltype(raise<ST_T201<To.dim, X::value.extent[To.dim], parts, Axis, X>>())>();
        } else if constexpr (what == code::not_minor_axis) {
            return failed<decltype(report<what, typename minor_of<X, Axis>::fix, on_axis<Axis>, Name, X>())>();
        } else {
            return failed<decltype(report<what, no_single_change, on_axis<Axis>, Name, X>())>();
        }
    }
}

template <class X, class Axis>
inline constexpr placement placed_on = X::value.on[X::mesh_type::template find<Axis>()];

struct redistribute_name {};

template <class P>
struct placement_kind;
template <class... Axes>
struct placement_kind<replicate<Axes...>> {
    static constexpr placement value = on_replicate;
    using axes = type_list<Axes...>;
};
template <class... Axes>
struct placement_kind<partial<Axes...>> {
    static constexpr placement value = on_partial;
    using axes = type_list<Axes...>;
};
template <class... Axes>
struct placement_kind<invariant<Axes...>> {
    static constexpr placement value = on_invariant;
    using axes = type_list<Axes...>;
};
template <int Dim, class... Axes>
struct placement_kind<shard<Dim, Axes...>> {
    static constexpr placement value = on_shard(Dim);
    using axes = type_list<Axes...>;
};

template <class Mesh, class... Axes>
constexpr layout place_axes(layout x, placement to, type_list<Axes...>) {
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

template <class Mesh, class... Axes>
constexpr bool all_on_mesh(type_list<Axes...>) {
    return (true && ... && (Mesh::template count<Axes> == 1));
}
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

constexpr bool same_shape(layout const& x, layout const& y) {
    bool same_extents = x.rank == y.rank && x.type == y.type;
    for (int d = 0; d < x.rank; ++d) same_extents = same_extents && x.extent[d] == y.extent[d];
    return same_extents;
}

/// From X to the layout that Target holds, by the cheapest conversion.
template <class X, class Target>
struct moved_to {
    static constexpr layout value = Target::value;
    static constexpr conversion path = convert(X::value, value, differentiable(X::value.type));
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
            return tensor_of<typename X::element, mesh, result>{};
        } else {
            return failed<
                decltype(report<result::path.says.what, no_single_change, on_axis<void>, redistribute_name, X>())>();
        }
    }
}

}  // namespace detail

/// Target of a collective: equal everywhere, gradient equal everywhere. Its backward sends nothing.
struct to_invariant {
    static constexpr placement value = on_invariant;  ///< as a value
};
/// Target of a collective: equal everywhere and used in a parallel region. Its backward sums the gradients.
struct to_replicate {
    static constexpr placement value = on_replicate;  ///< as a value
};

/// Changes the placement on the axes that are named; the others stay. A shard's axes become the minor ones of its
/// dimension, in the order written. The collectives are the cheapest sequence there is (`redistribution_path`).
/// `redistribute<shard<1, tp>>(y)`: from partial a reduce_scatter, from invariant a slice.
/// @pre the axes are the mesh's [ST-M003], each named once [ST-P102]; the dimension is the tensor's [ST-P103] and divides
/// [ST-T201]
/// @snippet 03_compile_error.cpp right
template <class... Placements, class X>
constexpr auto redistribute(X) {
    if constexpr (detail::any_failed<X>) {
        return ill_typed{};
    } else {
        using mesh = typename X::mesh_type;
        using axes = detail::concat_t<typename detail::placement_kind<Placements>::axes...>;
        if constexpr (!detail::all_on_mesh<mesh>(axes{})) {
            return detail::failed<decltype(detail::raise_foreign<mesh>(axes{}))>();
        } else if constexpr (detail::named_twice<mesh>(axes{}) >= 0) {
            using axis = typename mesh::template axis_at<detail::named_twice<mesh>(axes{})>;
            return detail::failed<decltype(detail::raise<ST_P102<axis, X>>())>();
        } else {
            return detail::move_to<X, detail::retargeted<X, Placements...>>();
        }
    }
}

/// The same with everything stated: x as a Tensor of its shape, element type and mesh.
/// @pre [ST-R309], [ST-R310]
template <class Tensor, class X>
constexpr auto redistribute_to(X) {
    if constexpr (detail::any_failed<X, Tensor>) {
        return ill_typed{};
    } else if constexpr (!detail::one_mesh<X, Tensor>) {
        using check = ST_R310<no_single_change, on_axis<void>, detail::redistribute_name, X, Tensor>;
        return detail::failed<decltype(detail::raise<check>())>();
    } else if constexpr (!detail::same_shape(X::value, Tensor::value)) {
        using check = ST_R309<no_single_change, on_axis<void>, detail::redistribute_name, X, Tensor>;
        return detail::failed<decltype(detail::raise<check>())>();
    } else {
        return detail::move_to<X, Tensor>();
    }
}

/// What a redistribution from one tensor type to another of its shape runs, as a value: the hops with their collectives,
/// the bytes that a device sends, the peak memory.
template <class From, class To>
inline constexpr conversion redistribution_path = convert(From::value, To::value, differentiable(From::value.type));

namespace names {
struct all_reduce {};
struct all_gather {};
struct reduce_scatter {};
struct all_to_all {};
struct reshape {};
struct update {};
struct backward_from {};
}  // namespace names

namespace detail {
template <kind From, code Otherwise, class Axis, placement To, class Name, class X>
constexpr auto collective_from(X x) {
    if constexpr (any_failed<X>) {
        return ill_typed{};
    } else if constexpr (X::mesh_type::template count<Axis> == 0) {
        return failed<decltype(raise<ST_M003<Axis, typename X::mesh_type>>())>();
    } else if constexpr (placed_on<X, Axis>.is == From) {
        return move_one<Axis, To, Name>(x);
    } else if constexpr (placed_on<X, Axis>.is == kind::replicate || placed_on<X, Axis>.is == kind::invariant) {
        return failed<decltype(report<Otherwise, write<remove_this_call>, on_axis<Axis>, Name, X>())>();
    } else {
        return failed<decltype(report<Otherwise, no_single_change, on_axis<Axis>, Name, X>())>();
    }
}
}  // namespace detail

/// Sum over Axis. The target decides the backward: `to_invariant` nothing, `to_replicate` another all_reduce.
/// Cost: 2(n-1)/n of the local bytes.
/// @pre partial on Axis [ST-C401]
/// @snippet 04_matmul.cpp redistribute
template <class Axis, class To, class X>
constexpr auto all_reduce(X x) {
    return detail::collective_from<kind::partial, code::not_partial, Axis, To::value, names::all_reduce>(x);
}

/// Makes a shard whole. `to_replicate`: backward is a reduce_scatter; `to_invariant`: a slice.
/// Cost: (n-1)/n of the gathered bytes.
/// @pre sharded on Axis [ST-C404], Axis the minor one of its dimension [ST-C402]
/// @snippet 02_shard_and_gather.cpp gather
template <class Axis, class To, class X>
constexpr auto all_gather(X x) {
    return detail::collective_from<kind::shard, code::not_sharded, Axis, To::value, names::all_gather>(x);
}

/// Sum over Axis of which each rank keeps its part of dimension Dim. Backward: an all_gather.
/// Cost: (n-1)/n of the local bytes.
/// @pre partial on Axis [ST-C401], dimension Dim divides [ST-T201]
template <class Axis, int Dim, class X>
constexpr auto reduce_scatter(X x) {
    return detail::collective_from<kind::partial, code::not_partial, Axis, on_shard(Dim), names::reduce_scatter>(x);
}

/// Moves Axis' shard to dimension Dim. Backward: an all_to_all.
/// Cost: (n-1)/n^2 of the unsharded bytes.
/// @pre sharded on Axis [ST-C404], Axis the minor one [ST-C402]
template <class Axis, int Dim, class X>
constexpr auto all_to_all(X x) {
    return detail::collective_from<kind::shard, code::not_sharded, Axis, on_shard(Dim), names::all_to_all>(x);
}

namespace detail {
template <class X, class Shape>
struct reshaped;
template <class X, long... E>
struct reshaped<X, shape<E...>> {
    static constexpr long extent[sizeof...(E) == 0 ? 1 : sizeof...(E)] = {E...};
    static constexpr reshaping out = shardtype::reshape(X::value, static_cast<int>(sizeof...(E)), extent);
    static constexpr layout value = out.result;
};
}  // namespace detail

namespace detail {
/// The change that lets a reshape through: gather the axis before.
template <class X, class Axis>
struct gathered {
    static constexpr int at = X::mesh_type::template find<Axis>();
    static constexpr long cost = static_cast<long>(redistribution_bytes(X::value, at, on_replicate));
    using fix = write<redistribute_operand<0, replicate<Axis>, bytes<cost>>>;
};
}  // namespace detail

/// The same elements under another shape. Cost: none.
/// @pre [ST-R311], [ST-R312], even parts [ST-T201]
template <class Shape, class X>
constexpr auto reshape(X) {
    if constexpr (detail::any_failed<X>) {
        return ill_typed{};
    } else {
        using result = detail::reshaped<X, Shape>;
        constexpr verdict says = result::out.says;
        if constexpr (says.legal()) {
            return tensor_of<typename X::element, typename X::mesh_type, result>{};
        } else {
            using axis = typename X::mesh_type::template axis_at<says.axis>;
            if constexpr (says.what == code::not_divisible) {
                constexpr int dim = result::out.dim;
                constexpr long parts = X::value.parts(X::value.on[says.axis].dim);
                return detail::failed<decltype(detail::raise<ST_T201<dim, result::extent[dim], parts, axis, X>>())>();
            } else if constexpr (says.what == code::reshape_of_shard) {
                using check = ST_R311<typename detail::gathered<X, axis>::fix, on_axis<axis>, names::reshape, X, Shape>;
                return detail::failed<decltype(detail::raise<check>())>();
            } else {
                return detail::failed<
                    decltype(detail::report<says.what, no_single_change, on_axis<void>, names::reshape, X, Shape>())>();
            }
        }
    }
}

}  // namespace shardtype
