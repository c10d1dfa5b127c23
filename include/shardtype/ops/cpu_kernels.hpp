#pragma once

// Each kernel name's call on the CPU: a step's arguments and dims to a plain function. Argument order is
// schedule/kernels.hpp's.
#include <shardtype/ops/cpu_copies.hpp>
#include <shardtype/ops/cpu_dense_kernels.hpp>
#include <shardtype/ops/cpu_layer_kernels.hpp>
#include <shardtype/ops/cpu_optimizer_kernels.hpp>
#include <shardtype/ops/cpu_products.hpp>
