#pragma once

#include <shardtype/model/model_fix.hpp>

namespace shardtype {

namespace detail {

template <class Job>
struct element_of {
    using type = float;
};
template <class Job>
    requires requires { typename Job::element; }
struct element_of<Job> {
    using type = typename Job::element;
};

template <class Job>
struct compute_of : element_of<Job> {};
template <class Job>
    requires requires { typename Job::compute; }
struct compute_of<Job> {
    using type = typename Job::compute;
};

/// The dtype of a job's elements; an integer one where they are no such, which the model refuses.
template <class Element>
inline constexpr dtype element_type = is_element<Element> ? dtype_of<Element> : dtype::i32;

/// The axis that a fault is about; void where it is about none.
constexpr bool is_about_an_axis(code c) {
    return c != code::shapes_disagree && c != code::capacity && c != code::nested_repeat &&
           !(c >= code::across_repeat && c <= code::no_lowering) && c != code::layers_unknown &&
           c != code::positions_of_rows;
}
template <class Job, code What, int Axis>
struct axis_of_fault {
    using type = void;
};
template <class Job, code What, int Axis>
    requires(is_about_an_axis(What) && Axis >= 0)
struct axis_of_fault<Job, What, Axis> {
    using type = typename Job::mesh::template axis_at<Axis>;
};

}  // namespace detail

/// A job, checked: its model read under its strategy on its mesh. A job is a struct with `mesh`, `model`, `strategy`
/// and `static constexpr batch_shape batch`; optionally `element` (float or double), and `compute`: bf16 for activations
/// and used weights, beside float state, reductions of gradients, norms and sums.
/// @pre every layer is legal; the compiler stops at the first that is not, with its number, the axis and the layer
/// @snippet 05_chain.cpp jobs
template <class Job>
struct checked {
    using element = typename detail::element_of<Job>::type;  ///< of the state: float unless the job says double
    using compute = typename detail::compute_of<Job>::type;  ///< of activations: as the state, or bf16
    using mesh_type = typename Job::mesh;                    ///< the job's
    /// The model, read.
    static constexpr graph value =
        read_model<typename Job::model>(strategy_of<typename Job::mesh, typename Job::strategy>, Job::batch,
                                        detail::element_type<element>, detail::element_type<compute>);

  private:
    static constexpr bool check() {
        if constexpr (!value.says.legal()) {
            using axis = typename detail::axis_of_fault<Job, value.says.what, value.says.axis>::type;
            using fix = typename detail::model_fix<checked, Job>::type;
            detail::failed<decltype(detail::report<value.says.what, fix, on_axis<axis>,
                                                   typename detail::place_of_fault<checked, Job>::type, Job>())>();
        }
        return true;
    }
    static_assert(check());
};

}  // namespace shardtype
