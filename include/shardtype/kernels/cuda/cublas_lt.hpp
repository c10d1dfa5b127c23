#pragma once
#include <cublasLt.h>
#include <cuda_runtime.h>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace shardtype::cuda {

/// How products of float are multiplied: `exact` in float32, `tf32` on tensor cores with factors of 10 bits.
enum class products : unsigned char { exact, tf32 };

}  // namespace shardtype::cuda

namespace shardtype::cuda::detail {

/// CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE: partial sums of a split k keep the type that they are computed in.
inline constexpr unsigned lt_wide_partial_sums = 2;

/// Owns a descriptor of cuBLASLt.
template <class Opaque, cublasStatus_t (*Destroy)(Opaque*)>
struct lt_destroy {
    void operator()(Opaque* it) const { Destroy(it); }
};
template <class Opaque, cublasStatus_t (*Destroy)(Opaque*)>
using lt_handle = std::unique_ptr<Opaque, lt_destroy<Opaque, Destroy>>;

using lt_operation = lt_handle<cublasLtMatmulDescOpaque_t, &cublasLtMatmulDescDestroy>;
using lt_matrix = lt_handle<cublasLtMatrixLayoutOpaque_t, &cublasLtMatrixLayoutDestroy>;
using lt_preference = lt_handle<cublasLtMatmulPreferenceOpaque_t, &cublasLtMatmulPreferenceDestroy>;

/// The library's handle for the current device, made on first use; one per device and process, since making one takes
/// long and memory. It lives until the process ends, like the device's context.
inline cublasLtHandle_t lt_handle_of_device() {
    static std::mutex guard;
    static std::vector<std::pair<int, cublasLtHandle_t>> made;
    int device = 0;
    if (cudaError_t const error = cudaGetDevice(&device); error != cudaSuccess)
        throw std::runtime_error(std::string("cudaGetDevice: ") + cudaGetErrorString(error));
    std::lock_guard const lock(guard);
    for (auto const& [of, handle] : made) {
        if (of == device) return handle;
    }
    cublasLtHandle_t handle = nullptr;
    if (cublasStatus_t const status = cublasLtCreate(&handle); status != CUBLAS_STATUS_SUCCESS)
        throw std::runtime_error("cublasLtCreate on device " + std::to_string(device) + ": " +
                                 cublasLtGetStatusName(status));
    made.emplace_back(device, handle);
    return handle;
}

/// A product, as the table of tuned ones knows it.
struct lt_problem {
    long m, n, k;
    bool transpose_a, transpose_b, accumulate;
    cudaDataType factors, result;
    cublasComputeType_t compute;
    bool operator==(lt_problem const&) const = default;

    /// For messages: "C[8,4] += A[8,2] B[4,2]^T, bf16 to float".
    std::string text() const {
        auto const matrix = [](char const* name, long rows, long columns, bool transposed) {
            return std::string(name) + "[" + std::to_string(transposed ? columns : rows) + "," +
                   std::to_string(transposed ? rows : columns) + (transposed ? "]^T" : "]");
        };
        auto const type = [](cudaDataType t) {
            return t == CUDA_R_64F ? "double" : t == CUDA_R_16BF ? "bf16" : "float";
        };
        return matrix("C", m, n, false) + (accumulate ? " += " : " = ") + matrix("A", m, k, transpose_a) + " " +
               matrix("B", k, n, transpose_b) + ", " + type(factors) + " to " + type(result) +
               (compute == CUBLAS_COMPUTE_32F_FAST_TF32 ? " by tf32" : "");
    }
};

/// What the library offers for a product. An array, since nvcc crashes on a vector of this unnamed struct.
struct lt_candidates {
    static constexpr int most = 16;
    cublasLtMatmulHeuristicResult_t found[most] = {};
    int count = 0;
};

/// The fastest algorithms that were measured in this process, so that all of its ranks multiply alike.
class lt_tuned {
  public:
    static lt_tuned& table() {
        static lt_tuned it;
        return it;
    }
    /// Whether there is one; writes it.
    bool find(lt_problem const& problem, cublasLtMatmulHeuristicResult_t& to) const {
        std::lock_guard const lock(guard_);
        for (auto const& [known, algorithm] : known_) {
            if (known == problem) return to = algorithm, true;
        }
        return false;
    }
    /// Keeps the first one that is offered for a problem.
    void keep(lt_problem const& problem, cublasLtMatmulHeuristicResult_t const& algorithm) {
        cublasLtMatmulHeuristicResult_t already;
        if (find(problem, already)) return;
        std::lock_guard const lock(guard_);
        known_.emplace_back(problem, algorithm);
    }
    /// Held while one rank measures: the others wait and then find its result.
    std::mutex& measuring() { return measuring_; }

  private:
    mutable std::mutex guard_;
    std::mutex measuring_;
    std::vector<std::pair<lt_problem, cublasLtMatmulHeuristicResult_t>> known_;
};

template <class T>
inline constexpr cudaDataType lt_type = std::is_same_v<T, double>  ? CUDA_R_64F
                                        : std::is_same_v<T, float> ? CUDA_R_32F
                                                                   : CUDA_R_16BF;

}  // namespace shardtype::cuda::detail
