#pragma once

#include <shardtype/model/roles.hpp>

namespace shardtype {

/// A share of the parameters: what one rank stores of them, from `low` to `high`.
struct memory_share {
    double low = 0;   ///< at least
    double high = 1;  ///< at most
};

/// A set of roles.
struct role_set {
    unsigned mask = 0;  ///< bit by number of the role

    /// Whether r is in it.
    constexpr bool has(role r) const { return ((mask >> static_cast<unsigned>(r)) & 1U) != 0; }
    /// Both sets.
    constexpr role_set operator|(role_set b) const { return {mask | b.mask}; }
};
/// The set of one role.
constexpr role_set only(role r) { return {1U << static_cast<unsigned>(r)}; }
/// Every role but plain tensor parallelism, which moves as many bytes as sequence parallelism and holds more.
inline constexpr role_set usual_roles = only(role::data_parallel) | only(role::sharded_optimizer) |
                                        only(role::sharded_gradients) | only(role::fully_sharded) |
                                        only(role::sequence_parallel);
/// Every role.
inline constexpr role_set all_roles = usual_roles | only(role::tensor_parallel);

/// What a plan must keep to.
struct constraints {
    /// What a rank stores of a layer's parameter matrices, as a share: AutoParallel's `parameter_memory`. {1, 1} is DDP,
    /// {0, 1.0 / ranks} FSDP over all of them, a higher bound HSDP or other mixes.
    memory_share parameter_memory{};
    long device_memory = 0;        ///< bytes of a rank, for all that it allocates; 0: what the hardware leaves
    role_set roles = usual_roles;  ///< that axes may have
    bool recompute = true;         ///< blocks may be recomputed
};

}  // namespace shardtype
