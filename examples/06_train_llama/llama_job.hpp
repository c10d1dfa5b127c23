#pragma once

#include <type_traits>

#include <shardtype/runtime.hpp>

#include "layout_spec.hpp"

namespace st = shardtype;

/// The job that a layout's text stands for: `llama_job<"dp_shard=2,tp=4">`.
template <st::fixed_string Text>
struct llama_job {
    static constexpr layout_spec spec = layout_spec::parse(Text.data);
    static_assert(spec.recompute <= st::llama3_debug.layers, "recompute=N: one block in N, of 6");
    static_assert(spec.valid, "not a layout; e.g. dp_shard=2,tp=4 or tp=8,plain,seq_len=512,global_batch_size=16");

    template <bool There, class Item>
    using optional = std::conditional_t<There, st::type_list<Item>, st::type_list<>>;
    template <class Replicate, class Shard, class Tensor>
    static constexpr auto collect() {
        return st::detail::concat_t<optional<(spec.dp_replicate > 0), Replicate>, optional<(spec.dp_shard > 0), Shard>,
                                    optional<(spec.tp > 0), Tensor>>{};
    }
    template <class... Axes>
    static st::mesh<Axes...> as_mesh(st::type_list<Axes...>);
    template <class... Roles>
    static st::strategy<Roles...> as_strategy(st::type_list<Roles...>);

    using replicate = st::dp_replicate<static_cast<int>(spec.dp_replicate > 0 ? spec.dp_replicate : 1)>;
    using shard = st::dp_shard<static_cast<int>(spec.dp_shard > 0 ? spec.dp_shard : 1)>;
    using tensor = st::tp<static_cast<int>(spec.tp > 0 ? spec.tp : 1)>;

    using mesh = decltype(as_mesh(collect<replicate, shard, tensor>()));
    static constexpr int blocks = spec.recompute > 1 ? static_cast<int>(st::llama3_debug.layers / spec.recompute)
                                                     : -static_cast<int>(spec.recompute);
    using roles =
        decltype(collect<st::ddp<replicate>,
                         typename st::detail::sharded<shard, static_cast<int>(spec.zero_stage)>::type,
                         std::conditional_t<spec.plain, st::tensor_parallel<tensor>, st::sequence_parallel<tensor>>>());
    using strategy = decltype(as_strategy(
        st::detail::concat_t<roles, typename st::detail::recomputed<blocks>::type>{}));  // -1: all blocks
    using compute = std::conditional_t<spec.bfloat16, st::bf16, float>;
    using model = st::llama<st::llama3_debug>;
    static constexpr st::batch_shape batch{.global = spec.global_batch_size,
                                           .sequence = spec.seq_len,
                                           .micro_batches = static_cast<int>(spec.micro_batches)};
};
