#pragma once

#include <shardtype/rules/hop_shape.hpp>
#include <shardtype/rules/redistribute.hpp>

namespace shardtype {

namespace detail {

/// Where a hop reads or writes: the tensor given, the memory of the result, or two parts of the scratch.
enum class hop_memory : unsigned char { source, destination, scratch_a, scratch_b };

/// The hops of a conversion that move something, and the memory of each one's result: nothing is written twice that is
/// still to be read, and the given tensor never.
struct hop_plan {
    struct hop {
        int axis = 0;
        hop_shape runs{};
        hop_memory from = hop_memory::source, to = hop_memory::destination;
    };
    bool has_code = true;
    int hops = 0;
    hop hop_at[conversion::max_hops]{};
    long scratch_a = 0, scratch_b = 0;  ///< elements
    bool in_place = true;               ///< each result lies within its source: a sum, a mask, one block of a slice
    bool writes_in_place = false;       ///< and some of them change it

    constexpr void add(layout const& x, layout const& y, int axis, collective by) {
        hop_shape const runs = hop_shape_of(x, y, axis, by);
        has_code = has_code && hop_has_code(x, y, runs);
        if (runs.by == collective::none) return;
        result_count_[hops] = y.local_count();
        hop_at[hops++] = {axis, runs};
        bool const changes = runs.by == collective::all_reduce || runs.by == collective::mask;
        in_place = in_place && (changes || (runs.by == collective::slice && runs.dim[0] == 1));
        writes_in_place = writes_in_place || changes;
    }
    /// From the last hop, which writes the destination, backwards: by turns scratch, and the destination where it has
    /// room.
    constexpr void place_results() {
        for (int i = hops - 2; i >= 0; --i) {
            hop_memory to = hop_memory::scratch_a;
            if ((hops - 1 - i) % 2 == 0) {
                bool const fits = result_count_[i] <= result_count_[hops - 1];
                to = fits ? hop_memory::destination : hop_memory::scratch_b;
            }
            long& room = to == hop_memory::scratch_a ? scratch_a : scratch_b;
            if (to != hop_memory::destination && result_count_[i] > room) room = result_count_[i];
            hop_at[i].to = hop_at[i + 1].from = to;
        }
    }

    long result_count_[conversion::max_hops]{};
};

/// Forward: along the path from layout x.
constexpr hop_plan plan_hops(layout x, conversion const& path) {
    hop_plan out;
    for (int i = 0; i < path.hops; ++i) {
        redistribution const step = redistribute(x, path.path[i].axis, path.path[i].to);
        out.add(x, step.result, path.path[i].axis, step.by);
        x = step.result;
    }
    out.place_results();
    return out;
}

/// Backward: the duals of the path's rows, from its end; `x` is the layout at the end of the forward path.
constexpr hop_plan plan_hops_back(layout const& x, conversion const& path) {
    hop_plan out;
    layout now = dual(x);
    for (int i = path.hops - 1; i >= 0; --i) {
        redistribution const step = redistribute(now, path.path[i].axis, dual(path.path[i].from), true);
        out.add(now, step.result, path.path[i].axis, step.by);
        now = step.result;
    }
    out.place_results();
    return out;
}

/// The hops of a collective by its name: the one, or those of an axis that the mesh divides.
template <class From, class To, class Axis, collective By>
struct named_hops {
    static constexpr hop_plan plan() {
        constexpr int axis = From::mesh_type::template find<Axis>();
        if constexpr (axis < 0) {
            return plan_hops(From::value, redistribution_path<From, To>);
        } else {
            hop_plan out;
            out.add(From::value, To::value, axis, By);
            return out;
        }
    }
    static constexpr hop_plan value = plan();
};

/// A tensor type, or that of a view.
template <class X>
struct tensor_in {
    using type = X;
};
template <class X>
    requires requires { typename X::tensor_type; }
struct tensor_in<X> {
    using type = typename X::tensor_type;
};
template <class X>
struct tensor_in<X const> : tensor_in<X> {};

template <class From, class To>
struct forward_hops {
    static constexpr hop_plan value = plan_hops(From::value, redistribution_path<From, To>);
};
template <class From, class To>
struct backward_hops {
    static constexpr hop_plan value = plan_hops_back(To::value, redistribution_path<From, To>);
};

/// The scratch of hops; of what is ill typed, none.
template <template <class, class> class Hops, class From, class To>
constexpr long scratch_between() {
    using from = typename tensor_in<From>::type;
    using to = typename tensor_in<To>::type;
    if constexpr (any_failed<decltype(redistribute_to<to>(from{}))>) {
        return 0;
    } else {
        return Hops<from, to>::value.scratch_a + Hops<from, to>::value.scratch_b;
    }
}

}  // namespace detail

/// Elements of scratch that `redistribute_to<To>(view of From, destination, scratch)` needs: 0 where one hop moves data.
/// @tparam From,To tensor types, or types of views
/// @snippet 02_shard_and_gather.cpp redistribute
template <class From, class To>
inline constexpr long redistribution_scratch = detail::scratch_between<detail::forward_hops, From, To>();

/// The same for `redistribute_backward<From, To>`.
template <class From, class To>
inline constexpr long redistribution_backward_scratch = detail::scratch_between<detail::backward_hops, From, To>();

}  // namespace shardtype
