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

/// What stands for an element, and for memory or a communicator of something ill typed. No program that has one compiles,
/// so none runs.
/// @{
struct any_element {
    constexpr operator double() const { return 0; }                         // NOLINT: implicit on purpose, as all of it
    constexpr any_element const& operator=(double) const { return *this; }  // NOLINT
    constexpr any_element const& operator+=(double) const { return *this; }
    constexpr any_element const& operator-=(double) const { return *this; }
    constexpr any_element const& operator*=(double) const { return *this; }
};
struct any_memory {
    template <class T>
    constexpr operator T*() const {  // NOLINT
        return nullptr;
    }
    constexpr any_element operator*() const { return {}; }
    constexpr any_element operator[](long) const { return {}; }
    constexpr any_memory operator+(long) const { return {}; }
    constexpr any_element const* begin() const { return nullptr; }
    constexpr any_element const* end() const { return nullptr; }
    constexpr any_memory data() const { return {}; }
    constexpr unsigned long size() const { return 0; }
};
/// @}
}  // namespace detail

/// What a failed operation returns; operations that take it stay silent, and so does what is asserted of its members: one
/// mistake prints once. It has the members of a view and of a collective under way, too.
struct ill_typed {
    static constexpr bool failed = true;  ///< what the others look for
    using tensor_type = ill_typed;        ///< as of a view
    /// Equal to whatever it is compared with, and so are the others.
    /// @{
    static constexpr detail::anything local_shape{};
    static constexpr detail::anything bytes{};
    static constexpr detail::anything local_bytes{};
    static constexpr detail::anything local_count{};
    /// @}
    /// As a tuple of gradients.
    template <class I>
    constexpr ill_typed operator[](I const&) const {
        return {};
    }
    /// Of a view: nothing, which is taken for whatever is needed.
    /// @{
    static constexpr detail::any_memory data() { return {}; }
    static constexpr detail::any_memory span() { return {}; }
    static constexpr detail::any_memory communicators() { return {}; }
    template <class Axis>
    static constexpr detail::any_memory on() {
        return {};
    }
    /// @}
    static constexpr ill_typed wait() { return {}; }  ///< of a collective under way
};

}  // namespace shardtype
