#pragma once

#include <stdexcept>
#include <string>

#include <shardtype/ops/view_data.hpp>
#include <shardtype/tensor/runs.hpp>

namespace shardtype {

namespace detail {

/// `dp 1, tp 0`: this rank's coordinates, with `at` in the place of its own on axis number `axis`.
template <class... Axes, class C>
std::string coordinates_text(mesh<Axes...>, C const& communicators, int axis = -1, int at = 0) {
    std::string text;
    int a = 0;
    ((text += (a > 0 ? ", " : "") + std::string(axis_name<Axes>()) + " " +
              std::to_string(a == axis ? at : axis_communicator(communicators, a).rank()),
      ++a),
     ...);
    return text;
}

/// A number for the layout, so that ranks that take one memory for different tensors are found, too.
constexpr std::uint64_t fingerprint_of(layout const& x) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    auto const mix = [&hash](long word) { hash = (hash ^ static_cast<std::uint64_t>(word)) * 0x100000001b3U; };
    mix(static_cast<long>(x.type));
    for (int d = 0; d < x.rank; ++d) mix(x.extent[d]);
    for (int a = 0; a < x.axes; ++a) mix((static_cast<long>(x.on[a].is) * 256 + x.on[a].dim) * 256 + x.on[a].order);
    return hash;
}

/// Compares fingerprints along one axis. They travel as floats of 16 bits each, which every communicator can gather.
template <class Axis, class Tensor, class C>
void verify_axis(C const& communicators, std::uint64_t of_layout, std::uint64_t of_data) {
    constexpr int axis = Tensor::mesh_type::template find<Axis>();
    constexpr kind placed = Tensor::value.on[axis].is;
    constexpr bool equal = placed == kind::replicate || placed == kind::invariant;
    if constexpr (Axis::size > 1) {
        constexpr int words = 4;
        float mine[2 * words], all[2 * words * Axis::size];
        for (int i = 0; i < words; ++i) {
            mine[i] = static_cast<float>(of_layout >> (16 * i) & 0xffffU);
            mine[words + i] = equal ? static_cast<float>(of_data >> (16 * i) & 0xffffU) : 0.0F;
        }
        axis_communicator(communicators, axis).all_gather(mine, all, 1L, 2L * words);
        for (int r = 1; r < Axis::size; ++r)
            for (int i = 0; i < 2 * words; ++i) {
                if (all[2 * words * r + i] == all[i]) continue;
                std::string const rank =
                    "the rank at " + coordinates_text(typename Tensor::mesh_type{}, communicators, axis, r);
                std::string const name = axis_name<Axis>();
                if (i < words)
                    throw std::runtime_error("verify: " + rank + " has a view of another tensor than " + name + " 0");
                throw std::runtime_error(std::string("verify: the tensor is ") +
                                         (placed == kind::replicate ? "replicate" : "invariant") + " on " + name +
                                         ", but " + rank + " holds other numbers than " + name + " 0");
            }
    }
}

template <class Tensor, class C, class... Axes>
void verify_axes(C const& communicators, std::uint64_t of_layout, std::uint64_t of_data, mesh<Axes...>) {
    (verify_axis<Axes, Tensor>(communicators, of_layout, of_data), ...);
}

/// Whether what pads this rank's part is zero: here alone, no other rank takes part.
template <class Tensor, class C, class T>
void verify_padding(C const& communicators, T const* data) {
    using mesh_type = typename Tensor::mesh_type;
    int coordinate[max_axes]{};
    for (int a = 0; a < mesh_type::axes; ++a) coordinate[a] = axis_communicator(communicators, a).rank();
    long seen = 0;
    auto const require_zeros = [&](long until) {
        long const at = view_memory<C>::first_not_zero(communicators, data + seen, until - seen);
        if (at >= 0)
            throw std::runtime_error("verify: the padding of the rank at " +
                                     coordinates_text(mesh_type{}, communicators) + " is not zero, at its element " +
                                     std::to_string(seen + at));
    };
    for_each_run(Tensor::value, coordinate, [&](long, long here, long count) {
        require_zeros(here);
        seen = here + count;
    });
    require_zeros(Tensor::local_count);
}

}  // namespace detail

/// Checks the caller's word as far as other ranks can tell: on each axis all ranks view the same tensor, and where it
/// is replicate or invariant they hold the same bits; and that what pads a padded shard is zero. What else a shard or a
/// summand holds, nobody else knows.
/// A collective: every rank of the mesh calls it, at the same place of its program. Reads the data once and sends 32
/// bytes per axis; allocates nothing unless it fails.
/// @throws std::runtime_error with the axis and the coordinates of the first rank that differs, on all ranks of its group; for padding on
/// the rank that has it
/// @snippet 08_own_trainer.cpp verify
template <class Tensor, class C, class Element>
void verify(tensor_view<Tensor, C, Element> const& x) {
    std::uint64_t const of_layout = detail::fingerprint_of(Tensor::value);
    std::uint64_t const of_data =
        view_memory<C>::fingerprint(x.communicators(), x.data(), Tensor::local_bytes, of_layout);
    detail::verify_axes<Tensor>(x.communicators(), of_layout, of_data, typename Tensor::mesh_type{});
    if constexpr (Tensor::value.padded_axis() >= 0) detail::verify_padding<Tensor>(x.communicators(), x.data());
}

}  // namespace shardtype
