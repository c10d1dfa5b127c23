#pragma once

// Put before a loop over an array of registers: nvcc unrolls it, or the array lies in memory. Other compilers do not
// know the pragma.
#ifdef __CUDACC__
#define SHARDTYPE_UNROLL _Pragma("unroll")
#else
#define SHARDTYPE_UNROLL
#endif
