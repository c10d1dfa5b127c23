#pragma once
#include "element.hpp"
#include "memory.hpp"
#include "streams.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

/// cuBLASLt's types and a naive product.

enum cublasStatus_t {
    CUBLAS_STATUS_SUCCESS = 0,
    CUBLAS_STATUS_NOT_INITIALIZED = 1,
    CUBLAS_STATUS_ALLOC_FAILED = 3,
    CUBLAS_STATUS_INVALID_VALUE = 7,
    CUBLAS_STATUS_ARCH_MISMATCH = 8,
    CUBLAS_STATUS_EXECUTION_FAILED = 13,
    CUBLAS_STATUS_INTERNAL_ERROR = 14,
    CUBLAS_STATUS_NOT_SUPPORTED = 15
};
enum cublasOperation_t { CUBLAS_OP_N = 0, CUBLAS_OP_T = 1, CUBLAS_OP_C = 2 };
enum cublasComputeType_t {
    CUBLAS_COMPUTE_32F = 68,
    CUBLAS_COMPUTE_32F_PEDANTIC = 69,
    CUBLAS_COMPUTE_64F = 70,
    CUBLAS_COMPUTE_64F_PEDANTIC = 71,
    CUBLAS_COMPUTE_32F_FAST_TF32 = 77
};
enum cublasLtOrder_t { CUBLASLT_ORDER_COL = 0, CUBLASLT_ORDER_ROW = 1 };
enum cublasLtPointerMode_t { CUBLASLT_POINTER_MODE_HOST = 0 };
enum cublasLtEpilogue_t { CUBLASLT_EPILOGUE_DEFAULT = 1, CUBLASLT_EPILOGUE_BIAS = 4 };
enum cublasLtMatrixLayoutAttribute_t {
    CUBLASLT_MATRIX_LAYOUT_TYPE = 0,
    CUBLASLT_MATRIX_LAYOUT_ORDER = 1,
    CUBLASLT_MATRIX_LAYOUT_ROWS = 2,
    CUBLASLT_MATRIX_LAYOUT_COLS = 3,
    CUBLASLT_MATRIX_LAYOUT_LD = 4,
    CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT = 5,
    CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET = 6
};
enum cublasLtMatmulDescAttributes_t {
    CUBLASLT_MATMUL_DESC_COMPUTE_TYPE = 0,
    CUBLASLT_MATMUL_DESC_SCALE_TYPE = 1,
    CUBLASLT_MATMUL_DESC_POINTER_MODE = 2,
    CUBLASLT_MATMUL_DESC_TRANSA = 3,
    CUBLASLT_MATMUL_DESC_TRANSB = 4,
    CUBLASLT_MATMUL_DESC_EPILOGUE = 7,
    CUBLASLT_MATMUL_DESC_BIAS_POINTER = 8
};
enum cublasLtMatmulPreferenceAttributes_t {
    CUBLASLT_MATMUL_PREF_SEARCH_MODE = 0,
    CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES = 1,
    CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK = 3,
    CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES = 5,
    CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES = 6,
    CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES = 7,
    CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES = 8
};

struct cublasLtContext {};
using cublasLtHandle_t = cublasLtContext*;
struct cublasLtMatmulDescOpaque_t {
    cublasComputeType_t compute;
    cudaDataType_t scale;
    std::int32_t transpose_a = CUBLAS_OP_N;
    std::int32_t transpose_b = CUBLAS_OP_N;
    std::int32_t pointer_mode = CUBLASLT_POINTER_MODE_HOST;
    std::uint32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
    void const* bias = nullptr;
};
using cublasLtMatmulDesc_t = cublasLtMatmulDescOpaque_t*;
struct cublasLtMatrixLayoutOpaque_t {
    cudaDataType_t type;
    std::uint64_t rows;
    std::uint64_t columns;
    std::int64_t leading;
    std::int32_t order = CUBLASLT_ORDER_COL;
    std::int32_t batches = 1;
    std::int64_t batch_stride = 0;
};
using cublasLtMatrixLayout_t = cublasLtMatrixLayoutOpaque_t*;
struct cublasLtMatmulPreferenceOpaque_t {
    std::uint64_t workspace = 0;
};
using cublasLtMatmulPreference_t = cublasLtMatmulPreferenceOpaque_t*;
struct cublasLtMatmulAlgo_t {
    std::uint64_t data[8];
};
struct cublasLtMatmulHeuristicResult_t {
    cublasLtMatmulAlgo_t algo;
    std::size_t workspaceSize;
    cublasStatus_t state;
    float wavesCount;
    int reserved[4];
};

