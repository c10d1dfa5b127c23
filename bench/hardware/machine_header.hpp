#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <shardtype/mesh/hardware.hpp>
#include <shardtype/schedule/kernels.hpp>

namespace machine {

namespace detail {

inline std::string text_of(long v) {
    std::string const digits = std::to_string(v < 0 ? -v : v);
    std::string out(v < 0 ? "-" : "");
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) out += '\'';
        out += digits[i];
    }
    return out;
}
inline std::string text_of(shardtype::link_speed const& s) {
    return std::string("{") + text_of(s.bandwidth) + ", " + text_of(s.latency) + "}";
}
inline std::string text_of(shardtype::link_speed const (&s)[3]) {
    return std::string("{") + text_of(s[0]) + ", " + text_of(s[1]) + ", " + text_of(s[2]) + "}";
}
/// What is written of a kernel's number: its name, of those that move memory.
inline std::string text_of_kernel(unsigned id) {
    using namespace shardtype::kernels;
    char const* const names[] = {copy::name,
                                 add::name,
                                 adamw::name,
                                 square_sum::name,
                                 rms_norm_forward::name,
                                 rms_norm_backward::name,
                                 rotary_forward::name,
                                 rotary_backward::name,
                                 swiglu_forward::name,
                                 swiglu_backward::name,
                                 cross_entropy_sum::name,
                                 cross_entropy_backward::name};
    for (char const* name : names)
        if (shardtype::name_id(name) == id) return std::string("name_id(\"").append(name).append("\")");
    return std::to_string(id).append("U");
}
template <std::size_t N>
std::string text_of(shardtype::kernel_share const (&all)[N]) {
    std::string out = "{";
    for (shardtype::kernel_share const& k : all)
        if (k.kernel != 0)
            out.append(out.size() > 1 ? ",\n                {" : "{")
                .append(text_of_kernel(k.kernel))
                .append(", ")
                .append(text_of(static_cast<long>(k.per_mille)))
                .append("}");
    return out.append("}");
}
inline std::string text_of(shardtype::step_latency const& s) {
    return std::string("{") + text_of(s.base) + ", " + text_of(s.link) + ", " + text_of(s.network) + "}";
}

}  // namespace detail

/// The members of what was measured, as designated initialisers, one a line.
inline std::string initialisers(shardtype::measured_rates const& rates) {
    using detail::text_of;
    // A member that is added is an error here, and in the next function, until it is written too.
    auto const& [attention, network_efficiency, in_node, ring, small_ring, tree, small_in_node, small_between_nodes,
                 product_memory, kernels] = rates;
    return "    .attention = {" + text_of(attention.forward) + ", " + text_of(attention.forward_half) + ", " +
           text_of(attention.backward) + ", " + text_of(attention.backward_half) + "},\n" +
           "    .network_efficiency = " + text_of(network_efficiency) + ",\n" +    //
           "    .in_node = {.gather = " + text_of(in_node.gather) + ",\n" +        //
           "                .reduce = " + text_of(in_node.reduce) + ",\n" +        //
           "                .exchange = " + text_of(in_node.exchange) + "},\n" +   //
           "    .ring = " + text_of(ring) + ",\n" +                                //
           "    .small_ring = " + text_of(small_ring) + ",\n" +                    //
           "    .tree = " + text_of(tree) + ",\n" +                                //
           "    .small_in_node = " + text_of(small_in_node) + ",\n" +              //
           "    .small_between_nodes = " + text_of(small_between_nodes) + ",\n" +  //
           "    .product_memory = " + text_of(product_memory) + ",\n" +            //
           "    .kernels = " + text_of(kernels) + ",\n";
}
/// The members of a device but its name and what was measured.
inline std::string initialisers(shardtype::hardware const& h) {
    using detail::text_of;
    auto const& [name, memory, reserved, bf16_flops, memory_bandwidth, link_bandwidth, network_bandwidth, f32_flops,
                 devices_per_node, launch, overlaps, matmul_efficiency, memory_efficiency, measured] = h;
    (void)name, (void)measured;
    return "    .memory = " + text_of(memory) + ",\n" +                        //
           "    .reserved = " + text_of(reserved) + ",\n" +                    //
           "    .bf16_flops = " + text_of(bf16_flops) + ",\n" +                //
           "    .memory_bandwidth = " + text_of(memory_bandwidth) + ",\n" +    //
           "    .link_bandwidth = " + text_of(link_bandwidth) + ",\n" +        //
           "    .network_bandwidth = " + text_of(network_bandwidth) + ",\n" +  //
           "    .f32_flops = " + text_of(f32_flops) + ",\n" +                  //
           "    .devices_per_node = " + text_of(devices_per_node) + ",\n" +    //
           "    .launch = " + text_of(launch) + ",\n" +                        //
           "    .overlaps = " + (overlaps ? "true" : "false") + ",\n" +        //
           "    .matmul_efficiency = " + text_of(matmul_efficiency) + ",\n" +  //
           "    .memory_efficiency = " + text_of(memory_efficiency) + ",\n";
}

/// `this_` and eight hexadecimal digits that stand for all values (FNV-1a): types made of two measurements differ.
inline std::string name_of(shardtype::hardware const& h) {
    std::uint32_t hash = 2166136261U;
    for (char const c : initialisers(h) + initialisers(*h.measured))
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    std::string name = "this_";
    for (int shift = 28; shift >= 0; shift -= 4) name += "0123456789abcdef"[(hash >> shift) & 15U];
    return name;
}

/// A header that defines `shardtype::this_machine`; `notes` are its first comment, one a line.
inline std::string header_text(shardtype::hardware const& h, std::vector<std::string> const& notes) {
    std::string const name = name_of(h);
    std::string out = "#pragma once\n\n";
    for (std::string const& n : notes) out += "// " + n + "\n";
    out += "\n#include <shardtype/mesh/hardware.hpp>\n\nnamespace shardtype {\n\n";
    out += "inline constexpr measured_rates " + name + "_rates{\n" + initialisers(*h.measured) + "};\n";
    out += "inline constexpr hardware " + name + "{\n    .name = \"" + name + "\",\n" + initialisers(h) +
           "    .measured = &" + name + "_rates};\n";
    out += "/// What each rank sees of this machine.\ninline constexpr hardware this_machine = " + name + ";\n\n";
    return out + "}  // namespace shardtype\n";
}

}  // namespace machine
