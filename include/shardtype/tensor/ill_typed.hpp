#pragma once

namespace shardtype {

namespace detail {
/// What is known of something ill typed: any comparison holds, so that a user's own asserts do not repeat the error.
struct anything {
    template <class T>
    constexpr bool operator==(T const&) const {
        return true;
    }
    template <class T>
    constexpr bool operator<(T const&) const {
        return true;
    }
    template <class T>
    constexpr bool operator>(T const&) const {
        return true;
    }
    template <class T>
    constexpr bool operator<=(T const&) const {
        return true;
    }
    template <class T>
    constexpr bool operator>=(T const&) const {
        return true;
    }
};
}  // namespace detail

/// What a failed operation returns; operations that take it stay silent, and so does what is asserted of its members: one
/// mistake prints once.
struct ill_typed {
    static constexpr bool failed = true;  ///< what the others look for
    /// Equal to whatever it is compared with, and so are the others.
    /// @{
    static constexpr detail::anything local_shape{};
    static constexpr detail::anything bytes{};
    static constexpr detail::anything local_bytes{};
    static constexpr detail::anything local_count{};
    /// @}
};

}  // namespace shardtype
