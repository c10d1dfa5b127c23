#pragma once
#include <cstddef>

namespace shardtype {

/// What a local kernel may use besides its operands: the scratch that the schedule gave it and its threads.
/// Kernels never allocate; `scratch` is 64-byte aligned and at least as large as the kernel's own
/// constexpr bound (`*_scratch_bytes`) says.
struct execution {
    void* scratch = nullptr;        ///< 64-byte aligned
    std::size_t scratch_bytes = 0;  ///< what lies there
    int threads = 1;                ///< that a library may use
    void* stream = nullptr;         ///< a CUDA stream in the GPU back end, unused on the CPU
};

}  // namespace shardtype
