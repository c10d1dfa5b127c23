#pragma once

/// Everything: the compile-time layers, the CPU back end on thread ranks, and the trainer.

#include <shardtype/optim/learning_rate.hpp>
#include <shardtype/shardtype.hpp>
#include <shardtype/train/trainer.hpp>
