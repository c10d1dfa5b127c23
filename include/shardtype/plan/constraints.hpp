#pragma once

#include <shardtype/mesh/mesh.hpp>
#include <shardtype/model/roles.hpp>

namespace shardtype {

/// What one rank stores of the parameters, as a share of them, from `low` to `high`: AutoParallel's `parameter_memory`. {1, 1} is
/// DDP; {}, its default, is FSDP over all ranks; a `high` in between is HSDP, or FSDP over some axes and tensor parallelism
/// over the others.
struct memory_share {
    double low = 0;   ///< at least
    double high = 0;  ///< at most; 0: one over the number of ranks
};
/// No bound.
inline constexpr memory_share any_share{0, 1};

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

/// What an axis of this type is for: all that `constraints::roles` has, unless it is torchtitan's.
/// @{
template <class Axis>
inline constexpr role_set roles_of_axis = all_roles;
template <int N>
inline constexpr role_set roles_of_axis<dp_replicate<N>> = only(role::data_parallel);
template <int N>
inline constexpr role_set roles_of_axis<dp_shard<N>> = only(role::sharded_optimizer) | only(role::sharded_gradients) |
                                                       only(role::fully_sharded);
template <int N>
inline constexpr role_set roles_of_axis<tp<N>> = only(role::sequence_parallel) | only(role::tensor_parallel);
/// @}

/// What a plan must keep to.
struct constraints {
    /// Of each layer's parameters, those of two dimensions and more. (Vectors are less than a thousandth.)
    memory_share parameter_memory = any_share;
    /// Bytes of a rank, for all that it allocates; 0: `hardware::usable()`. It may be more than that, up to
    /// `hardware::memory`: who gives it knows what is reserved better than `hardware::reserved` does.
    long device_memory = 0;
    role_set roles = usual_roles;  ///< that axes may have
    role_set on_axis[max_axes]{};  ///< of these, what one axis may have; none: what its type is for [ST-J728]
    bool recompute = true;         ///< blocks may be recomputed
};

namespace detail {
/// Whether some axis is told what it may have.
constexpr bool asks_on_axis(constraints const& c) {
    bool any = false;
    for (role_set const& r : c.on_axis) any = any || r.mask != 0;
    return any;
}
}  // namespace detail

}  // namespace shardtype
