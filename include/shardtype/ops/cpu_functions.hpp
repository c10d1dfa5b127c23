#pragma once

#include <shardtype/kernels/cpu/bias.hpp>
#include <shardtype/kernels/cpu/cross_entropy.hpp>
#include <shardtype/kernels/cpu/elementwise.hpp>
#include <shardtype/kernels/cpu/embedding.hpp>
#include <shardtype/kernels/cpu/gelu.hpp>
#include <shardtype/kernels/cpu/layer_norm.hpp>
#include <shardtype/kernels/cpu/rms_norm.hpp>
#include <shardtype/kernels/cpu/rotary.hpp>
#include <shardtype/kernels/cpu/square_sum.hpp>
#include <shardtype/kernels/cpu/swiglu.hpp>

namespace shardtype {

namespace detail {
/// The functions of kernels/cpu/ under the names by which `kernel_call` asks for them.
struct cpu_functions {
    template <class... A>
    static void add(execution const& e, A... a) {
        cpu::add(e, a...);
    }
    template <class... A>
    static void bias_backward(execution const& e, A... a) {
        cpu::bias_backward(e, a...);
    }
    template <class... A>
    static void bias_forward(execution const& e, A... a) {
        cpu::bias_forward(e, a...);
    }
    template <class... A>
    static void cast_to_bf16(execution const& e, A... a) {
        cpu::cast_to_bf16(e, a...);
    }
    template <class... A>
    static void cast_to_f32(execution const& e, A... a) {
        cpu::cast_to_f32(e, a...);
    }
    template <class... A>
    static void copy(execution const& e, A... a) {
        cpu::copy(e, a...);
    }
    template <class... A>
    static void cross_entropy_backward(execution const& e, A... a) {
        cpu::cross_entropy_backward(e, a...);
    }
    template <class... A>
    static void cross_entropy_loss(execution const& e, A... a) {
        cpu::cross_entropy_loss(e, a...);
    }
    template <class... A>
    static void cross_entropy_row_max(execution const& e, A... a) {
        cpu::cross_entropy_row_max(e, a...);
    }
    template <class... A>
    static void cross_entropy_sum_and_pick(execution const& e, A... a) {
        cpu::cross_entropy_sum_and_pick(e, a...);
    }
    template <class... A>
    static void embedding_backward(execution const& e, A... a) {
        cpu::embedding_backward(e, a...);
    }
    template <class... A>
    static void embedding_forward(execution const& e, A... a) {
        cpu::embedding_forward(e, a...);
    }
    template <class... A>
    static void fill(execution const& e, A... a) {
        cpu::fill(e, a...);
    }
    template <class... A>
    static void gelu_backward(execution const& e, A... a) {
        cpu::gelu_backward(e, a...);
    }
    template <class... A>
    static void gelu_forward(execution const& e, A... a) {
        cpu::gelu_forward(e, a...);
    }
    template <class... A>
    static void layer_norm_backward(execution const& e, A... a) {
        cpu::layer_norm_backward(e, a...);
    }
    template <class... A>
    static void layer_norm_forward(execution const& e, A... a) {
        cpu::layer_norm_forward(e, a...);
    }
    template <class... A>
    static void resize(execution const& e, A... a) {
        cpu::resize(e, a...);
    }
    template <class... A>
    static void rms_norm_backward(execution const& e, A... a) {
        cpu::rms_norm_backward(e, a...);
    }
    template <class... A>
    static void rms_norm_forward(execution const& e, A... a) {
        cpu::rms_norm_forward(e, a...);
    }
    template <class... A>
    static void rotary(execution const& e, A... a) {
        cpu::rotary(e, a...);
    }
    template <class... A>
    static void slice(execution const& e, A... a) {
        cpu::slice(e, a...);
    }
    template <class... A>
    static void square_sum(execution const& e, A... a) {
        cpu::square_sum(e, a...);
    }
    template <class... A>
    static void swiglu_backward(execution const& e, A... a) {
        cpu::swiglu_backward(e, a...);
    }
    template <class... A>
    static void swiglu_forward(execution const& e, A... a) {
        cpu::swiglu_forward(e, a...);
    }
    template <class... A>
    static void zero_pad(execution const& e, A... a) {
        cpu::zero_pad(e, a...);
    }
};
}  // namespace detail

}  // namespace shardtype
