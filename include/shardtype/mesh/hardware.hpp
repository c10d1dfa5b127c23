#pragma once

#include <shardtype/base/fixed_string.hpp>
#include <shardtype/base/units.hpp>

namespace shardtype {

/// A transfer takes latency + bytes / bandwidth.
struct link_speed {
    long bandwidth = 0;  ///< bytes a second, of the largest operand of a collective: what nccl-tests calls algbw
    long latency = 0;    ///< ns
};

/// Collectives among 2, 4 and 8 ranks of one machine, as measured there. Without bandwidths: a ring over `link_bandwidth`.
struct collective_table {
    link_speed gather[3]{};    ///< all_gather, reduce_scatter: bytes of the whole
    link_speed reduce[3]{};    ///< all_reduce: bytes of the operand
    link_speed exchange[3]{};  ///< all_to_all: bytes that a rank holds
};

/// What the steps of a ring or of a tree take, ns. All 0: there is no such algorithm.
struct step_latency {
    long base = 0;     ///< once
    long link = 0;     ///< each step within a machine
    long network = 0;  ///< each step between machines
};

/// Share of the peak that attention reaches for sequences of length s: per mille * s / (s + half).
struct attention_rate {
    int forward = 712, forward_half = 760;     ///< per mille; tokens
    int backward = 627, backward_half = 1200;  ///< the same
};

/// What a kernel that moves memory reaches, where it is not as the others.
struct kernel_share {
    unsigned kernel = 0;  ///< `name_id` of its name; 0: no entry, nor any behind it
    int per_mille = 0;    ///< of `memory_bandwidth`
};

/// What was measured of devices of a kind besides their own rates. By default: attention as cuDNN 9.19 makes it on an H200,
/// rings that take no time but that of their bytes.
struct measured_rates {
    attention_rate attention{};    ///< of the peak
    int network_efficiency = 960;  ///< per mille of `network_bandwidth` that collectives reach
    collective_table in_node{};    ///< within one machine
    step_latency ring{};           ///< of collectives for large operands
    step_latency small_ring{};     ///< of those for small ones: short steps, few bytes a second
    step_latency tree{};           ///< of all_reduce between machines
    long small_in_node = 0;        ///< bytes a second of `small_ring` in one machine
    long small_between_nodes = 0;  ///< the same over the network
    int product_memory = 0;  ///< per mille of `memory_bandwidth`: products take the time of their flops and of their
                             ///< bytes one after the other; 0: the larger of both
    kernel_share kernels[12]{};  ///< those whose rate is not `memory_efficiency`
};
/// The defaults.
inline constexpr measured_rates not_measured{};

/// One device of a kind, its links, and how much of its rates the library's kernels get. Whole numbers, so that all compilers
/// agree; few of them, as compilers print them all where it is a template argument.
struct hardware {
    char name[16]{};              ///< for messages
    long memory = 0;              ///< bytes
    long reserved = 0;            ///< bytes that the driver, libraries' handles and communicators take
    long bf16_flops = 0;          ///< dense matrix product, multiplications and additions a second
    long memory_bandwidth = 0;    ///< bytes a second
    long link_bandwidth = 0;      ///< to the machine's other devices, one way, bytes a second
    long network_bandwidth = 0;   ///< to other machines, bytes a second per device; 0: there are none
    long f32_flops = 0;           ///< of float32 products without TF32, the library's default; 0: as of bf16
    int devices_per_node = 8;     ///< of one machine
    long launch = 5'000;          ///< ns that every kernel takes beside its rate
    bool overlaps = true;         ///< collectives run beside kernels
    int matmul_efficiency = 700;  ///< per mille of the peak that matrix products reach
    int memory_efficiency = 800;  ///< per mille of `memory_bandwidth` that other kernels reach
    measured_rates const* measured = &not_measured;  ///< an object of static storage

