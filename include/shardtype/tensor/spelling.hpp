#pragma once

#include <shardtype/base/type_list.hpp>
#include <shardtype/tensor/from_layout.hpp>
#include <shardtype/tensor/layout.hpp>
#include <shardtype/tensor/shape.hpp>

namespace shardtype {

namespace detail {

/// Reads a list of placement types into a layout; `fault` is the first thing wrong with the spelling.
struct spelling {
    layout value{};
    code fault = code::ok;
    int axis = -1;
    int last = -1;

    constexpr void found(code what, int at) {
        if (fault == code::ok) fault = what, axis = at;
    }
    constexpr void place(placement p, int a) {
        if (a < 0) return;  // reported by detail::check_known
        if (seen[a]) return found(code::axis_placed_twice, a);
        seen[a] = true;
        value.on[a] = p;
    }
    constexpr void group(int key, int axes) {
        if (key <= last || axes == 0) found(code::not_canonical, -1);
        last = key;
    }
    /// A shard's axes, the major one first. Two lists of one dimension are read as one.
    constexpr void list(int dim, bool padded, int count, int const* axes) {
        group(dim, count);
        placement p = on_shard(dim);
        p.order = static_cast<signed char>(value.shards(p.dim));
        for (int i = 0; i < count; ++i, ++p.order) {
            p.padded = padded && i == count - 1;
            place(p, axes[i]);
        }
    }
    /// Axes whose order means nothing: the mesh's.
    constexpr void set(int key, placement p, int count, int const* axes) {
        group(key, count);
        for (int i = 0; i < count; ++i) {
            if (i > 0 && axes[i] < axes[i - 1]) found(code::not_canonical, -1);
            place(p, axes[i]);
        }
    }
    constexpr void finish() {
        if (value.padded_axis() < 0) return;
        layout const padded = with_padding_in_place(value);
        if (!(padded == value)) found(code::not_canonical, -1);
        value = padded;
    }
    bool seen[max_axes]{};
};

/// A placement's axes as a type_list.
template <class Placement>
struct axes_in {
    using type = type_list<>;
};
template <template <class...> class Placement, class... Axes>
struct axes_in<Placement<Axes...>> {
    using type = type_list<Axes...>;
};
template <int Dim, class... Axes>
struct axes_in<shard<Dim, Axes...>> {
    using type = type_list<Axes...>;
};
template <int Dim, class... Axes>
struct axes_in<padded_shard<Dim, Axes...>> {
    using type = type_list<Axes...>;
};
template <class Placement>
using axes_of = typename axes_in<Placement>::type;

template <class Placement>
struct speller {
    static constexpr bool known = false;
    template <class Mesh>
    static constexpr void add(spelling&) {}
};
template <int Dim, class... Axes>
struct speller<shard<Dim, Axes...>> {
    static constexpr bool known = true;
    template <class Mesh>
    static constexpr void add(spelling& s) {
        int const at[] = {Mesh::template find<Axes>()..., -1};
        s.list(Dim, false, static_cast<int>(sizeof...(Axes)), at);
    }
};
template <int Dim, class... Axes>
struct speller<padded_shard<Dim, Axes...>> {
    static constexpr bool known = true;
    template <class Mesh>
    static constexpr void add(spelling& s) {
        int const at[] = {Mesh::template find<Axes>()..., -1};
        s.list(Dim, true, static_cast<int>(sizeof...(Axes)), at);
    }
};
template <class... Axes>
struct speller<replicate<Axes...>> {
    static constexpr bool known = true;
    template <class Mesh>
    static constexpr void add(spelling& s) {
        int const at[] = {Mesh::template find<Axes>()..., -1};
        s.set(1000, on_replicate, static_cast<int>(sizeof...(Axes)), at);
    }
};
template <class... Axes>
struct speller<partial<Axes...>> {
    static constexpr bool known = true;
    template <class Mesh>
    static constexpr void add(spelling& s) {
        int const at[] = {Mesh::template find<Axes>()..., -1};
        s.set(1001, on_partial, static_cast<int>(sizeof...(Axes)), at);
    }
};

/// A placement as the mesh has it: an axis that is divided there stands for its parts.
template <class Mesh, class Placement, bool Divided = Mesh::divided>
struct expanded {
    using type = Placement;
};
template <class Mesh, template <class...> class Placement, class... Axes>
struct expanded<Mesh, Placement<Axes...>, true> {
    template <class... A>
    static Placement<A...> with(type_list<A...>);
    using type = decltype(with(concat_t<typename Mesh::template parts_of<Axes>...>{}));
};
template <class Mesh, int Dim, class... Axes>
struct expanded<Mesh, shard<Dim, Axes...>, true> {
    template <class... A>
    static shard<Dim, A...> with(type_list<A...>);
    using type = decltype(with(concat_t<typename Mesh::template parts_of<Axes>...>{}));
};
template <class Mesh, int Dim, class... Axes>
struct expanded<Mesh, padded_shard<Dim, Axes...>, true> {
    template <class... A>
    static padded_shard<Dim, A...> with(type_list<A...>);
    using type = decltype(with(concat_t<typename Mesh::template parts_of<Axes>...>{}));
};
template <class Mesh, class Placement>
using on_mesh = typename expanded<Mesh, Placement>::type;

template <class T, class Shape, class Mesh, class... Placements>
struct spelled;
template <class T, long... Extents, class... Axes, class... Placements>
struct spelled<T, shape<Extents...>, mesh<Axes...>, Placements...> {
    using mesh_type = mesh<Axes...>;
    static constexpr spelling read() {
        spelling s;
        s.value.type = dtype_of<T>;
        s.value.rank = static_cast<int>(sizeof...(Extents));
        s.value.axes = mesh_type::axes;
        int d = 0;
        ((s.value.extent[d < max_rank ? d : 0] = Extents, ++d), ...);
        for (int a = 0; a < max_axes; ++a) s.value.axis_size[a] = mesh_type::axis_size[a];
        (speller<on_mesh<mesh_type, Placements>>::template add<mesh_type>(s), ...);
        if constexpr (mesh_type::divided)
            if (!(true && ... && same<on_mesh<mesh_type, Placements>, Placements>)) s.found(code::not_canonical, -1);
        s.finish();
        return s;
    }
    static constexpr spelling result = read();
    static constexpr layout value = result.value;
};

}  // namespace detail
}  // namespace shardtype
