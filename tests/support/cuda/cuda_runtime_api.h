#pragma once
// What a host compiler's Thrust asks for.
#include "cuda_runtime.h"
