// A whole array on eight thread ranks: each rank copies its shard, as the type says, and gathers bring the whole back.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <vector>

#include <shardtype/comm/thread/world.hpp>
#include <shardtype/shardtype.hpp>

namespace st = shardtype;

struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
using grid = st::mesh<dp, tp>;
template <class... Placements>
using matrix = st::tensor<float, st::shape<8, 16>, grid, Placements...>;

// What one rank holds of a tensor: its numbers, with the type that says which ones they are.
template <class Tensor>
struct local {
    std::vector<float> values = std::vector<float>(Tensor::local_count);
};

//! [take]
// A rank's part of the whole, in runs of elements that lie side by side in both.
template <class Tensor>
local<Tensor> take(std::vector<float> const& whole, int const* coordinate) {
    local<Tensor> part;
    st::for_each_run(Tensor::value, coordinate, [&](long in_whole, long in_part, long count) {
        std::copy_n(whole.begin() + in_whole, count, part.values.begin() + in_part);
    });
    return part;
}
//! [take]

//! [gather]
// Gathers one axis. The type-level all_gather checks the call and says what comes out, and how memory is seen:
// [outer][this axis' part][inner]; the communicator of that axis moves the numbers.
template <class Axis, class Tensor>
auto gather(local<Tensor> const& part, st::thread::rank_communicators const& ranks) {
    using result = decltype(st::all_gather<Axis, st::to_replicate>(Tensor{}));
    constexpr int axis = grid::index_of<Axis>();
    constexpr int dim = Tensor::value.on[axis].dim;
    constexpr long outer = Tensor::value.outer(dim), block = Tensor::value.local(dim) * Tensor::value.inner(dim);
    local<result> gathered;
    ranks.on[axis].all_gather(part.values.data(), gathered.values.data(), outer, block);
    return gathered;
}
//! [gather]

template <class Tensor>
void report(char const* layout, local<Tensor> const& gathered, std::vector<float> const& whole, int rank) {
    if (gathered.values != whole) throw std::runtime_error(std::string(layout) + " did not come back whole");
    if (rank == 0) std::printf("%s: came back whole on every rank\n", layout);
}

int main() try {
    std::vector<float> whole(8UL * 16);
    for (std::size_t i = 0; i < whole.size(); ++i) whole[i] = static_cast<float>(i);

    st::thread::world world(grid{});  // eight ranks, each a thread of this process
    world.run([&](st::thread::rank_communicators const& ranks) {
        // Columns over tp; both dp ranks hold the same.
        using columns = matrix<st::shard<1, tp>>;
        auto const part = take<columns>(whole, ranks.coordinate);
        report("shard<1, tp>", gather<tp>(part, ranks), whole, ranks.rank);

        // A block each: rows over dp, columns over tp. Either axis may be gathered first.
        using block = matrix<st::shard<0, dp>, st::shard<1, tp>>;
        auto const rows = gather<tp>(take<block>(whole, ranks.coordinate), ranks);
        report("shard<0, dp>, shard<1, tp>", gather<dp>(rows, ranks), whole, ranks.rank);

        // Rows over tp, then over dp: dp is the minor axis and must go first. `gather<tp>` here is error ST-C402.
        using nested = matrix<st::shard<0, tp, dp>>;
        auto const quarter = gather<dp>(take<nested>(whole, ranks.coordinate), ranks);
        report("shard<0, tp, dp>", gather<tp>(quarter, ranks), whole, ranks.rank);
    });
} catch (std::exception const& error) {
    std::fprintf(stderr, "02_shard_and_gather: %s\n", error.what());
    return 1;
}
