#include <doctest/doctest.h>
#include <shardtype/comm/thread/combine.hpp>
#include <vector>

using shardtype::bf16;
using shardtype::reduction;
namespace st = shardtype::thread::detail;

namespace {

std::vector<bf16> of_rank(int rank, long n) {
    std::vector<bf16> x;
    for (long i = 0; i < n; ++i) x.push_back(bf16(static_cast<float>((i * 37 + rank * 101) % 251) * 0.013f - 1.5f));
    return x;
}

}  // namespace

TEST_CASE("bf16 of many ranks is summed in float, in rank order, and rounded once") {
    constexpr int ranks = 7;
    for (long const n : {1L, 15L, 16L, 63L, 64L, 1000L}) {
        std::vector<bf16> in[ranks];
        bf16 const* sources[ranks];
        for (int r = 0; r < ranks; ++r) in[r] = of_rank(r, n), sources[r] = in[r].data();
        for (bool const add : {false, true}) {
            std::vector<bf16> one(static_cast<std::size_t>(n) + 1, bf16(4)), two = one;
            bf16* const targets[] = {one.data(), two.data()};
            add ? st::combine<reduction::sum, true>(sources, ranks, targets, 2, 0, n)
                : st::combine<reduction::sum>(sources, ranks, targets, 2, 0, n);
            for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
                float sum = in[0][i];
                for (int r = 1; r < ranks; ++r) sum += in[r][i];
                CHECK(one[i] == bf16(add ? 4 + sum : sum));
            }
            CHECK(one == two);
            CHECK(one.back() == 4);
        }
        std::vector<bf16> most(static_cast<std::size_t>(n));
        bf16* const target = most.data();
        st::combine<reduction::max>(sources, ranks, &target, 1, 0, n);
        for (std::size_t i = 0; i < most.size(); ++i) {
            float want = in[0][i];
            for (int r = 1; r < ranks; ++r) want = want < in[r][i] ? static_cast<float>(in[r][i]) : want;
            CHECK(most[i] == want);
        }
    }
}

TEST_CASE("small terms are not lost: 256 ranks of 1/64 beside a 1 are 4.984375") {
    bf16 const one(1), small(0.015625f);
    bf16 const* sources[256];
    for (auto& s : sources) s = &small;
    sources[0] = &one;
    bf16 sum;
    bf16* const target = &sum;
    st::combine<reduction::sum>(sources, 256, &target, 1, 0, 1);
    CHECK(sum == bf16(4.984375f));  // term by term in bf16 it stays 4
}
