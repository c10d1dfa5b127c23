#pragma once
#include <array>
#include <shardtype/kernels/cpu/dnnl_handle.hpp>
#include <shardtype/kernels/cpu/gemm_blocked.hpp>
#include <shardtype/kernels/cpu/gemm_scratch.hpp>
#include <shardtype/kernels/cpu/openmp_threads.hpp>
#include <shardtype/kernels/execution.hpp>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace shardtype::detail {

/// What a gemm computes, for its messages.
struct gemm_problem {
    long m, n, k;
    bool transpose_a, transpose_b, accumulate;

    std::string text() const {
        auto const matrix = [](char const* name, long rows, long columns, bool transposed) {
            return std::string(name) + "[" + std::to_string(transposed ? columns : rows) + "," +
                   std::to_string(transposed ? rows : columns) + (transposed ? "]^T" : "]");
        };
        return matrix("C", m, n, false) + (accumulate ? " += " : " = ") + matrix("A", m, k, transpose_a) + " " +
               matrix("B", k, n, transpose_b);
    }

    void check_sizes() const {
        if (m < 1 || n < 1 || k < 1) throw std::invalid_argument("gemm: sizes must be positive in " + text());
    }
};

}  // namespace shardtype::detail

namespace shardtype::cpu {

/// C[m,n] = op(A) op(B), added to C where `accumulate`; all dense row-major, A stored [k,m] where `transpose_a`, B
/// stored [n,k] where `transpose_b`. A and B are T, C is Result: bf16 factors may have a float product. Sums are of
/// wide_t<T> and rounded once. Made once at set-up and kept; an object is used by one thread at a time. C may not
/// overlap A or B. A call needs `scratch_bytes()` of 64-byte aligned scratch. Cost: 2 m n k flops.
///
/// float and bf16 by oneDNN. Making one takes 0.1 to 0.5 ms and throws std::runtime_error with one line if oneDNN
/// refuses the problem or wants more scratch than `gemm_scratch_bytes`. `threads` is what every call will run with.
template <class T, class Result = T>
class gemm {
  public:
    /// For C[m, n]. @throws std::invalid_argument for sizes below 1, std::runtime_error as above
    gemm(long m, long n, long k, bool transpose_a, bool transpose_b, bool accumulate, int threads = 1)
        : problem_{m, n, k, transpose_a, transpose_b, accumulate}, threads_(threads) {
        problem_.check_sizes();
        detail::openmp_threads const scope(threads);  // oneDNN blocks for the threads that it finds
        auto const a = matrix<T>(m, k, transpose_a);
        auto const b = matrix<T>(k, n, transpose_b);
        auto const c = matrix<Result>(m, n, false);
        dnnl_matmul_desc_t operation;
        check(dnnl_matmul_desc_init(&operation, &a, &b, nullptr, &c), "describing");

        dnnl_primitive_attr_t made_attributes = nullptr;
        check(dnnl_primitive_attr_create(&made_attributes), "attributes");
        detail::dnnl_handle<dnnl_primitive_attr_destroy> const attributes(made_attributes);
        check(dnnl_primitive_attr_set_scratchpad_mode(made_attributes, dnnl_scratchpad_mode_user), "scratchpad mode");
        if (accumulate) {
            dnnl_post_ops_t made_sum = nullptr;
            check(dnnl_post_ops_create(&made_sum), "post operations");
            detail::dnnl_handle<dnnl_post_ops_destroy> const sum(made_sum);
            check(dnnl_post_ops_append_sum(made_sum, 1.0f), "accumulation");
            check(dnnl_primitive_attr_set_post_ops(made_attributes, made_sum), "post operations");
        }

        dnnl_primitive_desc_t made_description = nullptr;
        check(dnnl_primitive_desc_create(&made_description, &operation, made_attributes, detail::cpu_engine(), nullptr),
              "choosing a kernel");
        detail::dnnl_handle<dnnl_primitive_desc_destroy> const description(made_description);
        dnnl_primitive_t made = nullptr;
        check(dnnl_primitive_create(&made, made_description), "making the primitive");
        primitive_.reset(made);
        dnnl_stream_t made_stream = nullptr;
        check(dnnl_stream_create(&made_stream, detail::cpu_engine(), dnnl_stream_default_flags), "making a stream");
        stream_.reset(made_stream);

        auto const* const scratch = dnnl_primitive_desc_query_md(made_description, dnnl_query_scratchpad_md, 0);
        scratch_bytes_ = scratch == nullptr ? 0 : static_cast<long>(dnnl_memory_desc_get_size(scratch));
        long const bound = gemm_scratch_bytes<T>(m, n, k, threads);
        if (scratch_bytes_ > bound) {
            throw std::runtime_error("gemm: oneDNN wants " + std::to_string(scratch_bytes_) + " bytes of scratch for " +
                                     problem_.text() + ", more than the bound of " + std::to_string(bound) + " bytes");
        }
        attach(0, DNNL_ARG_SRC, &a);
        attach(1, DNNL_ARG_WEIGHTS, &b);
        attach(2, DNNL_ARG_DST, &c);
        if (scratch_bytes_ > 0) attach(3, DNNL_ARG_SCRATCHPAD, scratch);
    }

