#pragma once

#include <shardtype/ops/collectives.hpp>
#include <shardtype/ops/cpu_kernels.hpp>
#include <shardtype/ops/cpu_products.hpp>
#include <shardtype/schedule/lower.hpp>

namespace shardtype {

/// The kernels of the CPU back end; a job adds its own in `using kernels = type_list<...>`.
using cpu_kernels = type_list<
    kernels::linear_forward, kernels::linear_input_gradient, kernels::linear_weight_gradient, kernels::matmul_forward,
    kernels::matmul_left_gradient, kernels::matmul_right_gradient, kernels::embedding_forward,
    kernels::embedding_backward, kernels::rms_norm_forward, kernels::rms_norm_backward, kernels::rotary_table,
    kernels::rotary_forward, kernels::rotary_backward, kernels::attention_forward, kernels::attention_backward,
    kernels::swiglu_forward, kernels::swiglu_backward, kernels::add, kernels::copy, kernels::cross_entropy_max,
    kernels::cross_entropy_sum, kernels::cross_entropy_loss, kernels::cross_entropy_backward, kernels::square_sum,
    kernels::clip, kernels::adamw, kernels::slice, kernels::zero_pad, kernels::resize, kernels::mask,
    kernels::all_reduce, kernels::all_reduce_max, kernels::all_gather, kernels::reduce_scatter, kernels::all_to_all>;

/// What one step runs, and what it wants made at set-up.
struct bound_step {
    kernel_function run = nullptr;       ///< called at every walk over the step
    prepare_function prepare = nullptr;  ///< called once, or null
    bool found = false;                  ///< g++ 12 with UBSan compares no function's address in a constant
};

namespace detail {

template <class Job>
struct kernels_of {
    using type = cpu_kernels;
};
template <class Job>
    requires requires { typename Job::kernels; }
struct kernels_of<Job> {
    using type = concat_t<typename Job::kernels, cpu_kernels>;
};

template <class Kernel, class T>
constexpr bound_step bind_one() {
    bound_step b;
    b.run = &cpu_kernel<Kernel>::template run<T>;
    b.found = true;
    if constexpr (requires { &cpu_kernel<Kernel>::template prepare<T>; })
        b.prepare = &cpu_kernel<Kernel>::template prepare<T>;
    return b;
}

/// Token ids and targets are only moved.
template <class... Kernels>
constexpr bound_step bind_ids(type_list<Kernels...>, step const& s) {
    bound_step b;
    (void)((s.kernel == id_of<Kernels> && (b = bind_one<Kernels, int>(), true)) || ...);
    return b;
}

template <class Element, class... Kernels>
constexpr bound_step bind_step(type_list<Kernels...>, step const& s) {
    bound_step b;
    // Sums of squares are reduced in double whatever the element is.
    if (s.type == dtype::f64 && s.kernel == id_of<kernels::all_reduce>) return bind_one<kernels::all_reduce, double>();
    if (s.type == dtype::i32) return bind_ids(type_list<kernels::slice, kernels::all_gather, kernels::all_to_all>{}, s);
    (void)((s.kernel == id_of<Kernels> && (b = bind_one<Kernels, Element>(), true)) || ...);
    return b;
}

}  // namespace detail

/// A job's schedule with a function for every step. The binding is one constexpr table.
template <class Job>
struct program {
    using element = typename checked<Job>::element;  ///< of weights and activations
    using plan = lowered<Job, cpu_back_end>;         ///< the schedule it runs
    static constexpr int steps = static_cast<int>(sizeof(plan::value.steps) / sizeof(step));  ///< of the schedule
    /// The binding.
    struct table {
        bound_step of[steps]{};  ///< by step
        bool complete = true;    ///< every kernel was found
    };

  private:
    static constexpr table bind() {
        table t;
        for (int i = 0; i < steps; ++i) {
            step const& s = plan::value.steps[i];
            if (s.kind == step_kind::release) continue;
            t.of[i] = detail::bind_step<element>(typename detail::kernels_of<Job>::type{}, s);
            t.complete = t.complete && t.of[i].found;
        }
        return t;
    }

  public:
    static constexpr table bound = bind();  ///< what each step runs
    static_assert(bound.complete || !plan::accepted,
                  "a kernel of the job's schedule has no implementation in the CPU back end");
    static constexpr schedule_view view = view_of(plan::value);  ///< what the walker follows
};

/// A program by pointers.
struct program_view {
    schedule_view schedule{};           ///< the steps
    bound_step const* bound = nullptr;  ///< one for each of them
};
/// The view of a job's program, which lives as long as the process.
template <class Job>
inline constexpr program_view program_of{program<Job>::view, program<Job>::bound.of};

}  // namespace shardtype
