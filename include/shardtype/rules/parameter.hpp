#pragma once

#include <shardtype/rules/redistribute.hpp>

namespace shardtype {

namespace detail {

constexpr int first_unstorable(layout const& x) {
    for (int a = 0; a < x.axes; ++a)
        if (x.on[a].is == kind::replicate || x.on[a].is == kind::partial) return a;
    return -1;
}
constexpr int first_difference(layout const& x, layout const& y) {
    for (int a = 0; a < x.axes; ++a)
        if (!(x.on[a] == y.on[a])) return a;
    return 0;
}

template <class From, class To>
struct converted {
    static constexpr conversion out = convert(From::value, To::value);
};

}  // namespace detail

/// A parameter: how it is stored between steps and how a step uses it. FSDP stores shard<0, dp> and uses
/// replicate<dp>; DDP stores invariant and uses replicate<dp>.
/// @pre Stored is shard or invariant on every axis [ST-S601]; a conversion leads from Stored to Used [ST-C403]
template <class Stored, class Used>
struct parameter {
    using stored = Stored;
    using used = Used;

  private:
    static constexpr bool check() {
        constexpr int bad = detail::first_unstorable(Stored::value);
        if constexpr (bad >= 0) {
            (void)sizeof(ST_S601<no_single_change, on_axis<typename Stored::mesh_type::template axis_at<bad>>, parameter, Stored>);
        } else if constexpr (!detail::converted<Stored, Used>::out.says.legal()) {
            (void)sizeof(ST_C403<no_single_change,
                                 on_axis<typename Stored::mesh_type::template axis_at<detail::converted<Stored, Used>::out.says.axis>>,
                                 parameter, Stored, Used>);
        }
        return true;
    }
    static_assert(check());
};

/// The used copy of a stored parameter: gathers and casts. Cost: the bytes of its gathers.
template <class Stored, class Used>
constexpr Used materialize(parameter<Stored, Used>) {
    return {};
}

/// The dual of materialize: the gradient of the used copy, reduced to the stored parameter's gradient type.
/// @pre the gradient type of Used [ST-G501]
template <class Stored, class Used, class Gradient>
constexpr auto reduce_gradient(parameter<Stored, Used>, Gradient) {
    if constexpr (detail::any_failed<Gradient>) {
        return ill_typed{};
    } else if constexpr (!same<Gradient, gradient_t<Used>>) {
        (void)sizeof(ST_G501<gradient_t<Used>, Gradient, names::update, Stored>);
        return ill_typed{};
    } else {
        return gradient_t<Stored>{};
    }
}

/// An optimizer's update of stored state. @pre stored placements [ST-S601], gradient of the same type [ST-G502]
template <class Stored, class Gradient>
constexpr auto update(Stored x, Gradient) {
    if constexpr (detail::any_failed<Stored, Gradient>) {
        return ill_typed{};
    } else {
        constexpr int bad = detail::first_unstorable(Stored::value);
        if constexpr (bad >= 0) {
            (void)sizeof(ST_S601<no_single_change, on_axis<typename Stored::mesh_type::template axis_at<bad>>, names::update, Stored>);
            return ill_typed{};
        } else if constexpr (!same<Gradient, gradient_t<Stored>>) {
            using axis = typename Stored::mesh_type::template axis_at<detail::first_difference(Stored::value, Gradient::value)>;
            (void)sizeof(ST_G502<no_single_change, on_axis<axis>, names::update, Stored, Gradient>);
            return ill_typed{};
        } else {
            return x;
        }
    }
}

/// A loss to start backward from. @pre invariant or partial on every axis [ST-S602]
template <class Loss>
constexpr auto backward_from(Loss) {
    if constexpr (detail::any_failed<Loss>) {
        return ill_typed{};
    } else {
        constexpr int bad = detail::nth_of_kind(Loss::value, kind::replicate, 0);
        if constexpr (bad >= 0) {
            (void)sizeof(ST_S602<no_single_change, on_axis<typename Loss::mesh_type::template axis_at<bad>>, names::update, Loss>);
            return ill_typed{};
        } else {
            return gradient_t<Loss>{};
        }
    }
}

}  // namespace shardtype
