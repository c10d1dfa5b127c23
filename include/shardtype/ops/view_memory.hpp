#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <shardtype/tensor/dtype.hpp>
#include <shardtype/tensor/ill_typed.hpp>

namespace shardtype {

namespace detail {
/// A container that is gone at the end of the expression, with its elements: no memory for a view.
template <class Memory>
concept owning_rvalue =
    !std::is_lvalue_reference_v<Memory> && !std::is_pointer_v<std::remove_cvref_t<Memory>> &&
    !std::ranges::enable_borrowed_range<std::remove_cvref_t<Memory>> &&
    !std::same_as<std::remove_cvref_t<Memory>, any_memory> && !std::same_as<std::remove_cvref_t<Memory>, ill_typed>;

// Out of line: a collective is small without its errors' texts.
[[noreturn]] inline void refuse_memory(char const* operation, char const* what, long found, long needed) {
    std::string const about = std::string(operation) + ": the " + what;
    if (found < 0) throw std::invalid_argument(about + " is a null pointer");
    throw std::invalid_argument(about + " has " + std::to_string(found) + " elements, " + std::to_string(needed) +
                                " are needed");
}
[[noreturn]] inline void refuse_overlap(char const* operation, char const* what) {
    throw std::invalid_argument(std::string(operation) + ": " + what + " overlap");
}
}  // namespace detail

/// Memory of the caller's, for elements T: a pointer, taken at its word, or anything that converts to a span, whose size
/// is then checked.
template <class T>
class room {
  public:
    /// No memory.
    constexpr room() = default;
    /// From a pointer.
    template <class Pointer>
        requires(std::is_pointer_v<Pointer>&& std::convertible_to<Pointer, T*>)
    constexpr room(Pointer const& pointer) : data_(pointer), count_(unknown) {}  // NOLINT: implicit on purpose
    /// From a span, an array, a vector.
    template <class Memory>
        requires(!std::is_pointer_v<std::remove_cvref_t<Memory>> && !detail::owning_rvalue<Memory> &&
                 std::convertible_to<Memory, std::span<T>>)
    constexpr room(Memory&& range) {  // NOLINT: implicit on purpose
        std::span<T> const all(range);
        data_ = all.data();
        count_ = static_cast<long>(all.size());
    }
    /// The elements would be gone before they are used.
    template <class Memory>
        requires detail::owning_rvalue<Memory> && std::convertible_to<Memory&, std::span<T>> room(Memory&& range)
    = delete;
    /// The memory of what is ill typed.
    /// @{
    constexpr room(detail::any_memory) {}  // NOLINT: implicit on purpose
    constexpr room(ill_typed) {}           // NOLINT
    /// @}

    /// The first element.
    [[nodiscard]] constexpr T* data() const { return data_; }
    /// @throws std::invalid_argument where there are fewer than `count` elements: `what` needs them
    constexpr T* at_least(long count, char const* operation, char const* what) const {
        if (count_ != unknown && count_ < count) detail::refuse_memory(operation, what, count_, count);
        if (data_ == nullptr && count > 0) detail::refuse_memory(operation, what, unknown, count);
        return data_;
    }

  private:
    static constexpr long unknown = -1;
    T* data_ = nullptr;
    long count_ = 0;
};

/// How the elements of a view are copied and cleared where no other rank takes part: here, in host memory. A back end
/// whose memory is elsewhere specialises it for its communicators, which then also carry the caller's stream.
template <class Communicators>
struct view_memory {
    /// target = source, which do not overlap.
    template <class T>
    static void copy(Communicators const&, T const* source, T* target, long count) {
        if (count > 0) std::memcpy(target, source, static_cast<std::size_t>(count) * sizeof(T));
    }
    /// target = 0.
    template <class T>
    static void clear(Communicators const&, T* target, long count) {
        for (long i = 0; i < count; ++i) target[i] = T{};
    }
    /// A number that depends on each bit of the elements (FNV-1a over 8 bytes at a time).
    static std::uint64_t fingerprint(Communicators const&, void const* data, long bytes, std::uint64_t seed) {
        std::uint64_t hash = seed;
        auto const mix = [&hash](std::uint64_t word) {
            hash = (hash ^ word) * 0x100000001b3U;
            hash ^= hash >> 29U;  // the product moves bits upwards only
        };
        auto const* const at = static_cast<unsigned char const*>(data);
        long i = 0;
        for (std::uint64_t word = 0; i + 8 <= bytes; i += 8) {
            std::memcpy(&word, at + i, 8);
            mix(word);
        }
        for (; i < bytes; ++i) mix(at[i]);
        return hash;
    }
    /// The first of the elements that is not zero, or -1.
    template <class T>
    static long first_not_zero(Communicators const&, T const* data, long count) {
        for (long i = 0; i < count; ++i)
            if (!is_zero(data[i])) return i;
        return -1;
    }

  private:
    static bool is_zero(bf16 x) { return (x.bits & 0x7fffU) == 0; }
    template <class T>
    static bool is_zero(T x) {
        return x == T{};
    }
};

namespace detail {

/// @throws std::invalid_argument where two memories share a byte
template <class A, class B>
void require_apart(A const* a, long a_count, B const* b, long b_count, char const* operation, char const* what) {
    auto const from_a = reinterpret_cast<std::uintptr_t>(a), from_b = reinterpret_cast<std::uintptr_t>(b);
    auto const to_a = from_a + static_cast<std::uintptr_t>(a_count) * sizeof(A);
    auto const to_b = from_b + static_cast<std::uintptr_t>(b_count) * sizeof(B);
    if (a_count > 0 && b_count > 0 && from_a < to_b && from_b < to_a) refuse_overlap(operation, what);
}

}  // namespace detail

}  // namespace shardtype
