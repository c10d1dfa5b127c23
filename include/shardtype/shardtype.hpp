#pragma once

#if __cplusplus < 202002L
#error "Shardtype needs C++20: compile with -std=c++20 or newer"
#endif

/// The compile-time layers: types, rules, models and schedules. The planner is shardtype/plan/planner.hpp (0.1 s more). Standard library and Boost.Hana only.

#include <shardtype/base/units.hpp>
#include <shardtype/mesh/mesh.hpp>
#include <shardtype/model/gpt2.hpp>
#include <shardtype/model/llama.hpp>
#include <shardtype/model/read.hpp>
#include <shardtype/rules/hop_plan.hpp>
#include <shardtype/rules/parameter.hpp>
#include <shardtype/rules/unchecked.hpp>
#include <shardtype/schedule/fits.hpp>
#include <shardtype/schedule/lower.hpp>
#include <shardtype/tensor/runs.hpp>
#include <shardtype/tensor/tensor.hpp>
