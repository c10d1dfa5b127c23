#pragma once

#include <shardtype/model/read.hpp>
#include <shardtype/rules/report.hpp>

namespace shardtype {

namespace detail {

/// The layer of a model that failed, by its parameters' scope: one text in g++, its letters in clang, which prints
/// arrays in template arguments as numbers.
#if defined(__clang__)
template <char... Letters>
struct in_layer {};
template <label Where, int... I>
in_layer<Where.data[I]...> spell_layer(int_list<I...>);
template <label Where>
using failed_layer = decltype(spell_layer<Where>(make_ints<Where.size>{}));
#else
template <label Where>
struct in_layer {};
template <label Where>
using failed_layer = in_layer<Where>;
#endif

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

/// What to write instead, in the words of the rules' errors.
template <class Checked, class Job>
struct model_fix {
    static constexpr model_advice instead = Checked::value.instead;
    struct change {
        static constexpr operand_fix value = instead.change;
    };
    struct misfit {
        static constexpr shape_fault value = instead.misfit;
    };
    static constexpr auto spell() {
        using mesh = typename Checked::mesh_type;
        constexpr code what = Checked::value.says.what;
        if constexpr (what == code::micro_batch_rows && Checked::value.micro_batches > 0) {
            return write<multiple_of<Checked::value.micro_batches, Job::batch.global>>{};
        } else if constexpr ((what == code::layers_unknown || what == code::tied_parameter) && instead.name.size > 0) {
            return write<failed_layer<instead.name>>{};
        } else if constexpr (what == code::shapes_disagree && !instead.misfit.fits()) {
            return write<decltype(spelled_shape<misfit>())>{};
        } else if constexpr (what != code::layer_not_divisible &&
                             (what != code::head_dimension || instead.parts == 0)) {
            return typename spelled_fix<change, mesh>::type{};
        } else if constexpr (instead.kv_heads > 0) {
            using axis = typename mesh::template axis_at<Checked::value.says.axis>;
            return write<divided_axis<axis, static_cast<int>(instead.kv_heads)>>{};
        } else {
            return write<multiple_of<instead.parts, instead.extent>>{};
        }
    }
    using type = decltype(spell());
};

/// The axis that a fault is about; void where it is about none.
constexpr bool is_about_an_axis(code c) {
    return c != code::shapes_disagree && c != code::capacity && c != code::nested_repeat &&
           !(c >= code::across_repeat && c <= code::no_lowering) &&
           !(c >= code::layers_unknown && c <= code::micro_batch_rows);
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
                                                   detail::failed_layer<value.failed_in>, Job>())>();
        }
        return true;
    }
    static_assert(check());
};

}  // namespace shardtype
