#pragma once

#include <shardtype/shardtype.hpp>

/// The layouts under which the tests train one model: a mesh, what each axis is used for, and a name to print.
namespace layouts {

namespace st = shardtype;

struct one {
    static constexpr char const* name = "[1]";
    using mesh = st::mesh<st::dp_shard<1>>;
    using strategy = st::strategy<st::fsdp<st::dp_shard<1>>>;
};
struct fsdp_8 {
    static constexpr char const* name = "[8] fsdp";
    using mesh = st::mesh<st::dp_shard<8>>;
    using strategy = st::strategy<st::fsdp<st::dp_shard<8>>>;
};
struct ddp_8 {
    static constexpr char const* name = "[8] ddp";
    using mesh = st::mesh<st::dp_replicate<8>>;
    using strategy = st::strategy<st::ddp<st::dp_replicate<8>>>;
};
struct tp_4 {
    static constexpr char const* name = "[4] tp";
    using mesh = st::mesh<st::tp<4>>;
    using strategy = st::strategy<st::tensor_parallel<st::tp<4>>>;
};
struct sp_4 {
    static constexpr char const* name = "[4] tp, sequence parallel";
    using mesh = st::mesh<st::tp<4>>;
    using strategy = st::strategy<st::sequence_parallel<st::tp<4>>>;
};
struct fsdp_2_tp_4 {
    static constexpr char const* name = "[2, 4] fsdp, tp";
    using mesh = st::mesh<st::dp_shard<2>, st::tp<4>>;
    using strategy = st::strategy<st::fsdp<st::dp_shard<2>>, st::tensor_parallel<st::tp<4>>>;
};
struct fsdp_2_sp_4 {
    static constexpr char const* name = "[2, 4] fsdp, tp sequence parallel";
    using mesh = st::mesh<st::dp_shard<2>, st::tp<4>>;
    using strategy = st::strategy<st::fsdp<st::dp_shard<2>>, st::sequence_parallel<st::tp<4>>>;
};
struct fsdp_4_sp_2 {
    static constexpr char const* name = "[4, 2] fsdp, tp sequence parallel";
    using mesh = st::mesh<st::dp_shard<4>, st::tp<2>>;
    using strategy = st::strategy<st::fsdp<st::dp_shard<4>>, st::sequence_parallel<st::tp<2>>>;
};
struct hsdp_2_2_sp_2 {
    static constexpr char const* name = "[2, 2, 2] ddp, fsdp, tp sequence parallel";
    using mesh = st::mesh<st::dp_replicate<2>, st::dp_shard<2>, st::tp<2>>;
    using strategy =
        st::strategy<st::ddp<st::dp_replicate<2>>, st::fsdp<st::dp_shard<2>>, st::sequence_parallel<st::tp<2>>>;
};
/// An axis of four in two parts: two kv heads are split over the major one, the query heads over both.
using kv_part = st::major<st::tp<4>, 2>;
using rest_part = st::minor<st::tp<4>, 2>;
struct divided_tp_4 {
    static constexpr char const* name = "[2 x 2] tp";
    using mesh = st::mesh<kv_part, rest_part>;
    using strategy = st::strategy<st::tensor_parallel<kv_part>, st::tensor_parallel<rest_part>>;
};
struct divided_sp_4 {
    static constexpr char const* name = "[2 x 2] tp, sequence parallel";
    using mesh = st::mesh<kv_part, rest_part>;
    using strategy = st::strategy<st::sequence_parallel<kv_part>, st::sequence_parallel<rest_part>>;
};
struct fsdp_2_divided_sp_4 {
    static constexpr char const* name = "[2, 2 x 2] fsdp, tp sequence parallel";
    using mesh = st::mesh<st::dp_shard<2>, kv_part, rest_part>;
    using strategy = st::strategy<st::fsdp<st::dp_shard<2>>, st::sequence_parallel<st::tp<4>>>;
};

struct zero1_8 {
    static constexpr char const* name = "[8] zero1";
    using mesh = st::mesh<st::dp_shard<8>>;
    using strategy = st::strategy<st::zero1<st::dp_shard<8>>>;
};
struct zero2_8 {
    static constexpr char const* name = "[8] zero2";
    using mesh = st::mesh<st::dp_shard<8>>;
    using strategy = st::strategy<st::zero2<st::dp_shard<8>>>;
};
struct zero1_2_sp_4 {
    static constexpr char const* name = "[2, 4] zero1, tp sequence parallel, 4 micro-batches";
    using mesh = st::mesh<st::dp_shard<2>, st::tp<4>>;
    using strategy = st::strategy<st::zero1<st::dp_shard<2>>, st::sequence_parallel<st::tp<4>>>;
    static constexpr int micro_batches = 4;
};
struct zero2_4_tp_2 {
    static constexpr char const* name = "[4, 2] zero2, tp, recompute, 2 micro-batches";
    using mesh = st::mesh<st::dp_shard<4>, st::tp<2>>;
    using strategy = st::strategy<st::zero2<st::dp_shard<4>>, st::tensor_parallel<st::tp<2>>, st::recompute>;
    static constexpr int micro_batches = 2;
};
struct fsdp_4_recompute {
    static constexpr char const* name = "[4] fsdp, recompute, 2 micro-batches";
    using mesh = st::mesh<st::dp_shard<4>>;
    using strategy = st::strategy<st::fsdp<st::dp_shard<4>>, st::recompute>;
    static constexpr int micro_batches = 2;
};
struct ddp_2_zero1_2_fsdp_2 {
    static constexpr char const* name = "[2, 2, 2] ddp, zero1, fsdp";
    using mesh = st::mesh<st::dp_replicate<2>, st::dp_shard<2>, st::tp<2>>;
    using strategy = st::strategy<st::ddp<st::dp_replicate<2>>, st::zero1<st::dp_shard<2>>, st::fsdp<st::tp<2>>>;
};
/// Layer 0 and the output differ from the rest.
struct mixed_2_4 {
    static constexpr char const* name = "[2, 4] fsdp, tp sequence parallel; layers otherwise";
    using mesh = st::mesh<st::dp_shard<2>, st::tp<4>>;
    using strategy = st::strategy<
        st::fsdp<st::dp_shard<2>>, st::sequence_parallel<st::tp<4>>,
        st::in_layers<"layers.0", st::zero2<st::dp_shard<2>>, st::tensor_parallel<st::tp<4>>, st::recompute>,
        st::in_layers<"layers.1.feed_forward", st::fsdp<st::tp<4>>>, st::in_layers<"output", st::ddp<st::dp_shard<2>>>>;
};

/// A job: a layout, and what is trained (`Size::model`, `Size::batch`).
template <class Layout, class Size, class Element = float>
struct job {
    using mesh = typename Layout::mesh;
    using strategy = typename Layout::strategy;
    using model = typename Size::model;
    using element = Element;
    static constexpr int micro_batches() {
        if constexpr (requires { Layout::micro_batches; }) return Layout::micro_batches;
        return Size::batch.micro_batches;
    }
    static constexpr st::batch_shape batch{Size::batch.global, Size::batch.sequence, micro_batches()};
    static constexpr char const* name = Layout::name;
};

/// Calls f.template operator()<Layout>() for each.
template <class... Layouts, class F>
void for_each(F f) {
    (f.template operator()<Layouts>(), ...);
}

}  // namespace layouts
