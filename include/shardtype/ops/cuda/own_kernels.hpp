#pragma once

#include <shardtype/kernels/cuda/adamw.hpp>
#include <shardtype/kernels/cuda/attention.hpp>
#include <shardtype/ops/cuda/functions.hpp>
#include <shardtype/ops/kernel_arguments.hpp>
#include <shardtype/schedule/kernels.hpp>

namespace shardtype {

// What a GPU does in another way than a CPU: attention is planned at set-up, and the numbers of a training step lie on
// the device, so that a recorded step stays true.

namespace detail {

inline cuda::step_values const* numbers_of(rank_context const& c) {
    return static_cast<cuda::step_values const*>(c.device_numbers);
}

template <class T>
struct prepared_cuda_attention final : prepared {
    cuda::prepared_attention<T> call;
    prepared_cuda_attention(step const& s, cuda::attention_direction way)
        : call({s.dim[0], s.dim[1], s.dim[2], s.dim[3], s.dim[4]}, way) {}
};

}  // namespace detail

template <>
struct cuda_kernel<kernels::rotary_table> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        wide_t<T>* const cos = detail::wide_out<T>(a, 0);
        cuda::rotary_table(c.exec, cos, cos + s.dim[0] * s.dim[1] / 2, s.dim[0], s.dim[1],
                           static_cast<double>(s.dim[2]));
    }
};
template <>
struct cuda_kernel<kernels::attention_forward> {
    template <class T>
    static std::unique_ptr<prepared> prepare(rank_context&, step const& s, void* const*) {
        return std::make_unique<detail::prepared_cuda_attention<T>>(s, cuda::attention_direction::forward);
    }
    template <class T>
    static void run(rank_context& c, step const&, void* const* a, prepared const* ready) {
        static_cast<detail::prepared_cuda_attention<T> const*>(ready)->call.forward(
            c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::in<T>(a, 2), detail::out<T>(a, 3),
            detail::wide_out<T>(a, 4));
    }
};
template <>
struct cuda_kernel<kernels::attention_backward> {
    template <class T>
    static std::unique_ptr<prepared> prepare(rank_context&, step const& s, void* const*) {
        return std::make_unique<detail::prepared_cuda_attention<T>>(s, cuda::attention_direction::backward);
    }
    template <class T>
    static void run(rank_context& c, step const&, void* const* a, prepared const* ready) {
        static_cast<detail::prepared_cuda_attention<T> const*>(ready)->call.backward(
            c.exec, detail::in<T>(a, 0), detail::in<T>(a, 1), detail::in<T>(a, 2), detail::in<T>(a, 3),
            detail::wide_in<T>(a, 4), detail::in<T>(a, 5), detail::out<T>(a, 6), detail::out<T>(a, 7),
            detail::out<T>(a, 8));
    }
};
template <>
struct cuda_kernel<kernels::clip> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        int const groups = static_cast<int>(s.dim[0]);
        double const* sums[max_arguments];
        for (int i = 0; i < groups; ++i) sums[i] = detail::in<double>(a, i);
        cuda::clip(c.exec, sums, groups, detail::wide_in<T>(a, groups), detail::numbers_of(c),
                   detail::out<double>(a, groups + 1));
    }
};
template <>
struct cuda_kernel<kernels::adamw> {
    template <class T>
    static void run(rank_context& c, step const& s, void* const* a, prepared const*) {
        cuda::adamw(c.exec, detail::wide_out<T>(a, 0), detail::wide_in<T>(a, 1), detail::wide_out<T>(a, 2),
                    detail::wide_out<T>(a, 3), s.dim[0], detail::numbers_of(c), detail::in<double>(a, 4));
    }
};

}  // namespace shardtype
