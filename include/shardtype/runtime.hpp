#pragma once

/// The compile-time layers, the CPU back end on thread ranks, views, and the trainer. Data sets, log lines, the profile and
/// safetensors are headers of their own.

#include <shardtype/ops/view.hpp>
#include <shardtype/optim/learning_rate.hpp>
#include <shardtype/shardtype.hpp>
#include <shardtype/train/run.hpp>
