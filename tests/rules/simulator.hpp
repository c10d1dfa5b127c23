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
    if (fault_of(x).what != code::ok || x.rank != whole.rank) return false;
    int const ranks = ranks_of(x);
    long local[max_rank]{1, 1, 1, 1};
    for (int d = 0; d < x.rank; ++d) {
        local[d] = x.local(d);
        if (x.extent[d] != whole.extent[d]) return false;
        for (array const& part : parts)
            if (part.rank != x.rank || part.extent[d] != local[d]) return false;
    }
    std::vector<array const*> summands;
    for (int r = 0; r < ranks; ++r) {
        auto const c = coordinates_of(x, r);
        bool first = true;  // of the ranks that hold summands of one part
        for (int a = 0; a < x.axes; ++a) first = first && (x.on[a].is != kind::partial || c.at[a] == 0);
        if (!first) continue;
        summands.clear();
        for (int s = 0; s < ranks; ++s) {
            auto const other = coordinates_of(x, s);
            bool peer = true;
            for (int a = 0; a < x.axes; ++a) peer = peer && (x.on[a].is == kind::partial || other.at[a] == c.at[a]);
            if (peer) summands.push_back(&parts[static_cast<std::size_t>(s)]);
        }
        long offset[max_rank]{}, i[max_rank];
        for (int d = 0; d < x.rank; ++d) offset[d] = x.offset(d, c.at);
        std::size_t n = 0;
        for (i[0] = 0; i[0] < local[0]; ++i[0])
            for (i[1] = 0; i[1] < local[1]; ++i[1])
                for (i[2] = 0; i[2] < local[2]; ++i[2])
                    for (i[3] = 0; i[3] < local[3]; ++i[3], ++n) {
                        long const j[] = {i[0] + offset[0], i[1] + offset[1], i[2] + offset[2], i[3] + offset[3]};
                        double sum = 0;
                        for (array const* one : summands) sum += one->v[n];
                        if (!close(sum, whole.v[static_cast<std::size_t>(whole.at(j))])) return false;
                    }
    }
    for (int r = 0; r < ranks; ++r) {
        auto first = coordinates_of(x, r);
        for (int a = 0; a < x.axes; ++a)
            if (x.on[a].is == kind::replicate || x.on[a].is == kind::invariant) first.at[a] = 0;
        int const same = rank_at(x, first);
        if (same != r && !close(parts[static_cast<std::size_t>(r)], parts[static_cast<std::size_t>(same)]))
            return false;
    }
    return true;
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

/// Every valid layout of an array: every placement on every axis, every order of every list.
inline std::vector<layout> all_layouts(array const& x, std::vector<int> const& axis_sizes) {
    std::vector<layout> out{layout_of(x, axis_sizes)};
    for (int a = 0; a < out[0].axes; ++a) {
        std::vector<layout> longer;
        for (layout const& one : out) {
            layout y = one;
            for (placement const p : {on_invariant, on_replicate, on_partial}) y.on[a] = p, longer.push_back(y);
            for (int d = 0; d < x.rank; ++d)
                for (int order = 0; order <= one.shards(d); ++order) {  // into the list of the axes before
                    y = one;
                    for (int b = 0; b < a; ++b)
                        if (y.on[b].is == kind::shard && y.on[b].dim == d && y.on[b].order >= order) ++y.on[b].order;
                    y.on[a] = on_shard(d);
                    y.on[a].order = static_cast<signed char>(order);
                    if (y.extent[d] % y.parts(d) == 0) longer.push_back(y);
                }
        }
        out = longer;
    }
    return out;
}

/// The placements as a number, to look a layout up by.
inline unsigned long key_of(layout const& x) {
    unsigned long key = 0;
    for (int a = 0; a < x.axes; ++a)
        key = key << 8U | static_cast<unsigned long>(x.on[a].is) << 4U | static_cast<unsigned long>(x.on[a].dim) << 2U |
              static_cast<unsigned long>(x.on[a].order);
    return key;
}

/// What the layout says of the numbers, not of the gradients: invariant written as replicate.
inline layout numbers_of(layout x) {
    for (int a = 0; a < x.axes; ++a)
        if (x.on[a].is == kind::invariant) x.on[a] = on_replicate;
    return x;
}
/// All layouts of these numbers: each replicate also as invariant.
inline std::vector<layout> all_readings(layout const& x) {
    std::vector<layout> out{x};
    for (int a = 0; a < x.axes; ++a)
        for (std::size_t i = 0, n = x.on[a].is == kind::replicate ? out.size() : 0; i < n; ++i)
            out.push_back(out[i]), out.back().on[a] = on_invariant;
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
