#pragma once

namespace shardtype {

/// Global or local extents, outermost first; row-major.
template <long... Extents>
struct shape {
    static constexpr int rank = static_cast<int>(sizeof...(Extents));  ///< dimensions
    /// Shapes of one type are equal; others do not compare.
    constexpr bool operator==(shape const&) const = default;
};

}  // namespace shardtype
