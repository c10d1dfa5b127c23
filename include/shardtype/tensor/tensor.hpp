#pragma once

#include <shardtype/base/type_list.hpp>
#include <shardtype/tensor/checks.hpp>
#include <shardtype/tensor/from_layout.hpp>
#include <shardtype/tensor/ill_typed.hpp>
#include <shardtype/tensor/layout.hpp>
#include <shardtype/tensor/shape.hpp>
#include <shardtype/tensor/spelling.hpp>

namespace shardtype {

/// A tensor over a mesh, as a type without data: element type, global shape, and its placement on every mesh axis
/// (an axis that is not named is invariant). Using it checks it. The members are those of the specialisation below.
/// @pre canonical spelling [ST-P101], each axis once [ST-P102], dimensions in range [ST-P103], even parts [ST-T201]
/// @pre element and placements are known [ST-T202], axes are the mesh's [ST-M003], extents are at least 1 [ST-T203]
/// @snippet 01_mesh_and_tensor.cpp tensor
/// @snippet 01_mesh_and_tensor.cpp two_axes
template <class T, class Shape, class Mesh, class... Placements>
struct tensor {
    static_assert(sizeof(ST_T202<tensor>) != 0);
};

/// A tensor type and what follows from it. All members are constants; an object of it is empty.
template <class T, long... Extents, class... Axes, class... Placements>
struct tensor<T, shape<Extents...>, mesh<Axes...>, Placements...> {
    using element = T;                     ///< float, double, bf16 or int
    using shape_type = shape<Extents...>;  ///< global
    using mesh_type = mesh<Axes...>;       ///< as written

  private:
    using spelling_type = detail::spelled<T, shape_type, mesh_type, Placements...>;
    static constexpr detail::spelling spelling_ = spelling_type::result;

    template <class... A>
    static constexpr bool known(type_list<A...>) {
        return detail::all_checked<decltype(detail::check_known<A, mesh_type>())...>;
    }
    static constexpr bool check() {
        if constexpr (!is_element<T> || sizeof...(Extents) > max_rank ||
                      !(true && ... && detail::speller<Placements>::known)) {
            (void)sizeof(ST_T202<tensor>);
        } else {
            (known(detail::axes_of<detail::on_mesh<mesh_type, Placements>>{}), ...);
            constexpr layout_fault fault = fault_of(spelling_.value);
            if constexpr (spelling_.fault == code::axis_placed_twice) {
                (void)sizeof(ST_P102<typename mesh_type::template axis_at<spelling_.axis>, tensor>);
            } else if constexpr (fault.what == code::shard_dimension) {
                (void)sizeof(ST_P103<fault.dim, typename mesh_type::template axis_at<fault.axis>, tensor>);
            } else if constexpr (spelling_.fault == code::not_canonical) {
                (void)sizeof(ST_P101<detail::from_layout<T, mesh_type, spelling_type>, tensor>);
            } else if constexpr (fault.what == code::extent_below_one) {
                (void)sizeof(ST_T203<fault.dim, tensor>);
            } else if constexpr (fault.what == code::not_divisible) {
                (void)sizeof(ST_T201<fault.dim, spelling_.value.extent[fault.dim], spelling_.value.parts(fault.dim),
                                     typename mesh_type::template axis_at<fault.axis>, tensor>);
            }
        }
        return true;
    }
    static_assert(check());

    template <int... I>
    static constexpr auto local(int_list<I...>) {
        return shape<(I < max_rank ? spelling_.value.local(I < max_rank ? I : 0) : 1)...>{};
    }

  public:
    /// The same as a value, for functions that compute with layouts.
    static constexpr layout value = spelling_.value;
    /// `shape<4096, 14336>` with shard<1, tp> over tp of 4: `shape<4096, 3584>`.
    static constexpr auto local_shape = local(detail::make_ints<static_cast<int>(sizeof...(Extents))>{});
    static constexpr long bytes = value.bytes();              ///< of the whole tensor
    static constexpr long local_bytes = value.local_bytes();  ///< that one rank holds, with padding
    static constexpr long local_count = value.local_count();  ///< elements that one rank holds, with padding

    /// The first global index along `dim` that `rank` holds.
    static constexpr long offset(int rank, int dim) {
        int coordinate[max_axes]{};
        for (int a = 0; a < mesh_type::axes; ++a) coordinate[a] = mesh_type::coordinate(rank, a);
        return value.offset(dim, coordinate);
    }
    /// How many indices along `dim` are real on `rank`, the others of a padded shard being zeros behind them.
    static constexpr long real(int rank, int dim) {
        int coordinate[max_axes]{};
        for (int a = 0; a < mesh_type::axes; ++a) coordinate[a] = mesh_type::coordinate(rank, a);
        return value.real(dim, coordinate);
    }
};

/// Whether X is a `tensor<...>`.
template <class X>
inline constexpr bool is_tensor = false;
template <class T, class Shape, class Mesh, class... P>
inline constexpr bool is_tensor<tensor<T, Shape, Mesh, P...>> = true;

/// The tensor type of a layout value: Holder::value on Mesh with elements T, spelled canonically.
template <class T, class Mesh, class Holder>
using tensor_of = detail::from_layout<T, Mesh, Holder>;

/// The type of the gradient of X: same shape, dual placements.
template <class X>
struct gradient {
    /// Has the dual layout, in the form that `tensor_of` takes.
    struct holder {
        static constexpr layout value = dual(X::value);  ///< every placement replaced by its dual
    };
    using type = tensor_of<typename X::element, typename X::mesh_type, holder>;  ///< the gradient's type
};
/// Of what is ill typed, the same.
template <>
struct gradient<ill_typed> {
    using type = ill_typed;  ///< the gradient's type
};
template <>
struct gradient<ill_typed const> : gradient<ill_typed> {};
/// Short for `gradient<X>::type`.
template <class X>
using gradient_t = typename gradient<X>::type;

}  // namespace shardtype
