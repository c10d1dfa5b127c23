#pragma once

// Each kernel name's call on a GPU: a step's arguments and dims to a plain function that enqueues.
#include <shardtype/ops/copies.hpp>
#include <shardtype/ops/cuda/functions.hpp>
#include <shardtype/ops/cuda/own_kernels.hpp>
#include <shardtype/ops/cuda/products.hpp>
#include <shardtype/ops/dense_kernels.hpp>
#include <shardtype/ops/layer_kernels.hpp>
