#pragma once
#include <shardtype/kernels/cuda/attention_scratch.hpp>
#include <shardtype/kernels/cuda/cudnn_graph.hpp>

namespace shardtype::cuda::detail {

/// The operands' numbers.
enum cudnn_attention_operand : std::int64_t {
    attention_q = 1,
    attention_k,
    attention_v,
    attention_out,
    attention_lse,
    attention_dout,
    attention_dq,
    attention_dk,
    attention_dv,
    attention_delta,     // each row's sum of dout * out, in scratch
    attention_dq_float,  // dq before it is rounded, in scratch
    attention_scale_value,
    attention_hidden_value,
    attention_one_value,
};

/// The layouts and steps that attention's two graphs share. Operands stay as they lie, [batch, seq, heads, head_dim]:
/// cuDNN sees them as [batch, heads, seq, head_dim] by their strides.
class cudnn_attention_graph : public cudnn_graph {
  public:
    /// Of all sequences and heads, or of the first `slice` of them.
    cudnn_attention_graph(attention_shape whole, attention_slice slice)
        : s_(whole), batch_(slice.batch), kv_heads_(slice.kv_heads), heads_(whole.heads / whole.kv_heads * kv_heads_) {}

    /// Causal attention and its lse.
    void forward() {
        auto const q = operand(attention_q, queries()), kt = operand(attention_k, columns());
        auto const v = operand(attention_v, keys()), out = operand(attention_out, queries());
        auto const lse = operand(attention_lse, stored_numbers(), CUDNN_DATA_FLOAT);
        auto const scores = masked(scaled_scores(q, kt, scalar(attention_scale_value)));
        auto const top = reduce(CUDNN_REDUCE_TENSOR_MAX, scores, inner(numbers()));
        auto const powers = pointwise(CUDNN_POINTWISE_EXP, pointwise(CUDNN_POINTWISE_SUB, scores, top, inner(square())),
                                      nullptr, inner(square()));
        auto const sum = reduce(CUDNN_REDUCE_TENSOR_ADD, powers, inner(numbers()));
        pointwise(CUDNN_POINTWISE_ADD, top, pointwise(CUDNN_POINTWISE_LOG, sum, nullptr, inner(numbers())), lse);
        auto const weights = pointwise(CUDNN_POINTWISE_DIV, powers, sum, inner(square(), CUDNN_DATA_BFLOAT16));
        matmul(weights, v, out);
    }

    /// Its gradients. With `in_float` dq is summed in float, by atomic additions; without it the engine keeps the
    /// probabilities' gradients in its workspace.
    void backward(bool in_float) {
        auto const q = operand(attention_q, queries()), kt = operand(attention_k, columns());
        auto const vt = operand(attention_v, columns()), out = operand(attention_out, queries());
        auto const dout = operand(attention_dout, queries()), dq = operand(attention_dq, queries());
        auto const dk = operand(attention_dk, keys()), dv = operand(attention_dv, keys());
        auto const lse = operand(attention_lse, stored_numbers(), CUDNN_DATA_FLOAT);
        auto const delta = operand(attention_delta, numbers(), CUDNN_DATA_FLOAT);
        auto const scale = scalar(attention_scale_value);

        auto const both = pointwise(CUDNN_POINTWISE_MUL, dout, out, inner(packed(s_.head_dim)));
        pointwise(CUDNN_POINTWISE_MUL, reduce(CUDNN_REDUCE_TENSOR_ADD, both, inner(numbers())),
                  scalar(attention_one_value), delta);

        auto const shifted = pointwise(CUDNN_POINTWISE_SUB, scaled_scores(q, kt, scale), lse, inner(square()));
        auto const weights = pointwise(CUDNN_POINTWISE_EXP, masked(shifted), nullptr, inner(square()));
        add_over_keys(weights, dout, dv);

        auto const products = inner(square());
        matmul(dout, vt, products);
        auto const slopes =
            pointwise(CUDNN_POINTWISE_MUL, pointwise(CUDNN_POINTWISE_SUB, products, delta, inner(square())), weights,
                      inner(square()));
        // as an operand of the products that follow it is rounded to bf16
        auto const gradient = pointwise(CUDNN_POINTWISE_MUL, slopes, scale, inner(square(), CUDNN_DATA_BFLOAT16));
        add_over_keys(gradient, q, dk);
        auto const k = view(kt, inner(keys(), CUDNN_DATA_BFLOAT16));
        if (in_float) {
            auto const sum = operand(attention_dq_float, packed(s_.head_dim), CUDNN_DATA_FLOAT);
            matmul(gradient, k, sum);
            pointwise(CUDNN_POINTWISE_IDENTITY, sum, nullptr, dq);
        } else {
            matmul(gradient, k, dq);
        }
    }

