#pragma once
#include <shardtype/kernels/cpu/attention_backward.hpp>
#include <shardtype/kernels/cpu/attention_forward.hpp>
