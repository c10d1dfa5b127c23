#pragma once

#include <shardtype/rules/checks.hpp>
#include <shardtype/rules/operand_fix.hpp>
#include <shardtype/tensor/tensor.hpp>

// Fixes as the types that an error prints.
namespace shardtype::detail {

template <placement P, class Axis>
struct spelled_placement {
    using type = invariant<Axis>;
};
template <placement P, class Axis>
    requires(P.is == kind::replicate)
struct spelled_placement<P, Axis> {
    using type = replicate<Axis>;
};
template <placement P, class Axis>
    requires(P.is == kind::partial)
struct spelled_placement<P, Axis> {
    using type = partial<Axis>;
};
template <placement P, class Axis>
    requires(P.is == kind::shard)
struct spelled_placement<P, Axis> {
    using type = typename shard_as<P.padded>::template type<P.dim, Axis>;
};

/// The changes of a fix, spelled: Holder::value is the fix.
template <class Holder, class Mesh>
struct spelled_fix {
    template <int C, int... I>
    static constexpr auto place(int_list<I...>) {
        constexpr operand_fix::change c = Holder::value.of[C];
        if constexpr (c.to.is == kind::shard) {
            return shard<c.to.dim, typename Mesh::template axis_at<c.axis[I]>...>{};
        } else if constexpr (c.to.is == kind::replicate) {
            return replicate<typename Mesh::template axis_at<c.axis[I]>...>{};
        } else {
            return typename spelled_placement<c.to, typename Mesh::template axis_at<c.axis[0]>>::type{};
        }
    }
    template <int C>
    static constexpr auto change() {
        constexpr operand_fix::change c = Holder::value.of[C];
        return redistribute_operand<c.operand, decltype(place<C>(make_ints<c.axes>{})), bytes<c.bytes>>{};
    }
    template <int... C>
    static constexpr auto all(int_list<C...>) {
        if constexpr (sizeof...(C) == 0) {
            return no_single_change{};
        } else {
            return write<decltype(change<C>())...>{};
        }
    }
    using type = decltype(all(make_ints<Holder::value.changes>{}));
};

template <class Inferred>
struct fix_of {
    static constexpr operand_fix value = suggest_fix(Inferred::given, Inferred::in, Inferred::out.says);
};

template <dtype T>
constexpr auto element_of_dtype() {
    if constexpr (T == dtype::f64) {
        return double{};
    } else if constexpr (T == dtype::bf16) {
        return bf16{};
    } else if constexpr (T == dtype::i32) {
        return int{};
    } else {
        return float{};
    }
}

template <class Inferred>
struct misfit_of {
    static constexpr shape_fault value = shape_fault_of(Inferred::given, Inferred::in);
};
/// What an operand's shape or element must be: Holder::value is the fault.
template <class Holder>
constexpr auto spelled_shape() {
    using part = shape_fault::part;
    constexpr shape_fault f = Holder::value;
    if constexpr (f.of == part::rank) {
        return operand_rank<f.operand, static_cast<int>(f.wanted)>{};
    } else if constexpr (f.of == part::extent) {
        return operand_extent<f.operand, f.dim, f.wanted>{};
    } else if constexpr (f.of == part::multiple) {
        return operand_extent_divides<f.operand, f.dim, f.wanted>{};
    } else {
        return operand_element<f.operand, decltype(element_of_dtype<f.element>())>{};
    }
}

}  // namespace shardtype::detail
