#pragma once

namespace shardtype::detail {

/// A T as its initialisers make it, made once: in a constant, a copy of a large one costs clang a tenth of running the
/// initialisers of all its elements again.
template <class T>
inline constexpr T initial{};

}  // namespace shardtype::detail