  private:
    /// [batch, heads, seq, head_dim] as it lies: q and what is shaped like it, k and v.
    /// @{
    cudnn_layout rows(long heads, long of) const {
        return {{batch_, heads, s_.seq, s_.head_dim}, {s_.seq * of * s_.head_dim, s_.head_dim, of * s_.head_dim, 1}};
    }
    cudnn_layout queries() const { return rows(heads_, s_.heads); }
    cudnn_layout keys() const { return rows(kv_heads_, s_.kv_heads); }
    /// @}
    /// k and v transposed.
    cudnn_layout columns() const {
        auto const as = keys();
        return {{as.size[0], as.size[1], as.size[3], as.size[2]},
                {as.stride[0], as.stride[1], as.stride[3], as.stride[2]}};
    }
    /// `width` numbers per row of queries, densely.
    cudnn_layout packed(long width) const {
        return {{batch_, heads_, s_.seq, width}, {heads_ * s_.seq * width, s_.seq * width, width, 1}};
    }
    cudnn_layout numbers() const { return packed(1); }
    cudnn_layout square() const { return packed(s_.seq); }
    /// lse, of all heads.
    cudnn_layout stored_numbers() const { return {{batch_, heads_, s_.seq, 1}, {s_.heads * s_.seq, s_.seq, 1, 1}}; }

    tensor scaled_scores(tensor q, tensor kt, tensor scale) {
        auto const scores = inner(square());
        matmul(q, kt, scores);
        return pointwise(CUDNN_POINTWISE_MUL, scores, scale, inner(square()));
    }
    /// Minus infinity where the key comes after the query.
    tensor masked(tensor scores) {
        auto const index = [&](std::int64_t axis) {
            return pointwise(CUDNN_POINTWISE_GEN_INDEX, scores, nullptr, inner(square(), CUDNN_DATA_INT32), nullptr,
                             CUDNN_DATA_FLOAT, axis);
        };
        auto const query = index(2), key = index(3);
        auto const seen = pointwise(CUDNN_POINTWISE_CMP_GE, query, key, inner(square(), CUDNN_DATA_BOOLEAN), nullptr,
                                    CUDNN_DATA_BOOLEAN);
        return pointwise(CUDNN_POINTWISE_BINARY_SELECT, scores, scalar(attention_hidden_value), inner(square()), seen);
    }
    /// to = weights^T rows, summed over the query heads that share a kv head.
    void add_over_keys(tensor weights, tensor rows_of_queries, tensor to) {
        std::int64_t const all = s_.seq * s_.seq;
        auto const transposed = view(
            weights, inner({{batch_, heads_, s_.seq, s_.seq}, {heads_ * all, all, 1, s_.seq}}, CUDNN_DATA_BFLOAT16));
        if (heads_ == kv_heads_) return matmul(transposed, rows_of_queries, to);
        auto const of_each = inner(packed(s_.head_dim), CUDNN_DATA_BFLOAT16);
        matmul(transposed, rows_of_queries, of_each);
        reduce(CUDNN_REDUCE_TENSOR_ADD, of_each, to);
    }

    attention_shape s_;
    long batch_, kv_heads_, heads_;
};

}  // namespace shardtype::cuda::detail
