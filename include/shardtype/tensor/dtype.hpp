#pragma once

namespace shardtype {

/// bfloat16: the upper half of a float. It widens by itself, without loss; narrowing is written out and rounds to
/// nearest, ties to even: bf16(1.00390625) is 1. There is no arithmetic of its own: sums of it are sums of floats.
struct bf16 {
    unsigned short bits = 0;  ///< sign, 8 bits of exponent, 7 of fraction

    constexpr bf16() = default;
    /// The nearest to x, by way of float; a NaN stays one.
    template <class Number>
        requires requires(Number x) { static_cast<float>(x); }
    explicit constexpr bf16(Number x) : bits(rounded(static_cast<float>(x))) {}
    /// Exactly.
    // NOLINTNEXTLINE(google-explicit-constructor): nothing is lost
    constexpr operator float() const { return __builtin_bit_cast(float, static_cast<unsigned>(bits) << 16U); }

  private:
    static constexpr unsigned short rounded(float x) {
        auto const all = __builtin_bit_cast(unsigned, x);  // <bit> would cost every program
        if (x != x) return static_cast<unsigned short>((all >> 16U) | 0x40U);
        return static_cast<unsigned short>((all + 0x7fffU + ((all >> 16U) & 1U)) >> 16U);
    }
};

/// The type of an element, as a value.
enum class dtype : unsigned char { f32, f64, bf16, i32 };

/// Bytes of one element.
constexpr long bytes_of(dtype t) { return t == dtype::f64 ? 8 : t == dtype::bf16 ? 2 : 4; }
/// Of sums and statistics of such elements, and of the gradients of weights.
constexpr dtype wide_of(dtype t) { return t == dtype::bf16 ? dtype::f32 : t; }
/// Integers carry no gradient: token ids, targets.
constexpr bool differentiable(dtype t) { return t != dtype::i32; }

namespace detail {
template <class T>
struct wide {
    using type = T;
};
template <>
struct wide<bf16> {
    using type = float;
};
}  // namespace detail

/// What T is computed and summed in: float for bf16, T itself for the others.
template <class T>
using wide_t = typename detail::wide<T>::type;

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
