// A whole array on eight thread ranks: each rank copies its shard, as the type says, and gathers bring the whole back.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>
#include <shardtype/tensor/runs.hpp>

namespace st = shardtype;

struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
using grid = st::mesh<dp, tp>;
template <class... Placements>
using matrix = st::tensor<float, st::shape<8, 16>, grid, Placements...>;

//! [take]
// A rank's part of the whole, in runs of elements that lie side by side in both. The vector is the memory; the view of
// it says what it holds.
template <class Tensor>
auto take(std::vector<float> const& whole, std::vector<float>& part, st::thread::rank_communicators const& ranks) {
    part.resize(Tensor::local_count);
    st::for_each_run(Tensor::value, ranks.coordinate, [&](long in_whole, long in_part, long count) {
        std::copy_n(whole.begin() + in_whole, count, part.begin() + in_part);
    });
    return st::view<Tensor>(part, ranks);
}
//! [take]

template <class View>
void report(char const* layout, View gathered, std::vector<float> const& whole) {
    if (!std::equal(whole.begin(), whole.end(), gathered.span().begin(), gathered.span().end()))
        throw std::runtime_error(std::string(layout) + " did not come back whole");
    if (gathered.communicators().rank == 0) std::printf("%s: came back whole on every rank\n", layout);
}

int main() try {
    std::vector<float> whole(8UL * 16);
    for (std::size_t i = 0; i < whole.size(); ++i) whole[i] = static_cast<float>(i);

    st::thread::world world(grid{});  // eight ranks, each a thread of this process
    world.run([&](st::thread::rank_communicators const& ranks) {
        std::vector<float> part, between(64), all(128);

        //! [gather]
        // Columns over tp; both dp ranks hold the same.
        auto const columns = take<matrix<st::shard<1, tp>>>(whole, part, ranks);
        report("shard<1, tp>", st::all_gather<tp, st::to_replicate>(columns, all), whole);

        // Rows over tp, then over dp: dp is the minor axis and must go first. Gathering tp here is error ST-C402.
        auto const nested = take<matrix<st::shard<0, tp, dp>>>(whole, part, ranks);
        auto const quarter = st::all_gather<dp, st::to_replicate>(nested, between);
        report("shard<0, tp, dp>", st::all_gather<tp, st::to_replicate>(quarter, all), whole);
        //! [gather]

        //! [redistribute]
        // A block each: rows over dp, columns over tp. The compiler chooses the gathers, and knows what they need.
        auto const block = take<matrix<st::shard<0, dp>, st::shard<1, tp>>>(whole, part, ranks);
        std::vector<float> scratch(st::redistribution_scratch<decltype(block), matrix<st::replicate<dp, tp>>>);
        auto const gathered = st::redistribute<st::replicate<dp, tp>>(block, all, scratch);
        report("shard<0, dp>, shard<1, tp>", gathered, whole);
        //! [redistribute]
    });
} catch (std::exception const& error) {
    std::fprintf(stderr, "02_shard_and_gather: %s\n", error.what());
    return 1;
}
