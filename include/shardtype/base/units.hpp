#pragma once

namespace shardtype::inline literals {

/// Bytes: `80_GiB`.
/// @{
constexpr long operator""_KiB(unsigned long long n) { return static_cast<long>(n) << 10; }
constexpr long operator""_MiB(unsigned long long n) { return static_cast<long>(n) << 20; }
constexpr long operator""_GiB(unsigned long long n) { return static_cast<long>(n) << 30; }
/// @}

}  // namespace shardtype::inline literals
