#pragma once

#include <shardtype/base/type_list.hpp>

namespace shardtype {

// One struct per numbered fault of a tensor type. Plain text in the assert, the user's names in the arguments.

template <class Canonical, class Written>
struct ST_P101 {
    static_assert(
        never<Canonical>,
        "[ST-P101] placements are not in canonical order: one shard<dim, major..., minor> per dimension, by "
        "dimension (padded_shard where its parts are uneven), then replicate<...>, then partial<...>, those in the "
        "order of the mesh, whose divided axes are written as their parts: write ST_P101<canonical, written>'s first "
        "argument");
};
template <class Axis, class Written>
struct ST_P102 {
    static_assert(never<Axis>, "[ST-P102] an axis is placed twice in one tensor: see ST_P102<axis, tensor>");
};
template <int Dim, class Axis, class Written>
struct ST_P103 {
    static_assert(never<Axis>,
                  "[ST-P103] the shard's dimension is not one of the tensor's: see ST_P103<dimension, axis, tensor>");
};
template <int Dim, long Extent, long Parts, class Axis, class Written>
struct ST_T201 {
    static_assert(
        never<Axis>,
        "[ST-T201] a dimension does not divide evenly over its axes: see ST_T201<dimension, extent, parts, axis, "
        "tensor>; choose a multiple, fewer devices on the axis, or another dimension; for stored state there is "
        "padded_shard, whose minor axis may leave a rest");
};
template <class Written>
struct ST_T202 {
    static_assert(
        never<Written>,
        "[ST-T202] not a tensor: tensor<element, shape<...>, mesh<...>, placements...> of at most 4 dimensions, "
        "elements float, double, bf16 or int, placements shard, padded_shard, replicate, partial; constant<...> of one "
        "with a gradient");
};
template <int Dim, class Written>
struct ST_T203 {
    static_assert(
        never<Written>,
        "[ST-T203] an extent is below 1: see ST_T203<dimension, tensor>; a dimension has at least one element");
};

}  // namespace shardtype
