#pragma once

#include <shardtype/mesh/mesh.hpp>
#include <shardtype/model/strategy.hpp>

namespace shardtype::detail {

template <bool There, class List>
struct list_if {
    using type = type_list<>;
};
template <class List>
struct list_if<true, List> {
    using type = List;
};

template <class... Axes>
constexpr mesh<Axes...> as_mesh(type_list<Axes...>) {
    return {};
}
template <class... Roles>
constexpr shardtype::strategy<Roles...> as_strategy(type_list<Roles...>) {
    return {};
}

/// The tensor axis of a mesh, in two parts where kv heads are split over the first one only.
template <int Tensors, int KvParts>
struct tensor_axes {
    using type = type_list<major<tp<Tensors>, KvParts>, minor<tp<Tensors>, KvParts>>;
};
template <int Tensors, int KvParts>
    requires(KvParts == 1 || KvParts == Tensors)
struct tensor_axes<Tensors, KvParts> {
    using type = type_list<tp<Tensors>>;
};

/// `layers.0-2`, the first three trips of the repeat called `layers`, as `in_layers` names them.
constexpr label first_blocks_name(int blocks) {
    char trips[8] = "0-";
    int size = 2;
    for (int ten = 10000; ten > 0; ten /= 10)
        if ((blocks - 1) / ten > 0 || ten == 1) trips[size++] = static_cast<char>('0' + (blocks - 1) / ten % 10);
    label name;
    name.append("layers");
    name.append(trips);
    return name;
}
/// Other roles for the first blocks: `in_layers` whose name has a number.
template <int Blocks, class... Roles>
struct first_blocks {
    using roles = type_list<Roles...>;
    static constexpr label layers() { return first_blocks_name(Blocks); }
};

/// What recomputes so many of a model's blocks: all of them with -1.
template <int Blocks>
struct recomputed {
    using type = type_list<first_blocks<Blocks, recompute>>;
};
template <>
struct recomputed<0> {
    using type = type_list<>;
};
template <>
struct recomputed<-1> {
    using type = type_list<recompute>;
};

/// The role of the sharded axis in a ZeRO stage.
template <class Axis, int Stage>
struct sharded {
    using type = fsdp<Axis>;
};
template <class Axis>
struct sharded<Axis, 2> {
    using type = zero2<Axis>;
};
template <class Axis>
struct sharded<Axis, 1> {
    using type = zero1<Axis>;
};

/// The type of activations and used weights.
template <bool Bfloat16>
struct compute_type {
    using type = float;
};
template <>
struct compute_type<true> {
    using type = bf16;
};

/// Keyed on sizes, not on the job: nvcc's front end loses the names of member types of what is keyed on one.
template <int Replicas, int Shards, int Tensors, int KvParts, int Stage = 3, int Recomputed = 0>
struct job_axes {
    template <class A, class B, class Tensor>
    using there =
        concat_t<typename list_if<(Replicas > 1), type_list<A>>::type,
                 typename list_if<(Shards > 1), type_list<B>>::type, typename list_if<(Tensors > 1), Tensor>::type>;
    static constexpr bool alone = Replicas * Shards * Tensors == 1;  // and a mesh has an axis
    using axes = concat_t<there<dp_replicate<Replicas>, dp_shard<Shards>, typename tensor_axes<Tensors, KvParts>::type>,
                          typename list_if<alone, type_list<dp_shard<1>>>::type>;

    using mesh = decltype(as_mesh(axes{}));
    using strategy = decltype(as_strategy(
        concat_t<there<ddp<dp_replicate<Replicas>>, typename sharded<dp_shard<Shards>, Stage>::type,
                       type_list<sequence_parallel<tp<Tensors>>>>,
                 typename recomputed<Recomputed>::type>{}));
};

}  // namespace shardtype::detail
