#pragma once

#include <optional>
#include <string>
#include <vector>

#include <shardtype/plan/plan.hpp>

#include "choose_layouts.hpp"
#include "layout_spec.hpp"
#include "settings.hpp"

/// One mesh of the world's, planned.
struct planned_mesh {
    layout_spec spec;
    shardtype::model_plan plan;  ///< of that layout; `arena` is that of this program, where it is compiled

    /// Bytes of a rank: as the planner counts, and at least what this program allocates.
    long memory() const;
    /// Whether it keeps to all constraints.
    bool fits() const { return plan.outcome == shardtype::chain_outcome::optimal && plan.arena <= plan.budget; }
    /// Whether all that is against it is its size.
    bool too_large() const {
        return plan.outcome == shardtype::chain_outcome::infeasible ||
               (plan.outcome == shardtype::chain_outcome::optimal && plan.arena > plan.budget);
    }
    /// Nanoseconds for a token of the global batch.
    double time_per_token() const;
};

/// What `--layout auto` has come to.
struct automatic_choice {
    std::vector<planned_mesh>
        meshes;        ///< all of the world's that the rules take: the chosen one, then the faster first
    std::string line;  ///< what was chosen, what is predicted of it, and why
    std::string next;  ///< if it is not compiled: the fastest of those that are
    /// Every mesh, and the plan of the one that was chosen.
    std::string explained() const;
};

/// Plans each mesh of `--ranks` in torchtitan's degrees with one strategy for all layers, and puts the one with most tokens
/// a second that keeps to the constraints in the place of `auto`. Nothing where `--layout` is not `auto`.
/// @throws usage_error, where nothing fits with the smallest memory
std::optional<automatic_choice> choose_auto(settings& with, std::vector<compiled_layout> const& compiled);