namespace fake {

template <class T>
cublasStatus_t set_attribute(T& attribute, void const* value, std::size_t bytes) {
    if (value == nullptr || bytes != sizeof(T)) return CUBLAS_STATUS_INVALID_VALUE;
    std::memcpy(&attribute, value, sizeof(T));
    return CUBLAS_STATUS_SUCCESS;
}

inline std::size_t element_bytes(cudaDataType_t type) { return type == CUDA_R_64F ? 8 : type == CUDA_R_32F ? 4 : 2; }

inline double host_scalar(cudaDataType_t type, void const* at) {
    return type == CUDA_R_64F ? *static_cast<double const*>(at) : static_cast<double>(*static_cast<float const*>(at));
}

/// What cuBLASLt would refuse, as far as the library may run into it: types that do not go together, sizes that do not.
inline cublasStatus_t supported(cublasLtMatmulDescOpaque_t const& product, cublasLtMatrixLayoutOpaque_t const& a,
                                cublasLtMatrixLayoutOpaque_t const& b, cublasLtMatrixLayoutOpaque_t const& c,
                                cublasLtMatrixLayoutOpaque_t const& d) {
    bool const wide = product.compute == CUBLAS_COMPUTE_64F || product.compute == CUBLAS_COMPUTE_64F_PEDANTIC;
    if (product.scale != (wide ? CUDA_R_64F : CUDA_R_32F)) return CUBLAS_STATUS_NOT_SUPPORTED;
    if (product.pointer_mode != CUBLASLT_POINTER_MODE_HOST) return CUBLAS_STATUS_NOT_SUPPORTED;
    if (product.epilogue != CUBLASLT_EPILOGUE_DEFAULT) return CUBLAS_STATUS_NOT_SUPPORTED;
    if (a.type != b.type || c.type != d.type) return CUBLAS_STATUS_NOT_SUPPORTED;
    bool const same = a.type == c.type && (a.type == CUDA_R_64F) == wide;
    bool const into_float = a.type == CUDA_R_16BF && c.type == CUDA_R_32F && !wide;
    if (!same && !into_float) return CUBLAS_STATUS_NOT_SUPPORTED;
    if (a.type != CUDA_R_64F && a.type != CUDA_R_32F && a.type != CUDA_R_16BF) return CUBLAS_STATUS_NOT_SUPPORTED;
    bool const ta = product.transpose_a != CUBLAS_OP_N;
    bool const tb = product.transpose_b != CUBLAS_OP_N;
    auto const m = ta ? a.columns : a.rows;
    auto const k = ta ? a.rows : a.columns;
    auto const n = tb ? b.rows : b.columns;
    if ((tb ? b.columns : b.rows) != k || c.rows != m || c.columns != n || d.rows != m || d.columns != n) {
        return CUBLAS_STATUS_INVALID_VALUE;
    }
    for (auto const* layout : {&a, &b, &c, &d}) {
        auto const least = layout->order == CUBLASLT_ORDER_COL ? layout->rows : layout->columns;
        if (layout->leading < static_cast<std::int64_t>(least)) return CUBLAS_STATUS_INVALID_VALUE;
        if (layout->batches != d.batches) return CUBLAS_STATUS_INVALID_VALUE;
    }
    return CUBLAS_STATUS_SUCCESS;
}

/// d = alpha op(a) op(b) + beta c, summed in float, in double for doubles.
struct product {
    cublasLtMatmulDescOpaque_t what;
    cublasLtMatrixLayoutOpaque_t a_layout, b_layout, c_layout, d_layout;
    void const* a;
    void const* b;
    void const* c;
    void* d;
    double alpha = 1, beta = 0;

