#pragma once

#include <shardtype/base/units.hpp>

namespace shardtype {

/// One device of a kind, and its links to the others of its machine. Whole numbers, so that all compilers agree.
struct hardware {
    char name[16]{};             ///< for messages
    long memory = 0;             ///< bytes
    long reserved = 0;           ///< bytes that the driver, libraries' handles and communicators take
    long bf16_flops = 0;         ///< dense matrix product, multiplications and additions a second
    long memory_bandwidth = 0;   ///< bytes a second
    long link_bandwidth = 0;     ///< to the machine's other devices, one way, bytes a second
    long network_bandwidth = 0;  ///< to other machines, bytes a second per device

    /// Bytes that a job may take.
    constexpr long usable() const { return memory - reserved; }
};

// Memory and rates as NVIDIA's data sheets give them (A100 80GB, H100 SXM5, H200 SXM), sizes decimal: a driver shows a
// little more. `reserved` is an allowance that was not measured. The network: 400 Gbit/s per device.
/// A100 SXM with 80 GB.
inline constexpr hardware a100_80gb{"a100_80gb",       80'000'000'000,  1_GiB,         312'000'000'000'000,
                                    2'039'000'000'000, 300'000'000'000, 50'000'000'000};
/// H100 SXM with 80 GB.
inline constexpr hardware h100_sxm{"h100_sxm",        80'000'000'000,  1_GiB,         989'000'000'000'000,
                                   3'350'000'000'000, 450'000'000'000, 50'000'000'000};
/// H200 SXM with 141 GB.
inline constexpr hardware h200_sxm{"h200_sxm",        141'000'000'000, 1_GiB,         989'000'000'000'000,
                                   4'800'000'000'000, 450'000'000'000, 50'000'000'000};

}  // namespace shardtype
