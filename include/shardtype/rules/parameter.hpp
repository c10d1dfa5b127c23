#pragma once

#include <shardtype/rules/collectives.hpp>
#include <shardtype/rules/redistribute.hpp>
#include <shardtype/rules/reshape.hpp>

namespace shardtype {

namespace names {
struct reduce_gradient {};
struct update {};
struct backward_from {};
}  // namespace names

namespace detail {

constexpr int first_unstorable(layout const& x) {
    for (int a = 0; a < x.axes; ++a)
        if (x.on[a].is == kind::replicate || x.on[a].is == kind::partial) return a;
    return -1;
}

template <class From, class To>
struct converted {
    static constexpr layout cast() {
        layout x = From::value;
        x.type = To::value.type;
        return x;
    }
    static constexpr conversion out = materialization(cast(), To::value);
};

/// Raises S601 for stored state that is replicate or partial on axis number Bad: store it invariant there.
template <int Bad, class Operation, class Stored>
constexpr auto report_stored() {
    using axis = typename Stored::mesh_type::template axis_at<Bad>;
    return report<code::stored_placement, write<invariant<axis>>, on_axis<axis>, Operation, Stored>();
}

/// Raises G502: the redistribution of the gradient that gives what the stored parameter needs.
template <class Stored, class Gradient>
constexpr auto report_gradient() {
    using wanted = gradient_t<Stored>;
    if constexpr (!is_tensor<wanted> || !is_tensor<Gradient> || is_constant<Gradient>) {  // one of them has none
        return report<code::gradient_not_stored, write<expected_type<wanted>>, on_axis<void>, names::update, Stored,
                      Gradient>();
    } else if constexpr (!same<typename Stored::mesh_type, typename Gradient::mesh_type>) {
        return report<code::meshes_differ, no_single_change, on_axis<void>, names::update, Stored, Gradient>();
    } else if constexpr (!same_shape(wanted::value, Gradient::value)) {
        return report<code::gradient_not_stored, write<expected_type<wanted>>, on_axis<void>, names::update, Stored,
                      Gradient>();
    } else {
        constexpr int at = first_difference(wanted::value, Gradient::value);
        using axis = typename Stored::mesh_type::template axis_at<at>;
        constexpr placement to = wanted::value.on[at];
        constexpr long cost = static_cast<long>(convert(Gradient::value, wanted::value, false).bytes);
        constexpr bool order = same_place(Gradient::value.on[at], to);  // only its place in the list differs
        if constexpr (!order && placed(Gradient::value, at, to) == wanted::value) {
            using fix = redistribute_operand<1, typename spelled_placement<to, axis>::type, bytes<cost>>;
            return report<code::gradient_not_stored, write<fix>, on_axis<axis>, names::update, Stored, Gradient>();
        } else {
            using fix = redistribute_operand_to<1, wanted, bytes<cost>>;
            return report<code::gradient_not_stored, write<fix>, on_axis<axis>, names::update, Stored, Gradient>();
        }
    }
}

}  // namespace detail

/// A parameter: how it is stored between steps and how a step uses it. FSDP stores shard<0, dp> and uses
/// replicate<dp>; DDP stores invariant and uses replicate<dp>.
/// A frozen one is constant in both, and has no gradient.
/// @pre one mesh [ST-R310] and one shape [ST-R309]; Stored is shard or invariant on every axis [ST-S601]; not only
/// one of them is constant [ST-G503]
template <class Stored, class Used>
struct parameter {
    using stored = Stored;  ///< between steps
    using used = Used;      ///< by the operations of a step

