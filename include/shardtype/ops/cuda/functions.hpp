#pragma once

#include <shardtype/kernels/cuda/bias.hpp>
#include <shardtype/kernels/cuda/cross_entropy.hpp>
#include <shardtype/kernels/cuda/elementwise.hpp>
#include <shardtype/kernels/cuda/embedding.hpp>
#include <shardtype/kernels/cuda/gelu.hpp>
#include <shardtype/kernels/cuda/layer_norm.hpp>
#include <shardtype/kernels/cuda/rms_norm.hpp>
#include <shardtype/kernels/cuda/rotary.hpp>
#include <shardtype/kernels/cuda/square_sum.hpp>
#include <shardtype/kernels/cuda/swiglu.hpp>
#include <shardtype/ops/kernel_call.hpp>

namespace shardtype {

namespace detail {
/// The functions of kernels/cuda/ under the names by which `kernel_call` asks for them.
struct cuda_functions {
    template <class... A>
    static void add(execution const& e, A... a) {
        cuda::add(e, a...);
    }
    template <class... A>
    static void bias_backward(execution const& e, A... a) {
        cuda::bias_backward(e, a...);
    }
    template <class... A>
    static void bias_forward(execution const& e, A... a) {
        cuda::bias_forward(e, a...);
    }
    template <class... A>
    static void cast_to_bf16(execution const& e, A... a) {
        cuda::cast_to_bf16(e, a...);
    }
    template <class... A>
    static void cast_to_f32(execution const& e, A... a) {
        cuda::cast_to_f32(e, a...);
    }
    template <class... A>
    static void copy(execution const& e, A... a) {
        cuda::copy(e, a...);
    }
    template <class... A>
    static void cross_entropy_backward(execution const& e, A... a) {
        cuda::cross_entropy_backward(e, a...);
    }
    template <class... A>
    static void cross_entropy_loss(execution const& e, A... a) {
        cuda::cross_entropy_loss(e, a...);
    }
    template <class... A>
    static void cross_entropy_row_max(execution const& e, A... a) {
        cuda::cross_entropy_row_max(e, a...);
    }
    template <class... A>
    static void cross_entropy_sum_and_pick(execution const& e, A... a) {
        cuda::cross_entropy_sum_and_pick(e, a...);
    }
    template <class... A>
    static void embedding_backward(execution const& e, A... a) {
        cuda::embedding_backward(e, a...);
    }
    template <class... A>
    static void embedding_forward(execution const& e, A... a) {
        cuda::embedding_forward(e, a...);
    }
    template <class... A>
    static void fill(execution const& e, A... a) {
        cuda::fill(e, a...);
    }
    template <class... A>
    static void gelu_backward(execution const& e, A... a) {
        cuda::gelu_backward(e, a...);
    }
    template <class... A>
    static void gelu_forward(execution const& e, A... a) {
        cuda::gelu_forward(e, a...);
    }
    template <class... A>
    static void layer_norm_backward(execution const& e, A... a) {
        cuda::layer_norm_backward(e, a...);
    }
    template <class... A>
    static void layer_norm_forward(execution const& e, A... a) {
        cuda::layer_norm_forward(e, a...);
    }
    template <class... A>
    static void resize(execution const& e, A... a) {
        cuda::resize(e, a...);
    }
    template <class... A>
    static void rms_norm_backward(execution const& e, A... a) {
        cuda::rms_norm_backward(e, a...);
    }
    template <class... A>
    static void rms_norm_forward(execution const& e, A... a) {
        cuda::rms_norm_forward(e, a...);
    }
    template <class... A>
    static void rotary(execution const& e, A... a) {
        cuda::rotary(e, a...);
    }
    template <class... A>
    static void slice(execution const& e, A... a) {
        cuda::slice(e, a...);
    }
    template <class... A>
    static void square_sum(execution const& e, A... a) {
        cuda::square_sum(e, a...);
    }
    template <class... A>
    static void swiglu_backward(execution const& e, A... a) {
        cuda::swiglu_backward(e, a...);
    }
    template <class... A>
    static void swiglu_forward(execution const& e, A... a) {
        cuda::swiglu_forward(e, a...);
    }
    template <class... A>
    static void zero_pad(execution const& e, A... a) {
        cuda::zero_pad(e, a...);
    }
};
}  // namespace detail

/// A GPU's implementation of a kernel name, as `cpu_kernel` is the CPU's; operands lie on the device, and work goes to
/// `exec.stream`. A job's own kernels are specialisations.
template <class Kernel>
struct cuda_kernel : kernel_call<Kernel, detail::cuda_functions> {};

}  // namespace shardtype
