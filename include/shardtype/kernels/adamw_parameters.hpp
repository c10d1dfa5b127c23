#pragma once

namespace shardtype {

/// AdamW's knobs, with PyTorch's defaults.
struct adamw_parameters {
    double lr = 1e-3;  ///< learning rate
    /// Decay of the two moments.
    /// @{
    double beta1 = 0.9;
    double beta2 = 0.999;
    /// @}
    double eps = 1e-8;           ///< added to the root
    double weight_decay = 0.01;  ///< decoupled: times the rate
    long step = 1;               ///< counted from 1
};

}  // namespace shardtype
