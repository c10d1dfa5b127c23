#pragma once

#include <shardtype/model/read.hpp>
#include <shardtype/plan/cluster.hpp>
#include <shardtype/plan/measured_fault.hpp>
#include <shardtype/plan/text_sink.hpp>

namespace shardtype {

namespace detail {
inline constexpr long most_tokens = 1L << 40;  // of a step
}  // namespace detail

/// What is wrong with a batch before anything is planned: the first of its members that nothing can be done with.
enum class batch_fault : unsigned char {
    none,
    global,         ///< below 1
    sequence,       ///< below 1
    tokens,         ///< `global` x `sequence` is more than 2^40
    micro_batches,  ///< below 1
    uneven,         ///< `micro_batches` do not divide `global`
};
/// Whether a step of these rows can be done.
constexpr batch_fault fault_of(batch_shape const& b) {
    if (b.global < 1) return batch_fault::global;
    if (b.sequence < 1) return batch_fault::sequence;
    if (b.global > detail::most_tokens / b.sequence) return batch_fault::tokens;
    if (b.micro_batches < 1) return batch_fault::micro_batches;
    return b.global % b.micro_batches != 0 ? batch_fault::uneven : batch_fault::none;
}

/// What is wrong with devices: the first of their members with which nothing has a price.
enum class hardware_fault : unsigned char {
    none,
    memory,             ///< not above 0
    reserved,           ///< below 0
    usable,             ///< all of the memory is reserved
    bf16_flops,         ///< not above 0
    memory_bandwidth,   ///< not above 0
    link_bandwidth,     ///< not above 0
    network_bandwidth,  ///< below 0
    f32_flops,          ///< below 0
    devices_per_node,   ///< below 1
    launch,             ///< not from 0 to 10^9
    matmul_efficiency,  ///< not from 1 to 1000
    memory_efficiency,  ///< not from 1 to 1000
    measured,           ///< nullptr, or a member of it has no price
};

/// Whether steps on such devices have a price.
constexpr hardware_fault fault_of(hardware const& h) {
    if (h.memory <= 0) return hardware_fault::memory;
    if (h.reserved < 0) return hardware_fault::reserved;
    if (h.usable() <= 0) return hardware_fault::usable;
    if (h.bf16_flops <= 0) return hardware_fault::bf16_flops;
    if (h.memory_bandwidth <= 0) return hardware_fault::memory_bandwidth;
    if (h.link_bandwidth <= 0) return hardware_fault::link_bandwidth;
    if (h.network_bandwidth < 0) return hardware_fault::network_bandwidth;
    if (h.f32_flops < 0) return hardware_fault::f32_flops;
    if (h.devices_per_node < 1) return hardware_fault::devices_per_node;
    if (h.launch < 0 || h.launch > detail::most_latency) return hardware_fault::launch;
    if (h.matmul_efficiency < 1 || h.matmul_efficiency > 1000) return hardware_fault::matmul_efficiency;
    if (h.memory_efficiency < 1 || h.memory_efficiency > 1000) return hardware_fault::memory_efficiency;
    if (h.measured == nullptr) return hardware_fault::measured;
    measured_member const of = detail::fault_of_measured(*h.measured, h.network_bandwidth > 0).of;
    return of == measured_member::none ? hardware_fault::none : hardware_fault::measured;
}

/// What is wrong with a mesh that is known at run time only.
enum class cluster_fault : unsigned char {
    none,
    axes,       ///< more than there is room for, or less than none
    axis_size,  ///< an axis has no device, or all together more than an int counts
};
/// Whether there is such a mesh, of at most `most` axes.
constexpr cluster_fault fault_of(cluster const& c, int most = max_axes) {
    if (c.axes < 0 || c.axes > most) return cluster_fault::axes;
    long devices = 1;
    for (int a = 0; a < c.axes; ++a) {
        if (c.axis_size[a] < 1) return cluster_fault::axis_size;
        devices *= c.axis_size[a];
        if (devices > 0x7fffffff) return cluster_fault::axis_size;
    }
    return cluster_fault::none;
}

namespace detail {

/// Whether a job's numbers can be reckoned with: asked before anything is divided by them.
constexpr bool is_sound(cluster const& on, batch_shape const& batch, int axes = max_axes) {
    return fault_of(batch) == batch_fault::none && fault_of(on.on) == hardware_fault::none &&
           fault_of(on, axes) == cluster_fault::none;
}

constexpr member_words words_of(batch_fault what, batch_shape const& b) {
    switch (what) {
        case batch_fault::global:
            return {"batch_shape::global", b.global, "at least 1"};
        case batch_fault::sequence:
            return {"batch_shape::sequence", b.sequence, "at least 1"};
        case batch_fault::tokens:
            if (b.sequence > most_tokens) return {"batch_shape::sequence", b.sequence, "at most 2^40 over `global`"};
            return {"batch_shape::global", b.global, "at most 2^40 over `sequence`"};
        case batch_fault::micro_batches:
            return {"batch_shape::micro_batches", b.micro_batches, "at least 1"};
        default:
            return {"batch_shape::micro_batches", b.micro_batches, "a divisor of `global`"};
    }
}
constexpr member_words words_of(hardware_fault what, hardware const& h) {
    switch (what) {
        case hardware_fault::memory:
            return {"hardware::memory", h.memory, "above 0"};
        case hardware_fault::reserved:
            return {"hardware::reserved", h.reserved, "at least 0"};
        case hardware_fault::usable:
            return {"hardware::reserved", h.reserved, "less than `memory`"};
        case hardware_fault::bf16_flops:
            return {"hardware::bf16_flops", h.bf16_flops, "above 0"};
        case hardware_fault::memory_bandwidth:
            return {"hardware::memory_bandwidth", h.memory_bandwidth, "above 0"};
        case hardware_fault::link_bandwidth:
            return {"hardware::link_bandwidth", h.link_bandwidth, "above 0"};
        case hardware_fault::network_bandwidth:
            return {"hardware::network_bandwidth", h.network_bandwidth, "at least 0"};
        case hardware_fault::f32_flops:
            return {"hardware::f32_flops", h.f32_flops, "at least 0"};
        case hardware_fault::devices_per_node:
            return {"hardware::devices_per_node", h.devices_per_node, "at least 1"};
        case hardware_fault::launch:
            return {"hardware::launch", h.launch, "from 0 to 1000000000"};
        case hardware_fault::matmul_efficiency:
            return {"hardware::matmul_efficiency", h.matmul_efficiency, "from 1 to 1000"};
        case hardware_fault::memory_efficiency:
            return {"hardware::memory_efficiency", h.memory_efficiency, "from 1 to 1000"};
        default:
            if (h.measured != nullptr) return fault_of_measured(*h.measured, h.network_bandwidth > 0);
            return {"hardware::measured", 0, "the address of an object", true};
    }
}
constexpr void put_member(text_sink& out, member_words const& w) {
    out.put(w.name), out.put(" is ");
    if (w.is_address)
        out.put("nullptr");
    else
        put_number(out, w.value, false);
    out.put(": it must be "), out.put(w.wanted), out.put(" [ST-J726]");
}
constexpr void put_cluster_fault(text_sink& out, cluster_fault what, cluster const& c, int most) {
    if (what == cluster_fault::axes) {
        out.put("cluster::axes is "), put_number(out, c.axes, false);
        out.put(": it must be from 0 to "), put_number(out, most, false);
    } else {
        out.put("cluster::axis_size is ");
        for (int a = 0; a < c.axes; ++a) out.put(a == 0 ? "" : " x "), put_number(out, c.axis_size[a], false);
        out.put(": each must be at least 1, and their product less than 2^31");
    }
    out.put(" [ST-J726]");
}

}  // namespace detail
}  // namespace shardtype
