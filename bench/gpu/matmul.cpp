// The products of Llama-3 8B's layers at 8192 tokens, in bf16, against the fastest of all algorithms that cuBLASLt offers
// for them, each timed in this run: with the algorithm that the library puts first, and with the one that tuning keeps.

#include <cublasLt.h>

#include <array>
#include <cmath>
#include <map>

#include <shardtype/bench/gpu/measure.hpp>
#include <shardtype/kernels/cuda/gemm.hpp>

namespace st = shardtype;
namespace gpu = st::bench::gpu;

namespace {

void check(cublasStatus_t status, char const* what) {
    if (status != CUBLAS_STATUS_SUCCESS)
        throw std::runtime_error(std::string("cuBLASLt: ") + what + ": status " +
                                 std::to_string(static_cast<int>(status)));
}

struct product {
    long m, n, k;
    bool transpose_a, transpose_b;
};

template <class Result>
constexpr cudaDataType type_of = sizeof(Result) == 2 ? CUDA_R_16BF : CUDA_R_32F;

double flops(product p) { return 2.0 * static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k); }

/// Flops per second of cuBLASLt's fastest algorithm of up to 64, with 64 MiB of workspace: all are tried briefly, and the
/// five fastest are measured as our own rows are. Done once for each product.
template <class Result>
double library_best(gpu::context const& on, product p, st::bf16 const* a, st::bf16 const* b, Result* c) {
    static std::map<std::array<long, 5>, double> known;
    double& rate = known[{p.m, p.n, p.k, p.transpose_a, p.transpose_b}];
    if (rate != 0) return rate;
    constexpr int most = 64;
    constexpr std::size_t room = 64u << 20;
    gpu::array<char> const workspace(static_cast<long>(room));
    cublasLtHandle_t library = nullptr;
    cublasLtMatmulDesc_t operation = nullptr;
    cublasLtMatmulPreference_t preference = nullptr;
    cublasLtMatrixLayout_t left = nullptr, right = nullptr, result = nullptr;
    check(cublasLtCreate(&library), "cublasLtCreate");
    check(cublasLtMatmulDescCreate(&operation, CUBLAS_COMPUTE_32F, CUDA_R_32F), "a product");
    // Column-major: C^T = op(B)^T op(A)^T.
    cublasOperation_t const op_left = p.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N;
    cublasOperation_t const op_right = p.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N;
    check(cublasLtMatmulDescSetAttribute(operation, CUBLASLT_MATMUL_DESC_TRANSA, &op_left, sizeof op_left),
          "transposing");
    check(cublasLtMatmulDescSetAttribute(operation, CUBLASLT_MATMUL_DESC_TRANSB, &op_right, sizeof op_right),
          "transposing");
    auto const matrix = [](cublasLtMatrixLayout_t& made, cudaDataType type, long rows, long columns) {
        check(cublasLtMatrixLayoutCreate(&made, type, static_cast<std::uint64_t>(rows),
                                         static_cast<std::uint64_t>(columns), rows),
              "a matrix");
    };
    matrix(left, CUDA_R_16BF, p.transpose_b ? p.k : p.n, p.transpose_b ? p.n : p.k);
    matrix(right, CUDA_R_16BF, p.transpose_a ? p.m : p.k, p.transpose_a ? p.k : p.m);
    matrix(result, type_of<Result>, p.n, p.m);
    check(cublasLtMatmulPreferenceCreate(&preference), "a preference");
    check(
        cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &room, sizeof room),
        "the workspace");
    std::vector<cublasLtMatmulHeuristicResult_t> found(most);
    int count = 0;
    check(cublasLtMatmulAlgoGetHeuristic(library, operation, left, right, result, result, preference, most,
                                         found.data(), &count),
          "looking for algorithms");
    float const one = 1, zero = 0;
    std::vector<std::pair<double, int>> tried;  // seconds, which
    bool runs = true;
    auto const call_of = [&](int which) {
        return [&, which] {
            auto const& algorithm = found[static_cast<std::size_t>(which)];
            runs = runs && cublasLtMatmul(library, operation, &one, b, left, a, right, &zero, c, result, c, result,
                                          &algorithm.algo, workspace.data(), algorithm.workspaceSize,
                                          on.stream()) == CUBLAS_STATUS_SUCCESS;
        };
    };
    gpu::stopwatch watch(on.stream());
    for (int i = 0; i < count; ++i) {
        if (found[static_cast<std::size_t>(i)].state != CUBLAS_STATUS_SUCCESS) continue;
        auto call = call_of(i);
        runs = true;
        watch.seconds(call, 1);
        double const seconds = watch.seconds(call, 2);
        if (runs) tried.emplace_back(seconds, i);
    }
    std::sort(tried.begin(), tried.end());
    if (tried.size() > 5) tried.resize(5);
    double best = HUGE_VAL;
    for (auto const& [seconds, which] : tried) best = std::min(best, gpu::time_calls(on, call_of(which), 5).best);
    cublasLtMatmulPreferenceDestroy(preference);
    for (auto const layout : {left, right, result}) cublasLtMatrixLayoutDestroy(layout);
    cublasLtMatmulDescDestroy(operation);
    cublasLtDestroy(library);
    if (best == HUGE_VAL) throw std::runtime_error("cuBLASLt has no algorithm that runs");
    return rate = flops(p) / best;
}

template <class Result>
void matmul(benchmark::State& state, product p, bool tuned) {
    gpu::guarded(state, [&] {
        auto const a = gpu::noise<st::bf16>(p.m * p.k), b = gpu::noise<st::bf16>(p.k * p.n);
        gpu::array<Result> const c(p.m * p.n);
        gpu::context const on(st::cuda::gemm_scratch_bytes<st::bf16, Result>(p.m, p.n, p.k));
        st::cuda::gemm<st::bf16, Result> call(p.m, p.n, p.k, p.transpose_a, p.transpose_b, false, {.tune = tuned});
        if (tuned) call.tune(on.exec(), a, b, c);
        double const limit = library_best<Result>(on, p, a, b, c);
        gpu::row(state, on, flops(p), gpu::flops_per_second, limit, "cuBLASLt's fastest algorithm",
                 [&] { call(on.exec(), a, b, c); });
    });
}

constexpr long tokens = 8192, width = 4096, kv = 1024, hidden = 14336, vocabulary = 128256;

/// y = x W^T, dx = dy W and dW = dy^T x of a layer of `in` and `out` features; weight gradients are kept in float.
void layer(char const* name, long in, long out, bool tuned) {
    std::string const of = std::string(tuned ? "/tuned/" : "/first/") + name;
    auto const add = [&](char const* what, auto* body, product p) {
        benchmark::RegisterBenchmark(("matmul" + of + what).c_str(), [=](benchmark::State& s) {
            body(s, p, tuned);
        })->Apply(gpu::settings);
    };
    add("/forward", &matmul<st::bf16>, {tokens, out, in, false, true});
    add("/input_gradient", &matmul<st::bf16>, {tokens, in, out, false, false});
    add("/weight_gradient", &matmul<float>, {out, in, tokens, true, false});
}

bool const registered = [] {
    for (bool const tuned : {false, true}) {  // tuning is kept for the process: last
        layer("wq", width, width, tuned);
        layer("wk", width, kv, tuned);
        layer("w1", width, hidden, tuned);
        layer("w2", hidden, width, tuned);
        layer("output", width, vocabulary, tuned);
    }
    return true;
}();

}  // namespace
