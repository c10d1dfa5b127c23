#pragma once

#include <shardtype/rules/collectives.hpp>
#include <shardtype/rules/redistribute.hpp>
#include <shardtype/tensor/valid.hpp>

/// Escape hatches: what the rules refuse although it can be right, for experts. Each conversion is a function of its own,
/// and its second argument repeats what the gradient then does, so that the call says both; `assume` states a type. All
/// are found by searching for `unchecked::`, and the library itself uses none.
///
/// | conversion | the ranks' numbers, forward | the value | backward | the ranks' numbers, backward |
/// |---|---|---|---|---|
/// | replicate_to_invariant | stay | stays | invariant to partial | rank 0 of the axis keeps, the others have 0 |
/// | invariant_to_partial | rank 0 keeps, the others have 0 | stays | replicate to invariant | stay |
/// | shard_to_partial | zero outside of the rank's part | stays | replicate to shard | each rank keeps its part |
/// | replicate_to_partial_as_is | stay | times the axis' size | replicate to partial as is | stay |
///
/// So the backward of the first is the second, and of the last itself; of shard_to_partial it is the ordinary slice. On
/// views (ops/view_unchecked.hpp) the same functions move the numbers of either direction.
namespace shardtype::unchecked {

/// The second argument of a conversion, no other one [ST-C406]: from which placement to which its gradient goes.
namespace backward {
/// Of replicate_to_invariant.
struct invariant_to_partial {};
/// Of invariant_to_partial.
struct replicate_to_invariant {};
/// Of shard_to_partial.
struct replicate_to_shard {};
/// Of replicate_to_partial_as_is.
struct replicate_to_partial_as_is {};
}  // namespace backward

}  // namespace shardtype::unchecked

namespace shardtype {

namespace names::unchecked {
struct replicate_to_invariant {};
struct invariant_to_partial {};
struct shard_to_partial {};
struct replicate_to_partial_as_is {};
struct assume {};
}  // namespace names::unchecked

namespace detail {

template <class X, class Axis, placement To>
struct placed_anew {
    static constexpr layout value = placed(X::value, X::mesh_type::template find<Axis>(), To);
};

template <kind From, placement To, class Axis, class Name, class Backward, class Given, class X>
constexpr auto convert_unchecked(X) {
    if constexpr (any_failed<X>) {
        return ill_typed{};
    } else if constexpr (!valid<X>) {
        return failed<decltype(raise_invalid<X>())>();
    } else if constexpr (!same<Given, Backward>) {
        return failed<decltype(raise<ST_C406<write<backward_is<Backward>>, on_axis<Axis>, Name, X>>())>();
    } else if constexpr (X::mesh_type::template count<Axis> == 0) {
        return failed<decltype(raise<ST_M003<Axis, typename X::mesh_type>>())>();
    } else if constexpr (placed_on<X, Axis>.is != From) {
        return failed<decltype(raise<ST_C406<no_single_change, on_axis<Axis>, Name, X>>())>();
    } else {
        constexpr placement now = placed_on<X, Axis>;
        if constexpr (From == kind::shard && now.order != X::value.shards(now.dim) - 1) {
            return failed<decltype(raise<ST_C402<typename minor_of<X, Axis>::fix, on_axis<Axis>, Name, X>>())>();
        } else {
            return tensor_like<X, placed_anew<X, Axis, To>>{};
        }
    }
}

constexpr bool same_local_shape(layout const& x, layout const& y) {
    bool equal = same_shape(x, y);
    for (int d = 0; d < x.rank && equal; ++d) equal = x.local(d) == y.local(d);
    return equal;
}

template <class Tensor, class X>
constexpr auto assumed() {
    using name = names::unchecked::assume;
    if constexpr (any_failed<X, Tensor>) {
        return ill_typed{};
    } else if constexpr (!all_valid<X, Tensor>) {
        return failed<decltype(raise_invalid<X, Tensor>())>();
    } else if constexpr (!one_mesh<X, Tensor>) {
        return failed<decltype(raise<ST_R310<no_single_change, on_axis<void>, name, X, Tensor>>())>();
    } else if constexpr (!same_local_shape(X::value, Tensor::value)) {
        return failed<decltype(raise<ST_R309<no_single_change, on_axis<void>, name, X, Tensor>>())>();
    } else {
        return Tensor{};
    }
}

}  // namespace detail

namespace unchecked {

/// The ranks stop using x each for its own share of the work: from here all do the same with it. Nothing moves. Backward
/// must make the whole gradient a sum again: it stays on the first rank of the axis and is zero on the others.
/// @pre x is replicate on Axis [ST-C406]
template <class Axis, class Backward, class X>
constexpr auto replicate_to_invariant(X x) {
    return detail::convert_unchecked<kind::replicate, on_invariant, Axis, names::unchecked::replicate_to_invariant,
                                     backward::invariant_to_partial, Backward>(x);
}
/// x becomes the summand of the first rank of the axis, the others' are zero. Backward: the gradient of a sum is whole
/// on every rank already; nothing moves.
/// @pre x is invariant on Axis [ST-C406]
template <class Axis, class Backward, class X>
constexpr auto invariant_to_partial(X x) {
    return detail::convert_unchecked<kind::invariant, on_partial, Axis, names::unchecked::invariant_to_partial,
                                     backward::replicate_to_invariant, Backward>(x);
}
/// Each rank's part, with zeros around it, becomes its summand. Backward: each rank keeps its part of the gradient.
/// @pre x is sharded on Axis [ST-C406], the minor axis of its dimension [ST-C402]
template <class Axis, class Backward, class X>
constexpr auto shard_to_partial(X x) {
    return detail::convert_unchecked<kind::shard, on_partial, Axis, names::unchecked::shard_to_partial,
                                     backward::replicate_to_shard, Backward>(x);
}
/// Every rank's copy becomes a summand: the value is multiplied by the axis' size. Nothing moves, backward neither: each
/// copy has the gradient of the sum, and those copies summed up are that gradient times the axis' size.
/// @pre x is replicate on Axis [ST-C406]
template <class Axis, class Backward, class X>
constexpr auto replicate_to_partial_as_is(X x) {
    return detail::convert_unchecked<kind::replicate, on_partial, Axis, names::unchecked::replicate_to_partial_as_is,
                                     backward::replicate_to_partial_as_is, Backward>(x);
}

/// x's memory, as it is, holds a Tensor: the caller's word. The gradient that comes back is a gradient_t<Tensor>; what
/// its memory holds must be a gradient_t<X>: `assume<gradient_t<X>>(gradient)`.
/// @pre one mesh [ST-R310], one global and local shape and element type [ST-R309]
template <class Tensor, class X>
constexpr auto assume(X) {
    return detail::assumed<Tensor, X>();
}

}  // namespace unchecked

}  // namespace shardtype
