#pragma once

/// Benchmarks of one's own sizes, as types: a line of Google Benchmark each. See bench/own.cpp in the repository.

#include <shardtype/bench/adamw.hpp>
#include <shardtype/bench/attention.hpp>
#include <shardtype/bench/collective.hpp>
#include <shardtype/bench/matmul.hpp>
#include <shardtype/bench/operation.hpp>
#include <shardtype/bench/redistribution.hpp>
#include <shardtype/bench/train_step.hpp>
