#pragma once

#include <shardtype/ops/kernel_call.hpp>
#include <shardtype/runtime/back_end.hpp>
#include <shardtype/schedule/lower.hpp>

namespace shardtype {

namespace thread {
struct rank_communicators;
}

/// The library's kernels, which every back end has; a job adds its own in `using kernels = type_list<...>`.
using library_kernels = type_list<
    kernels::linear_forward, kernels::linear_input_gradient, kernels::linear_weight_gradient, kernels::matmul_forward,
    kernels::matmul_left_gradient, kernels::matmul_right_gradient, kernels::embedding_forward,
    kernels::embedding_backward, kernels::rms_norm_forward, kernels::rms_norm_backward, kernels::rotary_table,
    kernels::rotary_forward, kernels::rotary_backward, kernels::attention_forward, kernels::attention_backward,
    kernels::swiglu_forward, kernels::swiglu_backward, kernels::layer_norm_forward, kernels::layer_norm_backward,
    kernels::gelu_forward, kernels::gelu_backward, kernels::bias_forward, kernels::bias_backward, kernels::add,
    kernels::copy, kernels::cast_to_bf16, kernels::cast_to_f32, kernels::cross_entropy_max, kernels::cross_entropy_sum,
    kernels::cross_entropy_loss, kernels::cross_entropy_backward, kernels::square_sum, kernels::clip, kernels::adamw,
    kernels::slice, kernels::zero_pad, kernels::resize, kernels::mask, kernels::all_reduce, kernels::all_reduce_max,
    kernels::all_gather, kernels::reduce_scatter, kernels::all_to_all>;

/// What one step runs, and what it wants made at set-up.
struct bound_step {
    kernel_function run = nullptr;       ///< called at every walk over the step
    prepare_function prepare = nullptr;  ///< called once, or null
    bool found = false;                  ///< g++ 12 with UBSan compares no function's address in a constant
};

namespace detail {

template <class Job>
struct kernels_of {
    using type = library_kernels;
};
template <class Job>
    requires requires { typename Job::kernels; }
struct kernels_of<Job> {
    using type = concat_t<typename Job::kernels, library_kernels>;
};

template <class Kernel, class T, class Communicators>
constexpr bound_step bind_one() {
    using by = typename implementation<back_end_of<Communicators>>::template kernel<Kernel>;
    bound_step b;
    if constexpr (requires {
                      static_cast<kernel_function>(&by::template run<T, Communicators>);
                  })  // nvcc wants the cast
        b.run = &by::template run<T, Communicators>;
    else
        b.run = &by::template run<T>;
    b.found = true;
    if constexpr (requires { static_cast<prepare_function>(&by::template prepare<T>); })
        b.prepare = &by::template prepare<T>;
    return b;
}

template <class T, class Communicators, class... Kernels>
constexpr bound_step bind_as(type_list<Kernels...>, step const& s) {
    bound_step b;
    (void)((s.kernel == id_of<Kernels> && (b = bind_one<Kernels, T, Communicators>(), true)) || ...);
    return b;
}

/// By the step's type: ids are only moved, sums of squares are reduced in double whatever the element is, and `Narrow`
/// are the kernels that steps of bf16 call.
template <class Element, class Narrow = type_list<>, class Communicators = thread::rank_communicators, class... Kernels>
constexpr bound_step bind_step(type_list<Kernels...>, step const& s) {
    if (s.type == dtype::f64 && s.kernel == id_of<kernels::all_reduce>)
        return bind_one<kernels::all_reduce, double, Communicators>();
    if (s.type == dtype::i32)
        return bind_as<int, Communicators>(type_list<kernels::slice, kernels::all_gather, kernels::all_to_all>{}, s);
    if (s.type == dtype::bf16) return bind_as<bf16, Communicators>(Narrow{}, s);
    return bind_as<Element, Communicators>(type_list<Kernels...>{}, s);
}

/// Does a step of this type call the kernel, or any where the name is 0?
template <class Plan>
constexpr bool calls(dtype type, unsigned kernel = 0) {
    for (step const& s : Plan::value.steps)
        if (s.type == type && s.kind != step_kind::release && (kernel == 0 || s.kernel == kernel)) return true;
    return false;
}
template <bool, class Kernel>
struct kept_kernel {
    using type = type_list<Kernel>;
};
template <class Kernel>
struct kept_kernel<false, Kernel> {
    using type = type_list<>;
};
/// Those of the kernels that steps of bf16 call: no other is compiled for it.
template <class Plan, class Kernels, bool = calls<Plan>(dtype::bf16)>
struct narrow_kernels {
    using type = type_list<>;
};
template <class Plan, class... Kernels>
struct narrow_kernels<Plan, type_list<Kernels...>, true> {
    using type = concat_t<typename kept_kernel<calls<Plan>(dtype::bf16, id_of<Kernels>), Kernels>::type...>;
};

}  // namespace detail

/// A job's schedule with a function for every step. The binding is one constexpr table; only collectives depend on
/// the communicators.
template <class Job, class Communicators = thread::rank_communicators>
struct program {
    using element = typename checked<Job>::element;         ///< of the state: weights, gradients, moments
    using plan = lowered<Job, back_end_of<Communicators>>;  ///< the schedule it runs
    static constexpr int steps = static_cast<int>(sizeof(plan::value.steps) / sizeof(step));  ///< of the schedule
    /// The binding.
    struct table {
        bound_step of[steps]{};  ///< by step
        bool complete = true;    ///< every kernel was found
    };

  private:
    static constexpr table bind() {
        using all = typename detail::kernels_of<Job>::type;
        using narrow = typename detail::narrow_kernels<plan, all>::type;
        table t;
        for (int i = 0; i < steps; ++i) {
            step const& s = plan::value.steps[i];
            if (s.kind == step_kind::release) continue;
            t.of[i] = detail::bind_step<element, narrow, Communicators>(all{}, s);
            t.complete = t.complete && t.of[i].found;
        }
        return t;
    }

  public:
    static constexpr table bound = bind();  ///< what each step runs
    static_assert(bound.complete || !plan::accepted,
                  "a kernel of the job's schedule is neither in the library's list nor in the job's");
    static constexpr schedule_view view = view_of(plan::value);  ///< what the walker follows
};

/// A program by pointers.
struct program_view {
    schedule_view schedule{};           ///< the steps
    bound_step const* bound = nullptr;  ///< one for each of them
};
/// The same, bound to these communicators: a walker on others does not take it.
template <class Communicators = thread::rank_communicators>
struct program_on : program_view {};
/// The view of a job's program, which lives as long as the process.
template <class Job, class Communicators = thread::rank_communicators>
inline constexpr program_on<Communicators> program_of{
    {program<Job, Communicators>::view, program<Job, Communicators>::bound.of}};

}  // namespace shardtype