    static std::size_t extent(cublasLtMatrixLayoutOpaque_t const& layout) {
        auto const columns = layout.order == CUBLASLT_ORDER_COL ? layout.columns : layout.rows;
        auto const rows = layout.order == CUBLASLT_ORDER_COL ? layout.rows : layout.columns;
        if (columns == 0 || rows == 0) return 0;
        auto const elements = (columns - 1) * static_cast<std::uint64_t>(layout.leading) + rows +
                              static_cast<std::uint64_t>((layout.batches - 1) * layout.batch_stride);
        return elements * element_bytes(layout.type);
    }

    bool in_device_memory() const {
        return is_device_memory(a, extent(a_layout)) && is_device_memory(b, extent(b_layout)) &&
               is_device_memory(d, extent(d_layout)) && (beta == 0 || is_device_memory(c, extent(c_layout)));
    }

    void run() const {
        if (what.scale == CUDA_R_64F) {
            run_in<double>();
        } else {
            run_in<float>();
        }
    }

  private:
    static std::size_t index(cublasLtMatrixLayoutOpaque_t const& layout, std::size_t row, std::size_t column,
                             int batch) {
        auto const leading = static_cast<std::size_t>(layout.leading);
        auto const in_batch = layout.order == CUBLASLT_ORDER_COL ? column * leading + row : row * leading + column;
        return in_batch + static_cast<std::size_t>(batch * layout.batch_stride);
    }

    template <class Wide>
    static Wide read(cublasLtMatrixLayoutOpaque_t const& layout, void const* from, std::size_t at) {
        switch (layout.type) {
            case CUDA_R_64F:
                return static_cast<Wide>(static_cast<double const*>(from)[at]);
            case CUDA_R_32F:
                return static_cast<Wide>(static_cast<float const*>(from)[at]);
            default:
                return static_cast<Wide>(widened(static_cast<std::uint16_t const*>(from)[at]));
        }
    }

    /// op(matrix) as rows of Wide, so that the inner loop reads in order.
    template <class Wide>
    static std::vector<Wide> packed(cublasLtMatrixLayoutOpaque_t const& layout, void const* from, bool transpose,
                                    int batch) {
        std::vector<Wide> rows(layout.rows * layout.columns);
        for (std::size_t i = 0; i < layout.rows; ++i) {
            for (std::size_t j = 0; j < layout.columns; ++j) {
                rows[transpose ? j * layout.rows + i : i * layout.columns + j] =
                    read<Wide>(layout, from, index(layout, i, j, batch));
            }
        }
        return rows;
    }

    template <class Wide>
    void run_in() const {
        bool const ta = what.transpose_a != CUBLAS_OP_N;
        bool const tb = what.transpose_b != CUBLAS_OP_N;
        auto const m = d_layout.rows;
        auto const n = d_layout.columns;
        auto const k = ta ? a_layout.rows : a_layout.columns;
        std::vector<Wide> sums(n);
        for (int batch = 0; batch < d_layout.batches; ++batch) {
            auto const left = packed<Wide>(a_layout, a, ta, batch);
            auto const right = packed<Wide>(b_layout, b, tb, batch);
            for (std::size_t i = 0; i < m; ++i) {
                std::fill(sums.begin(), sums.end(), Wide{});
                for (std::size_t l = 0; l < k; ++l) {
                    Wide const factor = left[i * k + l];
                    for (std::size_t j = 0; j < n; ++j) sums[j] += factor * right[l * n + j];
                }
                for (std::size_t j = 0; j < n; ++j) write(i, j, batch, static_cast<Wide>(alpha) * sums[j]);
            }
        }
    }

    template <class Wide>
    void write(std::size_t i, std::size_t j, int batch, Wide value) const {
        if (beta != 0) value += static_cast<Wide>(beta) * read<Wide>(c_layout, c, index(c_layout, i, j, batch));
        auto const at = index(d_layout, i, j, batch);
        switch (d_layout.type) {
            case CUDA_R_64F:
                static_cast<double*>(d)[at] = static_cast<double>(value);
                break;
            case CUDA_R_32F:
                static_cast<float*>(d)[at] = static_cast<float>(value);
                break;
            default:
                static_cast<std::uint16_t*>(d)[at] = narrowed(static_cast<float>(value));
        }
    }
};

}  // namespace fake
