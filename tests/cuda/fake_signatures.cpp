// The fake's functions and values are CUDA's, cuBLASLt's and NCCL's: this file compiles with their headers and with the
// fake's.

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <nccl.h>

#include <cstddef>
#include <cstdint>

namespace {

using size = std::size_t;
using C = ncclComm_t;
using S = cudaStream_t;
using R = ncclResult_t;
using D = ncclDataType_t;
using E = cudaError_t;
using B = cublasStatus_t;

[[maybe_unused]] void functions() {
    [[maybe_unused]] E (*malloc_)(void**, size) = cudaMalloc;
    [[maybe_unused]] E (*free_)(void*) = cudaFree;
    [[maybe_unused]] E (*malloc_host)(void**, size) = cudaMallocHost;
    [[maybe_unused]] E (*free_host)(void*) = cudaFreeHost;
    [[maybe_unused]] E (*copy)(void*, void const*, size, cudaMemcpyKind) = cudaMemcpy;
    [[maybe_unused]] E (*copy_async)(void*, void const*, size, cudaMemcpyKind, S) = cudaMemcpyAsync;
    [[maybe_unused]] E (*set)(void*, int, size) = cudaMemset;
    [[maybe_unused]] E (*set_async)(void*, int, size, S) = cudaMemsetAsync;
    [[maybe_unused]] E (*stream_create)(S*, unsigned) = cudaStreamCreateWithFlags;
    [[maybe_unused]] E (*stream_destroy)(S) = cudaStreamDestroy;
    [[maybe_unused]] E (*stream_synchronize)(S) = cudaStreamSynchronize;
    [[maybe_unused]] E (*stream_query)(S) = cudaStreamQuery;
    [[maybe_unused]] E (*stream_wait)(S, cudaEvent_t, unsigned) = cudaStreamWaitEvent;
    [[maybe_unused]] E (*event_create)(cudaEvent_t*, unsigned) = cudaEventCreateWithFlags;
    [[maybe_unused]] E (*event_record)(cudaEvent_t, S) = cudaEventRecord;
    [[maybe_unused]] E (*event_query)(cudaEvent_t) = cudaEventQuery;
    [[maybe_unused]] E (*event_synchronize)(cudaEvent_t) = cudaEventSynchronize;
    [[maybe_unused]] E (*event_time)(float*, cudaEvent_t, cudaEvent_t) = cudaEventElapsedTime;
    [[maybe_unused]] E (*event_destroy)(cudaEvent_t) = cudaEventDestroy;
    [[maybe_unused]] E (*synchronize)() = cudaDeviceSynchronize;
    [[maybe_unused]] E (*count)(int*) = cudaGetDeviceCount;
    [[maybe_unused]] E (*set_device)(int) = cudaSetDevice;
    [[maybe_unused]] E (*get_device)(int*) = cudaGetDevice;
    [[maybe_unused]] E (*properties)(cudaDeviceProp*, int) = cudaGetDeviceProperties;
    [[maybe_unused]] E (*attribute)(int*, cudaDeviceAttr, int) = cudaDeviceGetAttribute;
    [[maybe_unused]] E (*information)(size*, size*) = cudaMemGetInfo;
    [[maybe_unused]] char const* (*error_string)(E) = cudaGetErrorString;
    [[maybe_unused]] char const* (*error_name)(E) = cudaGetErrorName;
    [[maybe_unused]] E (*last_error)() = cudaGetLastError;
    [[maybe_unused]] E (*peek)() = cudaPeekAtLastError;
    [[maybe_unused]] E (*begin)(S, cudaStreamCaptureMode) = cudaStreamBeginCapture;
    [[maybe_unused]] E (*end)(S, cudaGraph_t*) = cudaStreamEndCapture;
    [[maybe_unused]] E (*capturing)(S, cudaStreamCaptureStatus*) = cudaStreamIsCapturing;
    [[maybe_unused]] E (*instantiate)(cudaGraphExec_t*, cudaGraph_t, unsigned long long) = cudaGraphInstantiate;
    [[maybe_unused]] E (*graph_launch)(cudaGraphExec_t, S) = cudaGraphLaunch;
    [[maybe_unused]] E (*graph_destroy)(cudaGraph_t) = cudaGraphDestroy;
    [[maybe_unused]] E (*exec_destroy)(cudaGraphExec_t) = cudaGraphExecDestroy;
    [[maybe_unused]] E (*host_function)(S, cudaHostFn_t, void*) = cudaLaunchHostFunc;

    [[maybe_unused]] B (*product)(cublasLtHandle_t, cublasLtMatmulDesc_t, void const*, void const*,
                                  cublasLtMatrixLayout_t, void const*, cublasLtMatrixLayout_t, void const*, void const*,
                                  cublasLtMatrixLayout_t, void*, cublasLtMatrixLayout_t, cublasLtMatmulAlgo_t const*,
                                  void*, size, S) = cublasLtMatmul;
    [[maybe_unused]] B (*heuristic)(cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t,
                                    cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                                    cublasLtMatmulPreference_t, int, cublasLtMatmulHeuristicResult_t[], int*) =
        cublasLtMatmulAlgoGetHeuristic;
    [[maybe_unused]] B (*description)(cublasLtMatmulDesc_t*, cublasComputeType_t, cudaDataType_t) =
        cublasLtMatmulDescCreate;
    [[maybe_unused]] B (*layout)(cublasLtMatrixLayout_t*, cudaDataType, std::uint64_t, std::uint64_t, std::int64_t) =
        cublasLtMatrixLayoutCreate;
    [[maybe_unused]] B (*of_description)(cublasLtMatmulDesc_t, cublasLtMatmulDescAttributes_t, void const*, size) =
        cublasLtMatmulDescSetAttribute;
    [[maybe_unused]] B (*of_layout)(cublasLtMatrixLayout_t, cublasLtMatrixLayoutAttribute_t, void const*, size) =
        cublasLtMatrixLayoutSetAttribute;
    [[maybe_unused]] B (*of_preference)(cublasLtMatmulPreference_t, cublasLtMatmulPreferenceAttributes_t, void const*,
                                        size) = cublasLtMatmulPreferenceSetAttribute;

    [[maybe_unused]] R (*id)(ncclUniqueId*) = ncclGetUniqueId;
    [[maybe_unused]] R (*join)(C*, int, ncclUniqueId, int, ncclConfig_t*) = ncclCommInitRankConfig;
    [[maybe_unused]] R (*split)(C, int, int, C*, ncclConfig_t*) = ncclCommSplit;
    [[maybe_unused]] R (*state)(C, R*) = ncclCommGetAsyncError;
    [[maybe_unused]] R (*abort)(C) = ncclCommAbort;
    [[maybe_unused]] R (*destroy)(C) = ncclCommDestroy;
    [[maybe_unused]] R (*finalize)(C) = ncclCommFinalize;
    [[maybe_unused]] R (*ranks)(C, int*) = ncclCommCount;
    [[maybe_unused]] R (*rank)(C, int*) = ncclCommUserRank;
    [[maybe_unused]] R (*all_reduce)(void const*, void*, size, D, ncclRedOp_t, C, S) = ncclAllReduce;
    [[maybe_unused]] R (*reduce_scatter)(void const*, void*, size, D, ncclRedOp_t, C, S) = ncclReduceScatter;
    [[maybe_unused]] R (*all_gather)(void const*, void*, size, D, C, S) = ncclAllGather;
    [[maybe_unused]] R (*broadcast)(void const*, void*, size, D, int, C, S) = ncclBroadcast;
    [[maybe_unused]] R (*send)(void const*, size, D, int, C, S) = ncclSend;
    [[maybe_unused]] R (*receive)(void*, size, D, int, C, S) = ncclRecv;
    [[maybe_unused]] R (*group_start)() = ncclGroupStart;
    [[maybe_unused]] R (*group_end)() = ncclGroupEnd;
    [[maybe_unused]] char const* (*nccl_string)(R) = ncclGetErrorString;
    [[maybe_unused]] char const* (*nccl_last)(C) = ncclGetLastError;
}

static_assert(cudaErrorMemoryAllocation == 2 && cudaErrorNotReady == 600 && cudaErrorLaunchFailure == 719);
static_assert(cudaErrorInvalidConfiguration == 9 && cudaErrorInvalidResourceHandle == 400);
static_assert(cudaErrorStreamCaptureUnsupported == 900 && cudaErrorStreamCaptureInvalidated == 901);
static_assert(cudaErrorStreamCaptureUnjoined == 904 && cudaErrorCapturedEvent == 907);
static_assert(cudaMemcpyHostToDevice == 1 && cudaMemcpyDeviceToHost == 2 && cudaMemcpyDeviceToDevice == 3);
static_assert(cudaStreamNonBlocking == 1 && cudaEventDisableTiming == 2 && cudaEventBlockingSync == 1);
static_assert(cudaStreamCaptureModeThreadLocal == 1 && cudaStreamCaptureModeRelaxed == 2);
static_assert(cudaDevAttrMultiProcessorCount == 16 && cudaDevAttrMaxThreadsPerMultiProcessor == 39);
static_assert(cudaDevAttrComputeCapabilityMajor == 75 && cudaDevAttrComputeCapabilityMinor == 76);
static_assert(cudaDevAttrMemoryClockRate == 36 && cudaDevAttrGlobalMemoryBusWidth == 37);
static_assert(CUDA_R_32F == 0 && CUDA_R_64F == 1 && CUDA_R_16BF == 14);
static_assert(CUBLAS_COMPUTE_32F == 68 && CUBLAS_COMPUTE_64F == 70 && CUBLAS_COMPUTE_32F_FAST_TF32 == 77);
static_assert(CUBLASLT_MATMUL_DESC_TRANSA == 3 && CUBLASLT_MATMUL_DESC_TRANSB == 4);
static_assert(CUBLASLT_MATRIX_LAYOUT_ORDER == 1 && CUBLASLT_MATRIX_LAYOUT_LD == 4 && CUBLASLT_ORDER_ROW == 1);
static_assert(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT == 5 && CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET == 6);
static_assert(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES == 1 && CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES == 5);
static_assert(ncclInProgress == 7 && ncclRemoteError == 6 && ncclInvalidUsage == 5 && NCCL_SPLIT_NOCOLOR == -1);
static_assert(ncclInt8 == 0 && ncclUint8 == 1 && ncclInt32 == 2 && ncclFloat32 == 7 && ncclFloat64 == 8);
static_assert(ncclBfloat16 == 9 && ncclSum == 0 && ncclMax == 2 && sizeof(ncclUniqueId) == 128);
static_assert(alignof(float4) == 16 && alignof(double2) == 16 && sizeof(dim3) == 12);

}  // namespace

int main() {}
