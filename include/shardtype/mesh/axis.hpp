#pragma once

#include <shardtype/base/type_list.hpp>

namespace shardtype {

template <class Axis>
struct ST_M002 {
    static_assert(never<Axis>,
                  "[ST-M002] a mesh axis is a class derived from axis<N>, with at least one device: see ST_M002<axis>; "
                  "struct tp final : axis<4> {};");
};

/// A named dimension of a mesh with N devices along it. Users derive their own: `struct tp final : axis<4> {};`
/// the type's name is what the compiler prints.
/// @pre N is at least 1, where a mesh has it [ST-M002]
/// @snippet 01_mesh_and_tensor.cpp mesh
template <int N>
struct axis {
    static constexpr int size = N;  ///< devices
};

/// torchtitan's name of an axis of whole replicas, for meshes whose sizes are template values.
template <int N>
struct dp_replicate final : axis<N> {
    static constexpr char const* name = "dp_replicate";
};
/// torchtitan's name of an axis that the stored parameters are split over (FSDP).
template <int N>
struct dp_shard final : axis<N> {
    static constexpr char const* name = "dp_shard";
};
/// torchtitan's name of an axis that layers are split over (tensor parallel).
template <int N>
struct tp final : axis<N> {
    static constexpr char const* name = "tp";
};

namespace detail {
/// Devices along A; 0 where A is no axis.
template <class A>
constexpr int devices_along() {
    if constexpr (requires { A::size + 0; }) {
        return A::size;
    } else {
        return 0;
    }
}

/// The unqualified name of a type, cut from the compiler's own text for this function.
template <class A>
constexpr auto type_name() {
    struct text {
        char data[64]{};
    };
#if defined(__clang__) || defined(__GNUC__)
    char const* s = __PRETTY_FUNCTION__;
#else
    char const* s = "A = axis]";
#endif
    char const* begin = s;
    for (char const* p = s; *p != 0; ++p)
        if (p[0] == 'A' && p[1] == ' ' && p[2] == '=' && p[3] == ' ') begin = p + 4;
    text result;
    int n = 0;
    for (char const* p = begin; *p != 0 && *p != ']' && *p != ';' && n < 63; ++p) {
        if (*p == ':') {
            for (; n > 0; --n) result.data[n - 1] = 0;
        } else {
            result.data[n++] = *p;
        }
    }
    return result;
}
template <class A>
inline constexpr auto type_name_of = type_name<A>();
template <class Part>
constexpr auto part_name();  // mesh/divided_axis.hpp
template <class Part>
inline constexpr auto part_name_of = part_name<Part>();
}  // namespace detail

/// The axis' name as logs print it: its member `name` if it has one, else the type's own name; of a part of a divided
/// axis that axis' name and `_major` or `_minor`.
template <class A>
constexpr char const* axis_name() {
    if constexpr (requires { A::name; }) {
        return A::name;
    } else if constexpr (requires { typename A::divided; }) {
        return detail::part_name_of<A>.data;
    } else {
        return detail::type_name_of<A>.data;
    }
}

}  // namespace shardtype
