#include <doctest/doctest.h>
#include <algorithm>
#include <shardtype/kernels/cuda/embedding.hpp>
#include "kernels_device.hpp"

namespace gpu = shardtype::cuda;
using device::array, device::lent, shardtype::bf16, shardtype::wide_t;

namespace {

std::vector<int> random_tokens(long count, double vocabulary, std::uint64_t seed) {
    std::vector<int> tokens;
    for (double const u : numeric::random<double>(count, seed, 0, vocabulary)) tokens.push_back(static_cast<int>(u));
    return tokens;
}

/// The rows [first, first + rows) of a vocabulary: forward and both ways of backward against plain loops.
template <class T>
void check(std::vector<int> const& tokens, long cols, long first, long rows, long offset = 0) {
    using wide = wide_t<T>;
    auto const count = static_cast<long>(tokens.size());
    CAPTURE(count);
    CAPTURE(cols);
    CAPTURE(first);
    CAPTURE(rows);
    auto const w = numeric::random<T>(rows * cols, 1), dy = numeric::random<T>(count * cols, 2, -1, 2);
    auto const old = numeric::random<wide>(rows * cols, 3);
    std::vector<T> want(dy.size(), T(0));
    std::vector<double> gradient(w.size());
    for (long i = 0; i < count; ++i) {
        long const row = tokens[static_cast<std::size_t>(i)] - first;
        for (long c = 0; row >= 0 && row < rows && c < cols; ++c) {
            auto const from = static_cast<std::size_t>(row * cols + c), to = static_cast<std::size_t>(i * cols + c);
            want[to] = w[from];
            gradient[from] += static_cast<double>(dy[to]);
        }
    }
    array<int> const ids(tokens);
    array<T> const table(w, offset), y(std::vector<T>(dy.size(), T(NAN)), offset), d(dy, offset);
    gpu::embedding_forward<T>(lent(), ids, table, y, count, cols, first, rows);
    CHECK(device::bits(y.host()) == device::bits(want));
    for (bool const add : {false, true}) {
        array<wide> const dw(old, offset);
        lent const scratch(gpu::embedding_backward_scratch_bytes(count));
        gpu::embedding_backward<T>(scratch, ids, d, dw, count, cols, first, rows, add);
        auto total = gradient;
        for (std::size_t i = 0; add && i < total.size(); ++i) total[i] += static_cast<double>(old[i]);
        CHECK(numeric::error(dw.host(), total) < (sizeof(wide) == 4 ? 2e-6 : 1e-14));
        CHECK(scratch.kept_its_bounds());
    }
}

}  // namespace

TEST_CASE_TEMPLATE("shards of a vocabulary take the tokens that are theirs", T, float, double, bf16) {
    for (long const cols : {19L, 32L})
        for (long const offset : {0L, 1L})
            for (long const first : {0L, 4L, 8L})
                check<T>(random_tokens(41, 10, 3), cols, first, first == 8 ? 2 : 4, offset);
    check<T>({4, 0, 2, 2, 7, 1, 4, 2}, 3, 1, 5);
    check<T>({5}, 8, 0, 8);
    check<T>({9, 9, 9}, 8, 0, 8);  // nothing is here
}

TEST_CASE_TEMPLATE("gradients of tokens that repeat a little, much, or always", T, float, bf16) {
    check<T>(random_tokens(3000, 3000, 1), 8, 0, 3000);  // several rows to a bucket
    check<T>(random_tokens(3000, 3000, 1), 8, 1000, 1500);
    check<T>(random_tokens(900, 5, 2), 16, 1, 3);     // runs of hundreds
    check<T>(std::vector<int>(700, 3), 40, 0, 1024);  // one row
    auto tokens = random_tokens(1200, 70000, 3);      // a few rows often, of one bucket and of others
    for (std::size_t i = 0; i < tokens.size(); i += 2) tokens[i] = (i % 8 < 4 ? 256 : 512) * (i % 3 == 0 ? 1 : 9) + 5;
    check<T>(tokens, 8, 0, 70000);
    for (int length : {31, 32, 33, 34, 63, 64, 65, 100}) {  // about the length where another kernel takes over
        std::vector<int> runs;
        for (int token = 0; token < 6; ++token)
            runs.insert(runs.end(), static_cast<std::size_t>(length + token % 2), 5 - token);
        check<T>(runs, 8, 0, 6);
    }
}

TEST_CASE_TEMPLATE("wide rows, and more columns than a grid has", T, float, bf16) {
    check<T>(random_tokens(20, 12, 4), 1500, 0, 12);
    check<T>(std::vector<int>(50, 1), 8200, 0, 2);
}

TEST_CASE_TEMPLATE("the gradient has the same bits every time", T, float, bf16) {
    auto const tokens = random_tokens(1000, 40, 5);
    auto const dy = numeric::random<T>(1000 * 16, 2);
    CHECK(device::repeats([&] {
        array<int> const ids(tokens);
        array<T> const d(dy);
        array<float> const dw(std::vector<float>(40 * 16, 1));
        lent const scratch(gpu::embedding_backward_scratch_bytes(1000));
        gpu::embedding_backward<T>(scratch, ids, d, dw, 1000, 16, 0, 40, true);
        return dw.host();
    }));
}
