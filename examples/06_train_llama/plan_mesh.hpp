#pragma once

#include <shardtype/mesh/hardware.hpp>
#include <shardtype/plan/constraints.hpp>
#include <shardtype/plan/plan.hpp>

#include "layout_spec.hpp"

/// What a layout costs on such devices: the plan that has its one strategy in all layers, and whether that keeps to the
/// constraints. `optimal`: it does; `infeasible`: it is too large; else a constraint or a rule is against it, and the
/// plan's uniform layout tells which. The roles among the constraints are the layout's.
/// @throws std::runtime_error where a table of the planner is too small, or bounds mean nothing, with its line
shardtype::model_plan plan_mesh(layout_spec const& layout, shardtype::hardware const& on, shardtype::constraints bound);
