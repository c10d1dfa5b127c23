#pragma once
#include <shardtype/kernels/cuda/attention_own.hpp>
#ifdef SHARDTYPE_CUDNN
#include <shardtype/kernels/cuda/cudnn_attention.hpp>
#endif

namespace shardtype::cuda {

/// Which half of attention is made ready.
enum class attention_direction : unsigned char { forward, backward };

// Calls are qualified: through its attention_shape the CPU's functions of the same names would be found, too.

/// Attention of one shape, made at set-up with its device current. bf16 goes through cuDNN where SHARDTYPE_CUDNN is
/// defined and the library has a plan that fits `attention_*_scratch_bytes`; where it has none, a line on stderr says
/// so and our own kernel runs, as for the other types. Calls only enqueue, so graphs can capture them.
template <class T>
class prepared_attention {
  public:
    /// @throws std::invalid_argument in one line for sizes that no kernel takes
    prepared_attention(attention_shape s, attention_direction direction) : s_(s) {
        detail::check_attention(s,
                                direction == attention_direction::forward ? "attention_forward" : "attention_backward");
#ifdef SHARDTYPE_CUDNN
        if constexpr (std::is_same_v<T, bf16>)
            plan_ = direction == attention_direction::forward
                        ? detail::cudnn_attention_plan(s, true, cuda::attention_forward_scratch_bytes<T>(s))
                        : detail::cudnn_attention_plan(s, false, cuda::attention_backward_scratch_bytes<T>(s));
#endif
    }

    /// Like `cpu::attention_forward`; for one made for `forward`.
    void forward(execution const& e, T const* q, T const* k, T const* v, T* out, wide_t<T>* lse) const {
#ifdef SHARDTYPE_CUDNN
        if constexpr (std::is_same_v<T, bf16>) {
            if (plan_ != nullptr) return plan_->forward(e, q, k, v, out, lse);
        }
#endif
        cuda::attention_forward<T>(e, s_, q, k, v, out, lse);
    }

    /// Like `cpu::attention_backward`; for one made for `backward`.
    void backward(execution const& e, T const* q, T const* k, T const* v, T const* out, wide_t<T> const* lse,
                  T const* dout, T* dq, T* dk, T* dv) const {
#ifdef SHARDTYPE_CUDNN
        if constexpr (std::is_same_v<T, bf16>) {
            if (plan_ != nullptr) return plan_->backward(e, q, k, v, out, lse, dout, dq, dk, dv);
        }
#endif
        cuda::attention_backward<T>(e, s_, q, k, v, out, lse, dout, dq, dk, dv);
    }

    /// Whether a library's plan was found.
    bool by_library() const {
#ifdef SHARDTYPE_CUDNN
        return plan_ != nullptr;
#else
        return false;
#endif
    }

  private:
    attention_shape s_;
#ifdef SHARDTYPE_CUDNN
    std::shared_ptr<detail::cudnn_attention const> plan_;
#endif
};

}  // namespace shardtype::cuda
