#pragma once

namespace shardtype {

/// bfloat16: the upper half of a float.
struct bf16 {
    unsigned short bits = 0;  ///< sign, 8 bits of exponent, 7 of fraction
};

/// The type of an element, as a value.
enum class dtype : unsigned char { f32, f64, bf16, i32 };

/// Bytes of one element.
constexpr long bytes_of(dtype t) { return t == dtype::f64 ? 8 : t == dtype::bf16 ? 2 : 4; }
/// Integers carry no gradient: token ids, targets.
constexpr bool differentiable(dtype t) { return t != dtype::i32; }

/// Whether T may be the element of a tensor: float, double, bf16, int.
template <class T>
inline constexpr bool is_element = false;
/// The value that stands for the element type T.
template <class T>
inline constexpr dtype dtype_of = dtype::f32;
template <>
inline constexpr bool is_element<float> = true;
template <>
inline constexpr bool is_element<double> = true;
template <>
inline constexpr dtype dtype_of<double> = dtype::f64;
template <>
inline constexpr bool is_element<bf16> = true;
template <>
inline constexpr dtype dtype_of<bf16> = dtype::bf16;
template <>
inline constexpr bool is_element<int> = true;
template <>
inline constexpr dtype dtype_of<int> = dtype::i32;

}  // namespace shardtype
