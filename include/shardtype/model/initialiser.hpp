#pragma once

namespace shardtype {

/// How the first value of a parameter is drawn.
///
/// - `ones`: the constant `scale`.
/// - `normal`: mean 0, standard deviation `scale`.
/// - `truncated_normal`: standard deviation `scale`, values beyond an absolute 2 are drawn again.
/// - `depth_scaled`: as `truncated_normal`, with `scale / sqrt(2 (layer + 1))`.
/// - `output`: standard deviation `scale / sqrt(dim)`, values beyond three of it are drawn again.
enum class init : unsigned char { ones, normal, truncated_normal, depth_scaled, output };

/// What a model says about the first values of one parameter; the numbers come from train/initialise.hpp.
///
/// Llama as torchtitan starts it: embedding `{normal, 1}`; wq, wk, wv, w1 `{truncated_normal, 0.02}`;
/// wo, w2, w3 `{depth_scaled, 0.02}`; output `{output, 1}`; norms `{ones, 1}`. GPT-2: `{normal, 0.02}`,
/// projections into the residual stream divided by the root of twice the layers; biases `{ones, 0}`.
struct initialiser {
    init kind = init::normal;  ///< the distribution
    double scale = 1;          ///< see `init`

    /// Memberwise.
    friend constexpr bool operator==(const initialiser&, const initialiser&) = default;
};

}  // namespace shardtype
