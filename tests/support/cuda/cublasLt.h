#pragma once
#include "fake/products.hpp"

#include <cstring>

/// The part of cuBLASLt that the library uses, for a machine without CUDA. Names and values are cuBLASLt's.

inline cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
    if (auto const error = fake::injected("cublasLtCreate"); error != 0) return static_cast<cublasStatus_t>(error);
    *handle = new cublasLtContext;
    return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
    delete handle;
    return CUBLAS_STATUS_SUCCESS;
}
inline std::size_t cublasLtGetVersion() { return 130000; }
inline char const* cublasLtGetStatusString(cublasStatus_t status) {
    return status == CUBLAS_STATUS_SUCCESS         ? "CUBLAS_STATUS_SUCCESS"
           : status == CUBLAS_STATUS_NOT_SUPPORTED ? "CUBLAS_STATUS_NOT_SUPPORTED"
           : status == CUBLAS_STATUS_INVALID_VALUE ? "CUBLAS_STATUS_INVALID_VALUE"
                                                   : "CUBLAS_STATUS error";
}
inline char const* cublasLtGetStatusName(cublasStatus_t status) { return cublasLtGetStatusString(status); }

inline cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* made, cublasComputeType_t compute,
                                               cudaDataType_t scale) {
    *made = new cublasLtMatmulDescOpaque_t{compute, scale};
    return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t made) {
    delete made;
    return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t to, cublasLtMatmulDescAttributes_t attribute,
                                                     void const* value, std::size_t bytes) {
    switch (attribute) {
        case CUBLASLT_MATMUL_DESC_TRANSA:
            return fake::set_attribute(to->transpose_a, value, bytes);
        case CUBLASLT_MATMUL_DESC_TRANSB:
            return fake::set_attribute(to->transpose_b, value, bytes);
        case CUBLASLT_MATMUL_DESC_POINTER_MODE:
            return fake::set_attribute(to->pointer_mode, value, bytes);
        case CUBLASLT_MATMUL_DESC_EPILOGUE:
            return fake::set_attribute(to->epilogue, value, bytes);
        case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
            return fake::set_attribute(to->bias, value, bytes);
        case CUBLASLT_MATMUL_DESC_COMPUTE_TYPE:
        case CUBLASLT_MATMUL_DESC_SCALE_TYPE:
            break;
    }
    return CUBLAS_STATUS_INVALID_VALUE;
}

inline cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* made, cudaDataType_t type, std::uint64_t rows,
                                                 std::uint64_t columns, std::int64_t leading) {
    *made = new cublasLtMatrixLayoutOpaque_t{type, rows, columns, leading};
    return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t made) {
    delete made;
    return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t to,
                                                       cublasLtMatrixLayoutAttribute_t attribute, void const* value,
                                                       std::size_t bytes) {
    switch (attribute) {
        case CUBLASLT_MATRIX_LAYOUT_TYPE:
            return fake::set_attribute(to->type, value, bytes);
        case CUBLASLT_MATRIX_LAYOUT_ORDER:
            return fake::set_attribute(to->order, value, bytes);
        case CUBLASLT_MATRIX_LAYOUT_ROWS:
            return fake::set_attribute(to->rows, value, bytes);
        case CUBLASLT_MATRIX_LAYOUT_COLS:
            return fake::set_attribute(to->columns, value, bytes);
        case CUBLASLT_MATRIX_LAYOUT_LD:
            return fake::set_attribute(to->leading, value, bytes);
        case CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT:
            return fake::set_attribute(to->batches, value, bytes);
        case CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET:
            return fake::set_attribute(to->batch_stride, value, bytes);
    }
    return CUBLAS_STATUS_INVALID_VALUE;
}

inline cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* made) {
    *made = new cublasLtMatmulPreferenceOpaque_t;
    return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t made) {
    delete made;
    return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t to,
                                                           cublasLtMatmulPreferenceAttributes_t attribute,
                                                           void const* value, std::size_t bytes) {
    switch (attribute) {
        case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
            return fake::set_attribute(to->workspace, value, bytes);
        case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
        case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
        case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
        case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
            return bytes == 4 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
        case CUBLASLT_MATMUL_PREF_SEARCH_MODE:
        case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK:
            return CUBLAS_STATUS_SUCCESS;
    }
    return CUBLAS_STATUS_INVALID_VALUE;
}

/// One algorithm; it wants up to 4096 bytes of workspace, which Matmul fills with garbage.
inline cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t product,
                                                     cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                                     cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                                     cublasLtMatmulPreference_t preference, int requested,
                                                     cublasLtMatmulHeuristicResult_t results[], int* returned) {
    if (auto const error = fake::injected("cublasLtMatmulAlgoGetHeuristic"); error != 0) {
        return static_cast<cublasStatus_t>(error);
    }
    *returned = 0;
    if (requested < 1) return CUBLAS_STATUS_INVALID_VALUE;
    if (auto const status = fake::supported(*product, *a, *b, *c, *d); status != CUBLAS_STATUS_SUCCESS) return status;
    results[0] = {};
    results[0].workspaceSize = preference->workspace < 4096 ? preference->workspace : 4096;
    results[0].algo.data[0] = results[0].workspaceSize;
    *returned = 1;
    return CUBLAS_STATUS_SUCCESS;
}

inline cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t product, void const* alpha, void const* a,
                                     cublasLtMatrixLayout_t a_layout, void const* b, cublasLtMatrixLayout_t b_layout,
                                     void const* beta, void const* c, cublasLtMatrixLayout_t c_layout, void* d,
                                     cublasLtMatrixLayout_t d_layout, cublasLtMatmulAlgo_t const* algorithm,
                                     void* workspace, std::size_t workspace_bytes, cudaStream_t stream) {
    if (auto const error = fake::injected("cublasLtMatmul"); error != 0) return static_cast<cublasStatus_t>(error);
    if (auto const status = fake::supported(*product, *a_layout, *b_layout, *c_layout, *d_layout);
        status != CUBLAS_STATUS_SUCCESS) {
        return status;
    }
    if (algorithm != nullptr && algorithm->data[0] > workspace_bytes) return CUBLAS_STATUS_INVALID_VALUE;
    fake::product made{*product, *a_layout, *b_layout, *c_layout, *d_layout, a, b, c, d};
    made.alpha = fake::host_scalar(product->scale, alpha);
    made.beta = fake::host_scalar(product->scale, beta);
    if (!made.in_device_memory() || (workspace_bytes > 0 && !fake::is_device_memory(workspace, workspace_bytes))) {
        fake::fail("cublasLtMatmul with operands or a workspace that are not (all) in device memory");
        return CUBLAS_STATUS_INVALID_VALUE;
    }
    auto const error = fake::enqueue(stream, "cublasLtMatmul", [made, workspace, workspace_bytes] {
        if (workspace_bytes > 0) std::memset(workspace, 0xff, workspace_bytes);
        made.run();
    });
    return error == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}
