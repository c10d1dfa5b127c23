#pragma once
#include <cstdint>
#include <cstdlib>
#include <shardtype/kernels/cuda/cublas_lt.hpp>
#include <shardtype/kernels/cuda/gemm_scratch.hpp>
#include <shardtype/kernels/execution.hpp>

namespace shardtype::cuda {

/// Whether products are tuned where nothing else is said: the environment's SHARDTYPE_TUNE_PRODUCTS=1.
inline bool tune_products() {
    char const* const said = std::getenv("SHARDTYPE_TUNE_PRODUCTS");
    return said != nullptr && said[0] == '1';
}

/// How float products are made where nothing else is said: the environment's SHARDTYPE_TF32=1.
inline products product_precision() {
    char const* const said = std::getenv("SHARDTYPE_TF32");
    return said != nullptr && said[0] == '1' ? products::tf32 : products::exact;
}

/// What a product may choose.
struct gemm_options {
    products precision = product_precision();  ///< of float
    bool tune = tune_products();               ///< whether `wants_tuning` asks for it
};

/// C[m,n] = op(A) op(B), added to C where `accumulate`; all dense row-major in device memory, A stored [k,m] where
/// `transpose_a`, B stored [n,k] where `transpose_b`. A and B are T, C is Result: bf16 factors may have a float
/// product. Sums are of wide_t<T> and rounded once. By cuBLASLt, with the library's first choice or the tuned
/// algorithm: the same bits from run to run. Made once at set-up, with its device current; calls only enqueue, so
/// graphs can capture them. C may not overlap A or B; operands are aligned to 16 bytes. Scratch: what
/// `gemm_scratch_bytes` offers or less; less than `scratch_bytes()` is refused. Cost: 2 m n k flops.
template <class T, class Result = T>
class gemm {
    using sum = wide_t<T>;

  public:
    /// For C[m, n]. @throws std::invalid_argument for sizes below 1, std::runtime_error if the library refuses it
    gemm(long m, long n, long k, bool transpose_a, bool transpose_b, bool accumulate, gemm_options options = {})
        : problem_{m,
                   n,
                   k,
                   transpose_a,
                   transpose_b,
                   accumulate,
                   detail::lt_type<T>,
                   detail::lt_type<Result>,
                   sizeof(T) == 8                                                    ? CUBLAS_COMPUTE_64F
                   : std::is_same_v<T, float> && options.precision == products::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32
                                                                                     : CUBLAS_COMPUTE_32F},
          tune_(options.tune) {
        if (m < 1 || n < 1 || k < 1) throw std::invalid_argument("gemm: sizes must be positive in " + problem_.text());
        library_ = detail::lt_handle_of_device();
        cublasLtMatmulDesc_t operation = nullptr;
        check(cublasLtMatmulDescCreate(&operation, problem_.compute, detail::lt_type<sum>), "describing");
        operation_.reset(operation);
        // The library is column-major, where our matrices are transposed: C^T = op(B)^T op(A)^T.
        cublasOperation_t const left = transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N;
        cublasOperation_t const right = transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N;
        check(cublasLtMatmulDescSetAttribute(operation, CUBLASLT_MATMUL_DESC_TRANSA, &left, sizeof left),
              "transposing");
        check(cublasLtMatmulDescSetAttribute(operation, CUBLASLT_MATMUL_DESC_TRANSB, &right, sizeof right),
              "transposing");
        left_ = matrix(transpose_b ? k : n, transpose_b ? n : k, detail::lt_type<T>);
        right_ = matrix(transpose_a ? m : k, transpose_a ? k : m, detail::lt_type<T>);
        result_ = matrix(n, m, detail::lt_type<Result>);
        tuned_ = detail::lt_tuned::table().find(problem_, chosen_);
        if (!tuned_) chosen_ = candidates(1).found[0];
    }

    /// Enqueues it. @throws std::runtime_error for too little scratch, misaligned operands, or if the library fails
    void operator()(execution const& with, T const* a, T const* b, Result* c) const { run(with, a, b, c, chosen_); }

    /// What a call needs, at most `gemm_scratch_bytes`.
    long scratch_bytes() const {
        return chosen_.workspaceSize == 0 ? 0 : static_cast<long>(chosen_.workspaceSize) + alignment;
    }

    /// Whether tuning is on and this object does not use a measured algorithm yet, its own or another rank's.
    bool wants_tuning() const { return tune_ && !tuned_; }

