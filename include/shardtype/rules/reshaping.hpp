#pragma once

#include <shardtype/rules/verdict.hpp>
#include <shardtype/tensor/layout.hpp>

namespace shardtype {

/// What `reshape` makes of a layout value.
struct reshaping {
    verdict says{};   ///< legal, or [ST-R311], [ST-R312], [ST-R314], [ST-T201]
    layout result{};  ///< of the tensor afterwards
    int dim = 0;      ///< of the new shape, the one that its axes do not divide
};

/// The layout of x seen with other extents. Each axis of a shard cuts blocks of elements that lie side by side into
/// parts. It may go to the dimension of the new shape whose rest, after the axes before it, is exactly such a block:
/// [b, s, h] sharded on s and merged to [b s, h] would interleave, evenly divisible and wrong.
constexpr reshaping reshape(layout const& x, int rank, long const* extent) {
    reshaping out;
    layout& y = out.result;
    y = x;
    y.rank = rank;
    for (int d = 0; d < max_rank; ++d) y.extent[d] = d < rank ? extent[d] : 0;
    if (x.count() != y.count()) {
        out.says.what = code::reshape_extents;
        return out;
    }
    auto const fail = [&](code what, int axis) {
        out.says.what = what;
        out.says.axis = axis;
        return out;
    };
    if (x.padded_axis() >= 0) return fail(code::padded_operand, x.padded_axis());
    // Elements of the block that x's next axis cuts; of dimension out.dim of y that is not cut yet, and behind it.
    long block = x.count(), rest = block, inner = rank > 0 ? rest / extent[0] : 1;
    int order = 0;
    for (int d = 0; d < x.rank; ++d) {
        long const behind = block / x.extent[d];
        for (int k = 0; k < x.shards(d); ++k) {
            int const a = x.axis_at(d, k), n = x.axis_size[a];
            while (block <= inner && out.dim + 1 < rank) rest = inner, inner /= extent[++out.dim], order = 0;
            if (rank == 0 || (n > 1 && rest != block)) return fail(code::reshape_of_shard, a);
            if (rest / n % inner != 0) return fail(code::not_divisible, a);
            y.on[a] = on_shard(out.dim);
            y.on[a].order = static_cast<signed char>(order++);
            block /= n, rest /= n;
        }
        block = behind;
    }
    return out;
}

}  // namespace shardtype