  private:
    static constexpr bool check() {
        if constexpr (!detail::all_valid<Stored, Used>)
            return detail::failed<decltype(detail::raise_invalid<Stored, Used>())>(), true;
        else
            return check_valid();
    }
    static constexpr bool check_valid() {
        constexpr int bad = detail::first_unstorable(Stored::value);
        if constexpr (is_constant<Stored> != is_constant<Used>) {
            return detail::failed<decltype(detail::report<code::gradient_lost, no_single_change, on_axis<void>,
                                                          parameter, Stored, Used>())>(),
                   true;
        } else if constexpr (!detail::one_mesh<Stored, Used>) {
            return detail::failed<decltype(detail::report<code::meshes_differ, no_single_change, on_axis<void>,
                                                          parameter, Stored, Used>())>(),
                   true;
        } else if constexpr (!same_extents(Stored::value, Used::value)) {  // elements may differ: a used copy is cast
            return detail::failed<decltype(detail::report<code::shapes_disagree, no_single_change, on_axis<void>,
                                                          parameter, Stored, Used>())>(),
                   true;
        } else if constexpr (bad >= 0) {
            return detail::failed<decltype(detail::report_stored<bad, parameter, Stored>())>(), true;
        } else if constexpr (!detail::converted<Stored, Used>::out.says.legal()) {
            using axis = typename Stored::mesh_type::template axis_at<detail::converted<Stored, Used>::out.says.axis>;
            return detail::failed<decltype(detail::report<code::no_conversion, no_single_change, on_axis<axis>,
                                                          parameter, Stored, Used>())>(),
                   true;
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
        return detail::failed<
            decltype(detail::report_gradient_type<gradient_t<Used>, Gradient, names::reduce_gradient, Stored>())>();
    } else {
        return gradient_t<Stored>{};
    }
}

/// An optimizer's update of stored state. @pre stored placements [ST-S601], gradient of the same type [ST-G502]
template <class Stored, class Gradient>
constexpr auto update(Stored x, Gradient) {
    if constexpr (detail::any_failed<Stored, Gradient>) {
        return ill_typed{};
    } else if constexpr (!valid<Stored>) {
        return detail::failed<decltype(detail::raise_invalid<Stored>())>();
    } else {
        constexpr int bad = detail::first_unstorable(Stored::value);
        if constexpr (bad >= 0) {
            return detail::failed<decltype(detail::report_stored<bad, names::update, Stored>())>();
        } else if constexpr (!same<Gradient, gradient_t<Stored>>) {
            return detail::failed<decltype(detail::report_gradient<Stored, Gradient>())>();
        } else {
            return x;
        }
    }
}

/// A loss to start backward from: a tensor of shape<>.
/// @pre a scalar [ST-R309] with a gradient [ST-G503], invariant or partial on every axis [ST-S602]
template <class Loss>
constexpr auto backward_from(Loss) {
    if constexpr (detail::any_failed<Loss>) {
        return ill_typed{};
    } else if constexpr (!valid<Loss>) {
        return detail::failed<decltype(detail::raise_invalid<Loss>())>();
    } else if constexpr (is_constant<Loss>) {
        return detail::failed<decltype(detail::report<code::gradient_lost, no_single_change, on_axis<void>,
                                                      names::backward_from, Loss>())>();
    } else if constexpr (Loss::value.rank != 0) {
        return detail::failed<decltype(detail::report<code::shapes_disagree, write<operand_rank<0, 0>>, on_axis<void>,
                                                      names::backward_from, Loss>())>();
    } else {
        constexpr int bad = detail::nth_of_kind(Loss::value, kind::replicate, 0);
        if constexpr (bad >= 0) {
            using axis = typename Loss::mesh_type::template axis_at<bad>;
            constexpr auto path = convert(Loss::value, placed(Loss::value, bad, on_invariant));
            using fix = redistribute_operand<0, invariant<axis>, bytes<static_cast<long>(path.bytes)>>;
            return detail::failed<decltype(detail::report<code::loss_placement, write<fix>, on_axis<axis>,
                                                          names::backward_from, Loss>())>();
        } else {
            return gradient_t<Loss>{};
        }
    }
}

}  // namespace shardtype
