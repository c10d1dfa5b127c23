#pragma once

// Placements as values: what each rank of a mesh holds of a global array, in float64, and back.

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <shardtype/tensor/layout.hpp>

namespace simulator {

using namespace shardtype;

struct array {
    int rank = 0;
    long extent[max_rank]{1, 1, 1, 1};
    std::vector<double> v;

    long count() const { return extent[0] * extent[1] * extent[2] * extent[3]; }
    long at(long const* i) const { return ((i[0] * extent[1] + i[1]) * extent[2] + i[2]) * extent[3] + i[3]; }
};

inline array zeros(int rank, long const* extent) {
    array x;
    x.rank = rank;
    for (int d = 0; d < rank; ++d) x.extent[d] = extent[d];
    x.v.assign(static_cast<std::size_t>(x.count()), 0.0);
    return x;
}

using random_source = std::mt19937_64;

inline array random_like(array const& x, random_source& source) {
    std::uniform_real_distribution<double> uniform(-1.0, 1.0);
    array y = x;
    for (double& e : y.v) e = uniform(source);
    return y;
}

/// Calls f(index, linear) for each element of an array with these extents.
template <class F>
void for_each_index(array const& x, F f) {
    long i[max_rank]{}, n = 0;
    for (i[0] = 0; i[0] < x.extent[0]; ++i[0])
        for (i[1] = 0; i[1] < x.extent[1]; ++i[1])
            for (i[2] = 0; i[2] < x.extent[2]; ++i[2])
                for (i[3] = 0; i[3] < x.extent[3]; ++i[3]) f(i, static_cast<std::size_t>(n++));
}

struct coordinates {
    int at[max_axes]{};
};

inline int ranks_of(layout const& x) {
    int n = 1;
    for (int a = 0; a < x.axes; ++a) n *= x.axis_size[a];
    return n;
}
inline coordinates coordinates_of(layout const& x, int rank) {
    coordinates c;
    for (int a = x.axes - 1; a >= 0; --a) c.at[a] = rank % x.axis_size[a], rank /= x.axis_size[a];
    return c;
}
inline int rank_at(layout const& x, coordinates const& c) {
    int rank = 0;
    for (int a = 0; a < x.axes; ++a) rank = rank * x.axis_size[a] + c.at[a];
    return rank;
}

using locals = std::vector<array>;

/// The part of `whole` that the rank at `c` holds.
inline array slice(array const& whole, layout const& x, coordinates const& c) {
    long extent[max_rank]{}, offset[max_rank]{};
    for (int d = 0; d < x.rank; ++d) extent[d] = x.local(d), offset[d] = x.offset(d, c.at);
    array part = zeros(x.rank, extent);
    for_each_index(part, [&](long const* i, std::size_t n) {
        long j[max_rank];
        for (int d = 0; d < max_rank; ++d) j[d] = i[d] + offset[d];
        part.v[n] = whole.v[static_cast<std::size_t>(whole.at(j))];
    });
    return part;
}

/// Each rank's local array: equal for replicate and invariant, parts for shard, random summands for partial.
inline locals scatter(array const& whole, layout const& x, random_source& source) {
    int summands = 1;
    for (int a = 0; a < x.axes; ++a)
        if (x.on[a].is == kind::partial) summands *= x.axis_size[a];
    locals summand;
    array rest = whole;
    for (int i = 0; i + 1 < summands; ++i) {
        summand.push_back(random_like(whole, source));
        for (std::size_t n = 0; n < rest.v.size(); ++n) rest.v[n] -= summand.back().v[n];
    }
    summand.push_back(rest);
    locals out;
    for (int r = 0; r < ranks_of(x); ++r) {
        auto const c = coordinates_of(x, r);
        int which = 0;
        for (int a = 0; a < x.axes; ++a)
            if (x.on[a].is == kind::partial) which = which * x.axis_size[a] + c.at[a];
        out.push_back(slice(summand[static_cast<std::size_t>(which)], x, c));
    }
    return out;
}

inline bool close(double a, double b) { return std::abs(a - b) <= 1e-9 * (1 + std::abs(b)); }
inline bool close(array const& a, array const& b) {
    for (int d = 0; d < max_rank; ++d)
        if (a.extent[d] != b.extent[d]) return false;
    for (std::size_t n = 0; n < a.v.size(); ++n)
        if (!close(a.v[n], b.v[n])) return false;
    return true;
}

/// Do these local arrays, read by the layout, make up `whole`? Replicate and invariant must be equal on all ranks.
inline bool assembles(locals const& parts, layout const& x, array const& whole) {
    if (fault_of(x).what != code::ok) return false;
    array sum = zeros(whole.rank, whole.extent);
    for (int r = 0; r < ranks_of(x); ++r) {
        auto const c = coordinates_of(x, r);
        auto first = c;
        for (int a = 0; a < x.axes; ++a)
            if (x.on[a].is == kind::replicate || x.on[a].is == kind::invariant) first.at[a] = 0;
        array const& part = parts[static_cast<std::size_t>(r)];
        if (part.rank != x.rank) return false;
        for (int d = 0; d < x.rank; ++d)
            if (part.extent[d] != x.local(d)) return false;
        int const representative = rank_at(x, first);
        if (representative != r) {
            if (!close(part, parts[static_cast<std::size_t>(representative)])) return false;
            continue;
        }
        long offset[max_rank]{};
        for (int d = 0; d < x.rank; ++d) offset[d] = x.offset(d, c.at);
        for_each_index(part, [&](long const* i, std::size_t n) {
            long j[max_rank];
            for (int d = 0; d < max_rank; ++d) j[d] = i[d] + offset[d];
            sum.v[static_cast<std::size_t>(sum.at(j))] += part.v[n];
        });
    }
    return close(sum, whole);
}

inline layout layout_of(array const& x, std::vector<int> const& axis_sizes) {
    layout y;
    y.type = dtype::f64;
    y.rank = x.rank;
    y.axes = static_cast<int>(axis_sizes.size());
    for (int d = 0; d < x.rank; ++d) y.extent[d] = x.extent[d];
    for (int a = 0; a < y.axes; ++a) y.axis_size[a] = axis_sizes[static_cast<std::size_t>(a)];
    return y;
}

/// Every valid layout of an array on one or two axes, both orders of the list included where both split one dimension.
inline std::vector<layout> all_layouts(array const& x, std::vector<int> const& axis_sizes) {
    std::vector<layout> out;
    layout y = layout_of(x, axis_sizes);
    std::vector<placement> one{on_invariant, on_replicate, on_partial};
    for (int d = 0; d < x.rank; ++d) one.push_back(on_shard(d));
    auto add = [&] {
        if (fault_of(y).what == code::ok) out.push_back(y);
    };
    for (placement const first : one) {
        y.on[0] = first;
        if (y.axes == 1) {
            add();
            continue;
        }
        for (placement const second : one) {
            y.on[0] = first, y.on[1] = second;
            if (first.is == kind::shard && second == first) {
                y.on[1].order = 1;
                add();
                y.on[0].order = 1, y.on[1].order = 0;
            }
            add();
        }
    }
    return out;
}

inline std::string text(placement p) {
    if (p.is == kind::invariant) return "I";
    if (p.is == kind::replicate) return "R";
    if (p.is == kind::partial) return "P";
    return "S(" + std::to_string(p.dim) + (p.order > 0 ? "'" : "") + ")";
}
inline std::string text(layout const& x) {
    std::string out;
    for (int a = 0; a < x.axes; ++a) out += (a > 0 ? " " : "") + text(x.on[a]);
    return out;
}

}  // namespace simulator
