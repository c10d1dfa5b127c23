#pragma once

#include <shardtype/base/code.hpp>
#include <shardtype/rules/checks.hpp>

namespace shardtype {

// A numbered check of a plan, for this file only. What to write instead comes first, the job last. @cond
#define SHARDTYPE_CHECK(number, name, text)                                                             \
    template <class Fix, class... Facts>                                                                \
    struct ST_##number {                                                                                \
        static_assert(never<Fix>, "[ST-" #number "] " text ": see ST_" #number "<fix, facts..., job>"); \
    };                                                                                                  \
    template <>                                                                                         \
    struct detail::check_of<code::name> {                                                               \
        template <class Fix, class... Facts>                                                            \
        using with = ST_##number<Fix, Facts...>;                                                        \
    }

SHARDTYPE_CHECK(J720, plan_memory,
                "no strategy of the layers fits into `device_memory`: the smallest plan and the layer that holds most "
                "of it, bytes of one rank");
SHARDTYPE_CHECK(J721, plan_share,
                "`parameter_memory` leaves a layer without a strategy: what a rank can store of it is none of the "
                "shares from `low` to `high`");
SHARDTYPE_CHECK(J722, plan_pinned, "what is pinned to a layer, or `constraints::roles`, leaves it without a strategy");
SHARDTYPE_CHECK(J723, plan_layers_unknown,
                "a strategy is pinned to a layer that the model does not have, or to a trip that its repeat does not "
                "have");
SHARDTYPE_CHECK(J724, plan_layer, "the rules refuse a layer under every strategy of the mesh");
SHARDTYPE_CHECK(J725, plan_room, "the planner has no room for this job, or cannot tell its layers apart");
SHARDTYPE_CHECK(J726, plan_job,
                "a job for the planner lacks a member, or the planner cannot take what stands there; what to write is "
                "`using mesh = ...`, `using model = ...`, `static constexpr batch_shape batch{...}` and so on");
SHARDTYPE_CHECK(J727, plan_pin,
                "a part of a pin is no role or placement that a layer can have on an axis of the mesh, or contradicts "
                "another part of the same pin; or the pin names no layer");
SHARDTYPE_CHECK(J728, plan_bounds, "no plan can keep to these `constraints`, or no device has that memory");
SHARDTYPE_CHECK(J729, plan_mesh_pins,
                "`best_mesh` chooses the axes itself: it takes no `pinned`, `input` or `output`, nor `on_axis` among "
                "the constraints, which would have no effect");

#undef SHARDTYPE_CHECK
// @endcond

}  // namespace shardtype
