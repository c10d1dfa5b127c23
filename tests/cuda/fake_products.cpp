// The fake of cuBLASLt against the definition: orders, transposes, leading dimensions, batches, types, alpha and beta.

#include <doctest/doctest.h>

#include <cublasLt.h>
#include <fake/testing.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace {

using namespace fake::testing;

template <class T>
T to_element(double value) {
    if constexpr (sizeof(T) == 2) {
        return fake::narrowed(static_cast<float>(value));
    } else {
        return static_cast<T>(value);
    }
}
template <class T>
double from_element(T value) {
    if constexpr (sizeof(T) == 2) {
        return static_cast<double>(fake::widened(value));
    } else {
        return static_cast<double>(value);
    }
}
template <class T>
constexpr cudaDataType_t type_of = sizeof(T) == 8   ? CUDA_R_64F
                                   : sizeof(T) == 4 ? CUDA_R_32F
                                                    : CUDA_R_16BF;

/// A matrix of the host and the device with everything around its elements NaN.
template <class T>
struct matrix {
    std::uint64_t rows, columns;
    std::int64_t leading;
    std::int32_t order, batches;
    std::int64_t stride;
    std::vector<T> values;
    buffer<T> device;
    cublasLtMatrixLayout_t layout = nullptr;

    matrix(std::uint64_t rows_, std::uint64_t columns_, std::int32_t order_, std::int32_t batches_, int seed)
        : rows(rows_),
          columns(columns_),
          leading(static_cast<std::int64_t>(order_ == CUBLASLT_ORDER_COL ? rows_ : columns_) + 3),
          order(order_),
          batches(batches_),
          stride(leading * static_cast<std::int64_t>(order_ == CUBLASLT_ORDER_COL ? columns_ : rows_) + 5),
          values(static_cast<std::size_t>(stride * batches_), to_element<T>(std::nan(""))),
          device(values.size()) {
        for (int b = 0; b < batches; ++b) {
            for (std::uint64_t i = 0; i < rows; ++i) {
                for (std::uint64_t j = 0; j < columns; ++j) {
                    auto const k = static_cast<int>(i * 31 + j * 17) + seed + b * 7;
                    values[at(i, j, b)] = to_element<T>(seed < 0 ? std::nan("") : k % 13 - 6);
                }
            }
        }
        REQUIRE(cudaMemcpy(device.at, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice) == cudaSuccess);
        cublasLtMatrixLayoutCreate(&layout, type_of<T>, rows, columns, leading);
        cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_ORDER, &order, sizeof(order));
        cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &batches, sizeof(batches));
        cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride, sizeof(stride));
    }
    matrix(matrix const&) = delete;
    matrix& operator=(matrix const&) = delete;
    ~matrix() { cublasLtMatrixLayoutDestroy(layout); }

    std::size_t at(std::uint64_t i, std::uint64_t j, int batch) const {
        auto const ld = static_cast<std::uint64_t>(leading);
        return static_cast<std::size_t>(batch) * static_cast<std::size_t>(stride) +
               (order == CUBLASLT_ORDER_COL ? i + j * ld : i * ld + j);
    }
};

