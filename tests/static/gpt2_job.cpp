// A GPT-2 whose layers have roles of their own, as the tutorial shows it, and what `in_layers` promises about that.

#include <shardtype/shardtype.hpp>

namespace {

namespace st = shardtype;

//! [job]
struct dp final : st::axis<2> {};
struct tp final : st::axis<2> {};

// What is left out is GPT-2 small's.
constexpr st::gpt2_config my_gpt2{.dim = 64, .layers = 4, .heads = 4, .vocabulary = 256, .sequence = 32};

struct my_job {
    using mesh = st::mesh<dp, tp>;
    using strategy = st::strategy<st::fsdp<dp>, st::tensor_parallel<tp>, st::recompute,
                                  st::in_layers<"wte", st::ddp<dp>>,                      // stored whole
                                  st::in_layers<"h.*.attn", st::sequence_parallel<tp>>,   // in all four blocks
                                  st::in_layers<"h.0-1", st::keep_activations>,           // the first two
                                  st::in_layers<"h.0-1.attn", st::tensor_parallel<tp>>>;  // wins in 0 and 1
    using model = st::gpt2<my_gpt2>;
    static constexpr st::batch_shape batch{.global = 4, .sequence = my_gpt2.sequence};
};
//! [job]

constexpr auto const& g = st::checked<my_job>::value;

/// The parameter of this name whose first trip is `first`.
constexpr st::parameter_record const& parameter(char const* name, int first) {
    st::label wanted;
    wanted.append(name);
    short k = 0;
    while (!st::detail::same_name(g.parameters[k].name, wanted) || g.parameters[k].first_layer != first) ++k;
    return g.parameters[k];
}
constexpr bool splits_rows_of_table() { return parameter("wte.weight", 0).stored.on[0].is == st::kind::shard; }

/// The tokens of a row lie on the ranks of tp between the layers of the attention of the trips from `first` on.
constexpr bool splits_sequence(int first) {
    for (short i = 0; i < g.node_count; ++i) {
        st::node const& n = g.nodes[i];
        if (n.operation != st::id_of<st::rules::bias>) continue;
        short const k = g.values[n.in[1]].parameter;
        if (&g.parameters[k] == &parameter("h.*.attn.c_proj.bias", first))
            return g.at(n.in[0]).on[1].is == st::kind::shard;
    }
    return false;
}

// A role replaces that of the same axis and leaves the others.
static_assert(!splits_rows_of_table());
static_assert(parameter("wpe.weight", 0).stored.on[0].is == st::kind::shard);
static_assert(parameter("h.*.attn.c_proj.weight", 2).stored.on[0].is == st::kind::shard);

// The later of two wins, on the trips that it names; a range is a copy of the block.
static_assert(!splits_sequence(0) && splits_sequence(2));
static_assert(g.loops == 2);

// Trips 0 and 1 keep their activations, within the recomputed model.
constexpr bool recomputes(int first) {
    for (short i = 0; i < g.node_count; ++i)
        for (short const in : g.nodes[i].in)
            if (in >= 0 && g.values[in].parameter >= 0 &&
                &g.parameters[g.values[in].parameter] == &parameter("h.*.mlp.c_fc.weight", first))
                return g.nodes[i].region != 0;
    return false;
}
static_assert(!recomputes(0) && recomputes(2));

static_assert(st::lowered<my_job, st::buffers_only>::accepted);

}  // namespace
