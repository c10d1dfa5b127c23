#pragma once

// The collectives on float64 arrays of all ranks, with no opinion on types: they do what is said, right or wrong.

#include <stdexcept>

#include "rules/simulator.hpp"
#include <shardtype/rules/redistribution.hpp>

namespace mutation {

using simulator::array;
using simulator::locals;
using namespace shardtype;

/// A mutant whose local shapes do not fit together.
struct cannot_run : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct device_mesh {
    layout shape{};  ///< of which only the axes count
    int ranks = 1;

    explicit device_mesh(std::vector<int> const& sizes) {
        shape.axes = static_cast<int>(sizes.size());
        for (int a = 0; a < shape.axes; ++a) {
            shape.axis_size[a] = sizes[static_cast<std::size_t>(a)];
            ranks *= shape.axis_size[a];
        }
    }
    int size(int axis) const { return shape.axis_size[axis]; }
    int coordinate(std::size_t rank, int axis) const {
        return simulator::coordinates_of(shape, static_cast<int>(rank)).at[axis];
    }
    /// The ranks that differ from `rank` on `axis` alone, by coordinate.
    std::vector<std::size_t> group(std::size_t rank, int axis) const {
        std::vector<std::size_t> out;
        auto c = simulator::coordinates_of(shape, static_cast<int>(rank));
        for (c.at[axis] = 0; c.at[axis] < size(axis); ++c.at[axis])
            out.push_back(static_cast<std::size_t>(simulator::rank_at(shape, c)));
        return out;
    }
};

inline void add_to(array& sum, array const& x) {
    if (sum.v.size() != x.v.size() || !std::equal(sum.extent, sum.extent + max_rank, x.extent))
        throw cannot_run("sum of different shapes");
    for (std::size_t n = 0; n < x.v.size(); ++n) sum.v[n] += x.v[n];
}

/// Elements [from, from + n) of dimension `dim`.
inline array part_of(array const& x, int dim, long from, long n) {
    long extent[max_rank]{};
    for (int d = 0; d < x.rank; ++d) extent[d] = d == dim ? n : x.extent[d];
    array y = simulator::zeros(x.rank, extent);
    simulator::for_each_index(y, [&](long const* i, std::size_t at) {
        long j[max_rank]{i[0], i[1], i[2], i[3]};
        j[dim] += from;
        y.v[at] = x.v[static_cast<std::size_t>(x.at(j))];
    });
    return y;
}

inline locals sum_over(device_mesh const& m, locals const& x, int axis) {
    locals y;
    for (std::size_t r = 0; r < x.size(); ++r) {
        auto const ranks = m.group(r, axis);
        y.push_back(x[ranks[0]]);
        for (std::size_t i = 1; i < ranks.size(); ++i) add_to(y.back(), x[ranks[i]]);
    }
    return y;
}
inline locals gather_over(device_mesh const& m, locals const& x, int axis, int dim) {
    locals y;
    for (std::size_t r = 0; r < x.size(); ++r) {
        if (dim >= x[r].rank) throw cannot_run("gather of a dimension that is not there");
        long const n = x[r].extent[dim];
        long extent[max_rank]{};
        for (int d = 0; d < x[r].rank; ++d) extent[d] = d == dim ? n * m.size(axis) : x[r].extent[d];
        y.push_back(simulator::zeros(x[r].rank, extent));
        long to = 0;
        for (auto const g : m.group(r, axis)) {
            simulator::for_each_index(x[g], [&](long const* i, std::size_t at) {
                long j[max_rank]{i[0], i[1], i[2], i[3]};
                j[dim] += to;
                y.back().v[static_cast<std::size_t>(y.back().at(j))] = x[g].v[at];
            });
            to += n;
        }
    }
    return y;
}
inline locals slice_over(device_mesh const& m, locals const& x, int axis, int dim) {
    locals y;
    for (std::size_t r = 0; r < x.size(); ++r) {
        if (dim >= x[r].rank || x[r].extent[dim] % m.size(axis) != 0) throw cannot_run("slice leaves a rest");
        long const n = x[r].extent[dim] / m.size(axis);
        y.push_back(part_of(x[r], dim, n * m.coordinate(r, axis), n));
    }
    return y;
}

/// What `by` does to arrays along an axis; `from` and `to` name the dimensions of shards.
inline locals collect(device_mesh const& m, locals x, collective by, int axis, int from, int to) {
    switch (by) {
        case collective::all_reduce:
            return sum_over(m, x, axis);
        case collective::all_gather:
            return gather_over(m, x, axis, from);
        case collective::reduce_scatter:
            return slice_over(m, sum_over(m, x, axis), axis, to);
        case collective::all_to_all:
            return slice_over(m, gather_over(m, x, axis, from), axis, to);
        case collective::slice:
            return slice_over(m, x, axis, to);
        case collective::mask:
            for (std::size_t r = 0; r < x.size(); ++r)
                if (m.coordinate(r, axis) != 0)
                    for (double& e : x[r].v) e = 0;
            return x;
        case collective::zero_pad: {
            locals wide = gather_over(m, x, axis, from);
            for (std::size_t r = 0; r < x.size(); ++r) {
                long const n = x[r].extent[from], mine = n * m.coordinate(r, axis);
                simulator::for_each_index(wide[r], [&](long const* i, std::size_t at) {
                    if (i[from] < mine || i[from] >= mine + n) wide[r].v[at] = 0;
                });
            }
            return wide;
        }
        default:
            return x;
    }
}

/// How far these arrays, read by the layout, are from `whole`, relative to its largest element; replicate and invariant
/// must be equal on all ranks. Infinite where the shapes are others.
inline double distance(device_mesh const& m, locals const& parts, layout const& x, array const& whole) {
    double const infinite = 1e300;
    if (shardtype::fault_of(x).what != code::ok) return infinite;
    array sum = simulator::zeros(whole.rank, whole.extent);
    double largest = 1e-12, worst = 0;
    for (double const e : whole.v) largest = std::max(largest, std::abs(e));
    auto const note = [&](double difference) {
        worst = std::isfinite(difference) ? std::max(worst, std::abs(difference)) : infinite;
    };
    for (int r = 0; r < m.ranks; ++r) {
        auto const c = simulator::coordinates_of(m.shape, r);
        auto first = c;
        for (int a = 0; a < x.axes; ++a)
            if (x.on[a].is == kind::replicate || x.on[a].is == kind::invariant) first.at[a] = 0;
        array const& part = parts[static_cast<std::size_t>(r)];
        if (part.rank != x.rank) return infinite;
        for (int d = 0; d < x.rank; ++d)
            if (part.extent[d] != x.local(d)) return infinite;
        int const representative = simulator::rank_at(m.shape, first);
        if (representative != r) {
            array const& other = parts[static_cast<std::size_t>(representative)];
            for (std::size_t n = 0; n < part.v.size(); ++n) note(part.v[n] - other.v[n]);
            continue;
        }
        long offset[max_rank]{};
        for (int d = 0; d < x.rank; ++d) offset[d] = x.offset(d, c.at);
        simulator::for_each_index(part, [&](long const* i, std::size_t n) {
            long j[max_rank];
            for (int d = 0; d < max_rank; ++d) j[d] = i[d] + offset[d];
            sum.v[static_cast<std::size_t>(sum.at(j))] += part.v[n];
        });
    }
    for (std::size_t n = 0; n < sum.v.size(); ++n) note(sum.v[n] - whole.v[n]);
    return worst / largest;
}

}  // namespace mutation
