#pragma once

// Each kernel name's call on the CPU: a step's arguments and dims to a plain function.
#include <shardtype/ops/copies.hpp>
#include <shardtype/ops/cpu_functions.hpp>
#include <shardtype/ops/cpu_own_kernels.hpp>
#include <shardtype/ops/cpu_products.hpp>
#include <shardtype/ops/dense_kernels.hpp>
#include <shardtype/ops/layer_kernels.hpp>