template <class In, class Out>
void check(bool ta, bool tb, std::int32_t order_a, std::int32_t order_c, double beta) {
    constexpr bool wide = sizeof(In) == 8;
    constexpr std::uint64_t m = 5, n = 4, k = 7;
    constexpr int batches = 2;
    matrix<In> const a(ta ? k : m, ta ? m : k, order_a, batches, 1), b(tb ? n : k, tb ? k : n, 1 - order_a, batches, 2);
    matrix<Out> c(m, n, order_c, batches, beta == 0 ? -1 : 3);
    cublasLtHandle_t handle = nullptr;
    cublasLtMatmulDesc_t product = nullptr;
    cublasLtMatmulPreference_t preference = nullptr;
    REQUIRE(cublasLtCreate(&handle) == CUBLAS_STATUS_SUCCESS);
    cublasLtMatmulDescCreate(&product, wide ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F, wide ? CUDA_R_64F : CUDA_R_32F);
    std::int32_t const op_a = ta ? CUBLAS_OP_T : CUBLAS_OP_N, op_b = tb ? CUBLAS_OP_T : CUBLAS_OP_N;
    cublasLtMatmulDescSetAttribute(product, CUBLASLT_MATMUL_DESC_TRANSA, &op_a, sizeof(op_a));
    cublasLtMatmulDescSetAttribute(product, CUBLASLT_MATMUL_DESC_TRANSB, &op_b, sizeof(op_b));
    cublasLtMatmulPreferenceCreate(&preference);
    std::uint64_t const room = 1 << 20;
    cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &room, sizeof(room));
    cublasLtMatmulHeuristicResult_t found{};
    int count = 0;
    REQUIRE(cublasLtMatmulAlgoGetHeuristic(handle, product, a.layout, b.layout, c.layout, c.layout, preference, 1,
                                           &found, &count) == CUBLAS_STATUS_SUCCESS);
    REQUIRE(count == 1);
    buffer<char> const workspace(found.workspaceSize);
    stream s;
    auto const multiply = [&](std::size_t workspace_bytes) {
        double const alpha64 = 2, beta64 = beta;
        float const alpha32 = 2, beta32 = static_cast<float>(beta);
        void const* const alpha = wide ? static_cast<void const*>(&alpha64) : &alpha32;
        void const* const beta_at = wide ? static_cast<void const*>(&beta64) : &beta32;
        return cublasLtMatmul(handle, product, alpha, a.device.at, a.layout, b.device.at, b.layout, beta_at,
                              c.device.at, c.layout, c.device.at, c.layout, &found.algo, workspace.at, workspace_bytes,
                              s);
    };
    CHECK(multiply(found.workspaceSize - 1) == CUBLAS_STATUS_INVALID_VALUE);
    REQUIRE(multiply(found.workspaceSize) == CUBLAS_STATUS_SUCCESS);
    REQUIRE(cudaStreamSynchronize(s) == cudaSuccess);
    auto const got = c.device.read();
    std::size_t numbers = 0;
    for (auto const value : got) numbers += !std::isnan(from_element(value));
    CHECK(numbers == m * n * batches);  // nothing else is written
    for (int batch = 0; batch < batches; ++batch) {
        for (std::uint64_t i = 0; i < m; ++i) {
            for (std::uint64_t j = 0; j < n; ++j) {
                double sum = 0;
                for (std::uint64_t l = 0; l < k; ++l) {
                    sum += from_element(a.values[ta ? a.at(l, i, batch) : a.at(i, l, batch)]) *
                           from_element(b.values[tb ? b.at(j, l, batch) : b.at(l, j, batch)]);
                }
                auto expected = 2 * sum;
                if (beta != 0) expected += beta * from_element(c.values[c.at(i, j, batch)]);
                CHECK(from_element(got[c.at(i, j, batch)]) == from_element(to_element<Out>(expected)));
            }
        }
    }
    cublasLtMatmulPreferenceDestroy(preference);
    cublasLtMatmulDescDestroy(product);
    cublasLtDestroy(handle);
}

template <class In, class Out>
void check_all() {
    for (int bits = 0; bits < 32; ++bits) {
        check<In, Out>((bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, (bits & 16) != 0 ? 3 : 0);
    }
}

}  // namespace

TEST_CASE("products of doubles") { check_all<double, double>(); }
TEST_CASE("products of floats") { check_all<float, float>(); }
TEST_CASE("products of bfloat16") { check_all<std::uint16_t, std::uint16_t>(); }
TEST_CASE("products of bfloat16 into floats") { check_all<std::uint16_t, float>(); }

TEST_CASE("what cuBLASLt refuses") {
    matrix<float> const a(4, 4, CUBLASLT_ORDER_COL, 1, 1), c(4, 4, CUBLASLT_ORDER_COL, 1, 1);
    matrix<float> const other(3, 4, CUBLASLT_ORDER_COL, 1, 1);
    matrix<double> const wide(4, 4, CUBLASLT_ORDER_COL, 1, 1);
    cublasLtMatmulDesc_t product = nullptr;
    cublasLtMatmulDescCreate(&product, CUBLAS_COMPUTE_32F, CUDA_R_32F);
    CHECK(fake::supported(*product, *a.layout, *a.layout, *c.layout, *c.layout) == CUBLAS_STATUS_SUCCESS);
    CHECK(fake::supported(*product, *a.layout, *other.layout, *c.layout, *c.layout) == CUBLAS_STATUS_INVALID_VALUE);
    CHECK(fake::supported(*product, *a.layout, *a.layout, *wide.layout, *wide.layout) == CUBLAS_STATUS_NOT_SUPPORTED);
    CHECK(fake::supported(*product, *wide.layout, *wide.layout, *wide.layout, *wide.layout) ==
          CUBLAS_STATUS_NOT_SUPPORTED);
    std::int64_t const narrow = 3;
    cublasLtMatrixLayoutSetAttribute(a.layout, CUBLASLT_MATRIX_LAYOUT_LD, &narrow, sizeof(narrow));
    CHECK(fake::supported(*product, *a.layout, *a.layout, *c.layout, *c.layout) == CUBLAS_STATUS_INVALID_VALUE);
    float const one = 1;
    std::vector<float> host(16);
    CHECK(cublasLtMatmul(nullptr, product, &one, host.data(), c.layout, c.device.at, c.layout, &one, c.device.at,
                         c.layout, c.device.at, c.layout, nullptr, nullptr, 0, nullptr) == CUBLAS_STATUS_INVALID_VALUE);
    CHECK(reported("not (all) in device memory"));
    cublasLtMatmulDescDestroy(product);
}
