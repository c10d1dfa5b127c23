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

/// A job: a layout, and what is trained (`Size::model`, `Size::batch`).
template <class Layout, class Size, class Element = float>
struct job {
    using mesh = typename Layout::mesh;
    using strategy = typename Layout::strategy;
    using model = typename Size::model;
    using element = Element;
    static constexpr st::batch_shape batch = Size::batch;
    static constexpr char const* name = Layout::name;
};

/// Calls f.template operator()<Layout>() for each.
template <class... Layouts, class F>
void for_each(F f) {
    (f.template operator()<Layouts>(), ...);
}

}  // namespace layouts
