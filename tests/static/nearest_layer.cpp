// The layer that an `in_layers` of a name that no layer has was probably meant for: what [ST-S618] says to write.

#include <shardtype/shardtype.hpp>

namespace {

namespace st = shardtype;

struct shards final : st::axis<2> {};
using model = st::llama<st::llama_config{64, 6, 4, 4, 96, 128, 500000}>;

template <st::fixed_string Layers>
constexpr st::graph read = st::read_model<model>(
    st::strategy_of<st::mesh<shards>, st::strategy<st::fsdp<shards>, st::in_layers<Layers>>>, {8, 16}, st::dtype::f32);

template <st::fixed_string Written, st::fixed_string Meant>
constexpr bool means() {
    st::label written, meant;
    written.append(Written.data);
    meant.append(Meant.data);
    st::graph const& g = read<Written>;
    return g.says.what == st::code::layers_unknown && st::detail::same_name(g.failed_in, written) &&
           st::detail::same_name(g.instead.name, meant);
}

static_assert(read<"layers.0-2.attention">.ok());
static_assert(means<"outputs", "output">());
static_assert(means<"layer.3", "layers.3">());
static_assert(means<"layers.0-2.atention", "layers.0-2.attention">());
static_assert(means<"layers.*.feedforward", "layers.*.feed_forward">());
static_assert(means<"attention", "layers.*.attention">());
static_assert(means<"layers.attention", "layers.*.attention">());
static_assert(means<"layers.0.attention.wq", "layers.0.attention">());  // wq is a parameter

// The name is right, the trips are not: the repeat has six.
static_assert(means<"layers.6.attention", "layers.5.attention">());
static_assert(means<"layers.7", "layers.5">());
static_assert(means<"layers.5-6", "layers.5">());
static_assert(means<"layers.4-11.feed_forward", "layers.4-5.feed_forward">());
static_assert(means<"layers.6-11", "layers.0-5">());

// Nothing is near: what begins alike, or is formed alike, or the first.
static_assert(means<"layers.0-1.attn", "layers.0-1.attention">());
static_assert(means<"h.0-7.mlp", "layers.0-5.attention_norm">());
static_assert(means<"blocks.1-2", "layers.1-2">());
static_assert(means<"model.layers.3.attention", "layers.3.attention">());
static_assert(means<"heat", "tok_embeddings">());

}  // namespace