    /// Runs it. @throws std::runtime_error for too little scratch
    void operator()(execution const& with, T const* a, T const* b, Result* c) const {
        if (scratch_bytes_ > static_cast<long>(with.scratch_bytes)) {
            throw std::runtime_error("gemm: " + problem_.text() + " needs " + std::to_string(scratch_bytes_) +
                                     " bytes of scratch, got " + std::to_string(with.scratch_bytes));
        }
        detail::openmp_threads const scope(threads_);
        point(0, const_cast<T*>(a));
        point(1, const_cast<T*>(b));
        point(2, c);
        if (scratch_bytes_ > 0) point(3, with.scratch);
        check(dnnl_primitive_execute(primitive_.get(), stream_.get(), scratch_bytes_ > 0 ? 4 : 3, arguments_.data()),
              "running");
        check(dnnl_stream_wait(stream_.get()), "waiting");
    }

    /// What a call needs, at most `gemm_scratch_bytes`.
    long scratch_bytes() const { return scratch_bytes_; }

  private:
    void check(dnnl_status_t status, char const* what) const {
        if (status != dnnl_success) {
            throw std::runtime_error("gemm: oneDNN status " + std::to_string(static_cast<int>(status)) + " in " + what +
                                     (std::is_same_v<T, bf16> ? " for bfloat16 " : " for float32 ") + problem_.text());
        }
    }

    template <class Element>
    dnnl_memory_desc_t matrix(long rows, long columns, bool transposed) const {
        dnnl_dims_t const sizes = {rows, columns};
        dnnl_dims_t const strides = {transposed ? 1 : columns, transposed ? rows : 1};
        dnnl_memory_desc_t result;
        check(dnnl_memory_desc_init_by_strides(&result, 2, sizes, std::is_same_v<Element, bf16> ? dnnl_bf16 : dnnl_f32,
                                               strides),
              "describing a matrix");
        return result;
    }

    void attach(std::size_t slot, int argument, dnnl_memory_desc_t const* description) {
        dnnl_memory_t made = nullptr;
        check(dnnl_memory_create(&made, description, detail::cpu_engine(), DNNL_MEMORY_NONE), "memory");
        memory_[slot].reset(made);
        arguments_[slot] = {argument, made};
    }

    void point(std::size_t slot, void* data) const {
        check(dnnl_memory_set_data_handle(arguments_[slot].memory, data), "setting an operand");
    }

    detail::gemm_problem problem_;
    int threads_;
    long scratch_bytes_ = 0;
    detail::dnnl_handle<dnnl_primitive_destroy> primitive_;
    detail::dnnl_handle<dnnl_stream_destroy> stream_;
    std::array<detail::dnnl_handle<dnnl_memory_destroy>, 4> memory_;
    std::array<dnnl_exec_arg_t, 4> arguments_{};
};

/// float64 by plain blocked loops: for numeric gradients, not for speed.
template <>
class gemm<double, double> {
  public:
    /// For C[m, n]; runs on one thread. @throws std::invalid_argument for sizes below 1
    gemm(long m, long n, long k, bool transpose_a, bool transpose_b, bool accumulate, int = 1)
        : problem_{m, n, k, transpose_a, transpose_b, accumulate} {
        problem_.check_sizes();
    }

    /// Runs it.
    void operator()(execution const&, double const* a, double const* b, double* c) const {
        detail::gemm_blocked(problem_.m, problem_.n, problem_.k, problem_.transpose_a, problem_.transpose_b,
                             problem_.accumulate, a, b, c);
    }

    /// None.
    long scratch_bytes() const { return 0; }

  private:
    detail::gemm_problem problem_;
};

}  // namespace shardtype::cpu
