#pragma once

#include <shardtype/kernels/cuda/attention_scratch.hpp>
#include <shardtype/kernels/cuda/gemm_scratch.hpp>
#include <shardtype/kernels/cuda/scratch.hpp>
#include <shardtype/ops/product.hpp>
#include <shardtype/schedule/lowerer.hpp>

namespace shardtype {

namespace detail {

template <class T>
constexpr long cuda_scratch(step const& s) {
    cuda::attention_shape const shape{s.dim[0], s.dim[1], s.dim[2], s.dim[3], s.dim[4]};
    if (s.kernel == id_of<kernels::attention_forward>) return cuda::attention_forward_scratch_bytes<T>(shape);
    if (s.kernel == id_of<kernels::attention_backward>) return cuda::attention_backward_scratch_bytes<T>(shape);
    if (s.kernel == id_of<kernels::rms_norm_backward>)
        return cuda::rms_norm_backward_scratch_bytes<T>(s.dim[0], s.dim[1]);
    if (s.kernel == id_of<kernels::layer_norm_backward>)
        return cuda::layer_norm_backward_scratch_bytes<T>(s.dim[0], s.dim[1]);
    if (s.kernel == id_of<kernels::bias_backward>) return cuda::bias_backward_scratch_bytes<T>(s.dim[0], s.dim[1]);
    if (s.kernel == id_of<kernels::embedding_backward>) return cuda::embedding_backward_scratch_bytes(s.dim[0]);
    if (s.kernel == id_of<kernels::square_sum>) return cuda::square_sum_scratch_bytes(s.dim[1]);
    product const p = product_of(s);
    if (!p.is) return 0;
    return is_weight_gradient(s) ? cuda::gemm_scratch_bytes<T, wide_t<T>>(p.m, p.n, p.k)
                                 : cuda::gemm_scratch_bytes<T, T>(p.m, p.n, p.k);
}

constexpr long cuda_scratch_of(step const& s) {
    return s.type == dtype::f64    ? cuda_scratch<double>(s)
           : s.type == dtype::bf16 ? cuda_scratch<bf16>(s)
                                   : cuda_scratch<float>(s);
}

}  // namespace detail

/// The GPU back end's bounds, for the schedule; light enough for programs that only lay out memory.
struct cuda_back_end {
    static constexpr scratch_bound scratch = &detail::cuda_scratch_of;  ///< of a step
    /// What lies behind the arena in its allocation: the numbers of the step.
    static constexpr long behind_bytes = 256;
};

}  // namespace shardtype
