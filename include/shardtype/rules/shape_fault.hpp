#pragma once

#include <shardtype/rules/rule.hpp>

namespace shardtype {

/// What an operation misses in its operands' shapes and elements.
struct shape_fault {
    /// What of an operand is not as it must be.
    enum class part : unsigned char { none, element, rank, extent, multiple };

    part of = part::none;        ///< none: all fit
    int operand = 0;             ///< counted from 0
    int dim = 0;                 ///< of an extent
    long wanted = 0;             ///< the rank or the extent that it must have, or (multiple) that it must divide
    dtype element = dtype::f32;  ///< that it must have

    /// Whether nothing is missing.
    constexpr bool fits() const { return of == part::none; }
};

namespace detail {
/// The first operand that is not of integers: the result has its element type.
constexpr int first_real(rule const& r) {
    int i = 0;
    while (((r.ids >> i) & 1U) != 0) ++i;
    return i;
}
}  // namespace detail

/// The first fault: elements are of one type (ids are integers), ranks are the operation's, extents of one factor are
/// equal, or whole multiples where it is grouped. Earlier operands say what later ones must have.
constexpr shape_fault shape_fault_of(rule const& r, layout const* x) {
    using part = shape_fault::part;
    dtype const real = x[detail::first_real(r)].type;
    if (!differentiable(real)) return {part::element, detail::first_real(r), 0, 0, dtype::f32};
    for (int i = 0; i < r.operands; ++i) {
        dtype const element = ((r.ids >> i) & 1U) != 0 ? dtype::i32 : real;
        bool const wide = ((r.wide >> i) & 1U) != 0 && x[i].type == wide_of(real);
        if (x[i].type != element && !wide) return {part::element, i, 0, 0, element};
        if (x[i].rank != r.rank_of(i)) return {part::rank, i, 0, r.rank_of(i), element};
        for (int j = 0; j < i; ++j)
            for (int d = 0; d < x[i].rank; ++d) {
                int const e = r.dim_of(j, r.in[i][d]);
                if (e < 0) continue;
                long const mine = x[i].extent[d], theirs = x[j].extent[e];
                bool const grouped = r.in[i][d] == r.grouped && j == 0;  // operand 0 holds the finer extent
                if (grouped && theirs % mine != 0) return {part::multiple, i, d, theirs, element};
                if (!grouped && mine != theirs) return {part::extent, i, d, theirs, element};
            }
    }
    for (int pair = 0; r.equal[pair] != 0; pair += 2)
        for (int j = 0; j < r.operands; ++j)
            for (int i = 0; i < r.operands; ++i) {
                int const e = r.dim_of(j, r.equal[pair]), d = r.dim_of(i, r.equal[pair + 1]);
                if (e >= 0 && d >= 0 && x[j].extent[e] != x[i].extent[d])
                    return {part::extent, i, d, x[j].extent[e], x[i].type};
            }
    return {};
}

}  // namespace shardtype