    /// Times the library's first `count` algorithms, at most 16, on these operands and keeps the fastest for all such
    /// products of this process; products made before are to call it too (or be made again) to use it. Overwrites C and
    /// waits for the stream: for set-up only.
    void tune(execution const& with, T const* a, T const* b, Result* c, int count = 16) {
        std::lock_guard const lock(detail::lt_tuned::table().measuring());
        tuned_ = true;
        if (detail::lt_tuned::table().find(problem_, chosen_)) return;
        auto const stream = static_cast<cudaStream_t>(with.stream);
        cudaEvent_t begin = nullptr, end = nullptr;
        check(cudaEventCreateWithFlags(&begin, cudaEventDefault), "tuning");
        check(cudaEventCreateWithFlags(&end, cudaEventDefault), "tuning");
        float fastest = 0;
        cublasLtMatmulHeuristicResult_t best = chosen_;
        auto const found = candidates(count);
        for (int i = 0; i < found.count; ++i) {
            auto const& candidate = found.found[i];
            float least = 0;
            for (int repeat = 0; repeat < 4; ++repeat) {  // the first one warms up
                check(cudaEventRecord(begin, stream), "tuning");
                run(with, a, b, c, candidate);
                check(cudaEventRecord(end, stream), "tuning");
                check(cudaEventSynchronize(end), "tuning");
                float milliseconds = 0;
                check(cudaEventElapsedTime(&milliseconds, begin, end), "tuning");
                if (repeat == 1 || (repeat > 1 && milliseconds < least)) least = milliseconds;
            }
            if (fastest == 0 || least < fastest) fastest = least, best = candidate;
        }
        check(cudaEventDestroy(begin), "tuning");
        check(cudaEventDestroy(end), "tuning");
        detail::lt_tuned::table().keep(problem_, best);
        chosen_ = best;
    }

  private:
    static constexpr long alignment = 256;  // of the workspace

    void check(cublasStatus_t status, char const* what) const {
        if (status != CUBLAS_STATUS_SUCCESS)
            throw std::runtime_error(std::string("gemm: ") + cublasLtGetStatusName(status) + " in " + what + " " +
                                     problem_.text());
    }
    void check(cudaError_t error, char const* what) const {
        if (error != cudaSuccess)
            throw std::runtime_error(std::string("gemm: ") + cudaGetErrorString(error) + " in " + what + " " +
                                     problem_.text());
    }

    detail::lt_matrix matrix(long rows, long columns, cudaDataType type) const {
        cublasLtMatrixLayout_t made = nullptr;
        check(cublasLtMatrixLayoutCreate(&made, type, static_cast<std::uint64_t>(rows),
                                         static_cast<std::uint64_t>(columns), rows),
              "describing a matrix of");
        return detail::lt_matrix(made);
    }

    /// The algorithms that the library would take, the best first; those that need more scratch than the bound, or
    /// would round partial sums to the result's type, are left out.
    detail::lt_candidates candidates(int count) const {
        cublasLtMatmulPreference_t made = nullptr;
        check(cublasLtMatmulPreferenceCreate(&made), "preferences for");
        detail::lt_preference const preference(made);
        auto const prefer = [&](cublasLtMatmulPreferenceAttributes_t what, auto value) {
            check(cublasLtMatmulPreferenceSetAttribute(made, what, &value, sizeof value), "preferences for");
        };
        long const bound = gemm_scratch_bytes<T, Result>(problem_.m, problem_.n, problem_.k);
        prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<std::uint64_t>(bound > 0 ? bound - alignment : 0));
        prefer(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, std::uint32_t{detail::lt_wide_partial_sums});
        for (auto const operand :
             {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
              CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
            prefer(operand, std::uint32_t{16});
        detail::lt_candidates from, usable;
        check(cublasLtMatmulAlgoGetHeuristic(library_, operation_.get(), left_.get(), right_.get(), result_.get(),
                                             result_.get(), made, count < from.most ? count : from.most, from.found,
                                             &from.count),
              "choosing an algorithm for");
        for (int i = 0; i < from.count; ++i) {
            if (from.found[i].state == CUBLAS_STATUS_SUCCESS) usable.found[usable.count++] = from.found[i];
        }
        if (usable.count == 0) throw std::runtime_error("gemm: cuBLASLt has no algorithm for " + problem_.text());
        return usable;
    }

    void run(execution const& with, T const* a, T const* b, Result* c,
             cublasLtMatmulHeuristicResult_t const& algorithm) const {
        auto const misaligned = [](void const* p) { return reinterpret_cast<std::uintptr_t>(p) % 16 != 0; };
        if (misaligned(a) || misaligned(b) || misaligned(c))
            throw std::runtime_error("gemm: operands must be aligned to 16 bytes in " + problem_.text());
        auto const at = reinterpret_cast<std::uintptr_t>(with.scratch);
        std::uintptr_t const skipped = (alignment - at % alignment) % alignment;
        std::size_t const room = with.scratch_bytes < skipped ? 0 : with.scratch_bytes - skipped;
        if (algorithm.workspaceSize > room)
            throw std::runtime_error("gemm: " + problem_.text() + " needs " + std::to_string(algorithm.workspaceSize) +
                                     " bytes of aligned scratch, got " + std::to_string(room));
        sum const one = 1, old = problem_.accumulate ? sum(1) : sum(0);
        check(cublasLtMatmul(library_, operation_.get(), &one, b, left_.get(), a, right_.get(), &old, c, result_.get(),
                             c, result_.get(), &algorithm.algo,
                             algorithm.workspaceSize == 0 ? nullptr : static_cast<char*>(with.scratch) + skipped,
                             algorithm.workspaceSize, static_cast<cudaStream_t>(with.stream)),
              "running");
    }

    detail::lt_problem problem_;
    bool tune_;
    bool tuned_ = false;
    cublasLtHandle_t library_ = nullptr;
    detail::lt_operation operation_;
    detail::lt_matrix left_, right_, result_;
    cublasLtMatmulHeuristicResult_t chosen_{};
};

}  // namespace shardtype::cuda