    /// Bytes that a job may take.
    constexpr long usable() const { return memory - reserved; }
};

/// What a software stack makes of a device: the two constants that are fitted to measured runs.
struct software {
    char name[24]{};              ///< for tables
    int matmul_efficiency = 700;  ///< as in `hardware`
    int memory_efficiency = 800;  ///< the same
};

/// The device as this stack uses it.
constexpr hardware with_stack(hardware on, software const& stack) {
    on.matmul_efficiency = stack.matmul_efficiency;
    on.memory_efficiency = stack.memory_efficiency;
    return on;
}

namespace detail {

/// NCCL 2.27.5 on 8 x H100 with NVSwitch (github.com/meta-pytorch/autoparallel).
inline constexpr collective_table h100_collectives{
    {{537'000'000'000, 8'000}, {434'000'000'000, 17'000}, {394'000'000'000, 30'000}},
    {{324'000'000'000, 10'000}, {236'000'000'000, 15'000}, {267'000'000'000, 31'000}},
    {{380'000'000'000, 50'000}, {380'000'000'000, 50'000}, {380'000'000'000, 50'000}}};

/// The table for links of another bandwidth. Without sums in the switch an all_reduce is two halves of a ring.
constexpr collective_table scaled(collective_table t, long link, bool sums_in_switch) {
    for (int i = 0; i < 3; ++i) {
        t.gather[i].bandwidth = t.gather[i].bandwidth / 450 * (link / 1'000'000'000);
        t.exchange[i].bandwidth = t.exchange[i].bandwidth / 450 * (link / 1'000'000'000);
        t.reduce[i].bandwidth = t.reduce[i].bandwidth / 450 * (link / 1'000'000'000);
        if (!sums_in_switch) t.reduce[i].bandwidth = t.gather[i].bandwidth / 2;
    }
    return t;
}

/// The same with other attention.
constexpr measured_rates with_attention(measured_rates rates, attention_rate attention) {
    rates.attention = attention;
    return rates;
}
/// NCCL's own constants for rings and trees (tuning.cc), the same for all of them.
constexpr measured_rates nccl(collective_table const& in_node, long small_in_node) {
    return {.in_node = in_node,
            .ring = {8'400, 3'400, 14'000},
            .small_ring = {6'600, 600, 2'700},
            .tree = {8'400, 4'000, 14'000},
            .small_in_node = small_in_node,
            .small_between_nodes = 20'400'000'000};
}

}  // namespace detail

// Tables: measured on the H100 only; the others' are scaled by the bandwidth of their links.
/// Attention and collectives on 8 devices with NVSwitch.
/// @{
inline constexpr measured_rates a100_rates =
    detail::nccl(detail::scaled(detail::h100_collectives, 300'000'000'000, false), 87'700'000'000);
inline constexpr measured_rates h100_rates = detail::nccl(detail::h100_collectives, 141'000'000'000);
/// With FlashAttention-2, 366 and 306 TFLOP/s as published, for frameworks that run that.
inline constexpr measured_rates h100_flash_attention_2_rates = detail::with_attention(h100_rates, {370, 0, 309, 0});
inline constexpr measured_rates b200_rates =
    detail::nccl(detail::scaled(detail::h100_collectives, 900'000'000'000, true), 282'000'000'000);
/// @}

// Memory and rates as NVIDIA's data sheets give them (A100 80GB, H100 SXM5, H200 SXM, HGX B200), sizes decimal: a driver
// shows a little more. `reserved` is an allowance that was not measured. Networks: 200 Gbit/s per device of an A100 (DGX
// A100), 400 of the others. Efficiencies are those of no particular stack (matrix products: AutoParallel's 0.7).
/// A100 SXM with 80 GB.
inline constexpr hardware a100_80gb{.name = "a100_80gb",
                                    .memory = 80'000'000'000,
                                    .reserved = 1_GiB,
                                    .bf16_flops = 312'000'000'000'000,
                                    .memory_bandwidth = 2'039'000'000'000,
                                    .link_bandwidth = 300'000'000'000,
                                    .network_bandwidth = 25'000'000'000,
                                    .f32_flops = 19'500'000'000'000,
                                    .measured = &a100_rates};
/// H100 SXM with 80 GB.
inline constexpr hardware h100_sxm{.name = "h100_sxm",
                                   .memory = 80'000'000'000,
                                   .reserved = 1_GiB,
                                   .bf16_flops = 989'000'000'000'000,
                                   .memory_bandwidth = 3'350'000'000'000,
                                   .link_bandwidth = 450'000'000'000,
                                   .network_bandwidth = 50'000'000'000,
                                   .f32_flops = 67'000'000'000'000,
                                   .measured = &h100_rates};
/// H200 SXM with 141 GB: an H100 with other memory.
inline constexpr hardware h200_sxm{.name = "h200_sxm",
                                   .memory = 141'000'000'000,
                                   .reserved = 1_GiB,
                                   .bf16_flops = 989'000'000'000'000,
                                   .memory_bandwidth = 4'800'000'000'000,
                                   .link_bandwidth = 450'000'000'000,
                                   .network_bandwidth = 50'000'000'000,
                                   .f32_flops = 67'000'000'000'000,
                                   .measured = &h100_rates};
/// B200 of an HGX machine, with 180 GB.
inline constexpr hardware b200_sxm{.name = "b200_sxm",
                                   .memory = 180'000'000'000,
                                   .reserved = 1_GiB,
                                   .bf16_flops = 2'250'000'000'000'000,
                                   .memory_bandwidth = 7'700'000'000'000,
                                   .link_bandwidth = 900'000'000'000,
                                   .network_bandwidth = 50'000'000'000,
                                   .f32_flops = 75'000'000'000'000,
                                   .measured = &b200_rates};

}  // namespace shardtype
