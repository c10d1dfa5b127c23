// GPT-2 as types: its parameters by name and number, and what the layers ask for.

#include <shardtype/shardtype.hpp>

namespace {

namespace st = shardtype;

struct shards final : st::axis<2> {};
struct tensor_ranks final : st::axis<4> {};
using both = st::mesh<shards, tensor_ranks>;

template <class Model, class Mesh, class... Roles>
constexpr st::graph read(long sequence = 1024) {
    return st::read_model<Model>(st::strategy_of<Mesh, st::strategy<Roles...>>, {8, sequence}, st::dtype::f32);
}

constexpr long parameters(st::graph const& g) {
    long n = 0;
    for (short k = 0; k < g.parameter_count; ++k) n += g.parameters[k].stored.count() * g.parameters[k].layers;
    return n;
}
constexpr st::parameter_record find(st::graph const& g, char const* name) {
    st::label wanted;
    wanted.append(name);
    for (short k = 0; k < g.parameter_count; ++k)
        if (st::detail::same_name(g.parameters[k].name, wanted)) return g.parameters[k];
    return {};
}

constexpr st::graph small = read<st::gpt2<st::gpt2_small>, st::mesh<shards>, st::fsdp<shards>>();
static_assert(small.ok());
static_assert(parameters(small) == 124475904);
static_assert(small.parameter_count == 20);  // the head has none of its own
static_assert(find(small, "wte.weight").stored.extent[0] == 50304);
static_assert(find(small, "wpe.weight").stored.extent[0] == 1024);
static_assert(find(small, "h.*.ln_1.bias").layers == 12);
static_assert(find(small, "h.*.attn.c_attn.q.bias").stored.extent[0] == 768);
static_assert(find(small, "h.*.mlp.c_fc.weight").stored.extent[0] == 3072);
static_assert(find(small, "ln_f.bias").stored.extent[0] == 768);
static_assert(find(small, "ln_f.bias").init == st::initialiser{st::init::ones, 0});
static_assert(find(small, "wte.weight").init == st::initialiser{st::init::normal, 0.02});
constexpr double residual_scale = find(small, "h.*.attn.c_proj.weight").init.scale;
static_assert(residual_scale > 0.0040824829 && residual_scale < 0.0040824830);  // 0.02 / sqrt(24)

// Where the parameters of a layer lie: a column-parallel product's bias is split with its rows, a row-parallel one's is
// whole, positions follow the sequence.
constexpr st::graph sequence =
    read<st::gpt2<st::gpt2_small>, both, st::fsdp<shards>, st::sequence_parallel<tensor_ranks>>();
static_assert(sequence.ok());
static_assert(find(sequence, "h.*.mlp.c_fc.bias").used.on[1] == st::on_shard(0));
static_assert(find(sequence, "h.*.mlp.c_proj.bias").used.on[1] == st::on_replicate);
static_assert(find(sequence, "wpe.weight").used.on[1] == st::on_shard(0));
constexpr st::graph tensor =
    read<st::gpt2<st::gpt2_small>, both, st::fsdp<shards>, st::tensor_parallel<tensor_ranks>>();
static_assert(tensor.ok());
static_assert(find(tensor, "h.*.mlp.c_proj.bias").used.on[1] == st::on_invariant);
static_assert(find(tensor, "wpe.weight").used.on[1] == st::on_invariant);

// Layers with strategies of their own: biases lie as the products that they are added to, and the head uses the table as
// the embedding has it stored, whatever its own strategy would store.
constexpr st::graph mixed =
    read<st::gpt2<st::gpt2_small>, both, st::zero1<shards>, st::tensor_parallel<tensor_ranks>,
         st::in_layers<"h.1-2", st::fsdp<shards>, st::sequence_parallel<tensor_ranks>>,
         st::in_layers<"h.1-2.attn", st::zero2<tensor_ranks>>,
         st::in_layers<"lm_head", st::fsdp<shards>, st::sequence_parallel<tensor_ranks>, st::recompute>>();
static_assert(mixed.ok());
static_assert(mixed.parameter_count == 4 + 3 * 16);  // the blocks before, in and behind the range
static_assert(mixed.parameter_names == 20 && parameters(mixed) == 124475904);
/// The parameter of the run of blocks that begins with `first`.
constexpr st::parameter_record find(st::graph const& g, char const* name, int first) {
    st::label wanted;
    wanted.append(name);
    for (short k = 0; k < g.parameter_count; ++k)
        if (st::detail::same_name(g.parameters[k].name, wanted) && g.parameters[k].first_layer == first)
            return g.parameters[k];
    return {};
}
static_assert(find(mixed, "h.*.ln_2.bias", 0).layers == 1 && find(mixed, "h.*.ln_2.bias", 1).layers == 2 &&
              find(mixed, "h.*.ln_2.bias", 3).layers == 9);
static_assert(find(mixed, "h.*.ln_2.bias", 1).number == find(mixed, "h.*.ln_2.bias", 3).number);
static_assert(find(mixed, "h.*.ln_2.bias", 1).number != find(mixed, "h.*.ln_2.weight", 1).number);
static_assert(find(mixed, "h.*.ln_2.bias", 0).used.on[1] == st::on_invariant);
static_assert(find(mixed, "h.*.ln_2.bias", 1).used.on[1] == st::on_replicate);  // tokens are split there
static_assert(find(mixed, "h.*.attn.c_attn.q.bias", 0).used.on[1] == st::on_shard(0));
static_assert(find(mixed, "h.*.attn.c_attn.q.bias", 1).used.on[1] == st::on_replicate);
static_assert(find(mixed, "h.*.attn.c_attn.q.bias", 1).stored.on[1].is == st::kind::shard);
static_assert(find(mixed, "h.*.attn.c_attn.q.bias", 1).gathers_once == 0b10);
static_assert(find(mixed, "h.*.mlp.c_fc.bias", 0).gathers_once == 0b01);
static_assert(find(mixed, "h.*.mlp.c_fc.bias", 1).gathers_once == 0);
static_assert(find(mixed, "wte.weight").gathers_once == 0b01);  // the head's fsdp stores nothing
constexpr int uses_of_the_table(st::graph const& g) {
    int n = 0;
    for (short v = 0; v < g.value_count; ++v)
        n += g.values[v].parameter >= 0 &&
             st::detail::same_name(g.parameters[g.values[v].parameter].name, find(g, "wte.weight").name);
    return n;
}
static_assert(uses_of_the_table(mixed) == 2);

// What cannot be.
static_assert(read<st::gpt2<st::gpt2_small>, st::mesh<shards>, st::fsdp<shards>>(512).says.what ==
              st::code::positions_of_rows);  // a table of 1024
static_assert(
    read<st::gpt2<st::gpt2_config{768, 2, 6, 256, 64}>, both, st::fsdp<shards>, st::tensor_parallel<tensor_ranks>>(64)
        .says.what == st::code::layer_not_divisible);  // six heads over four ranks
static_assert(read<st::gpt2<st::gpt2_config{768, 2, 7, 256, 64}>, st::mesh<shards>, st::fsdp<shards>>(64).says.what ==
              st::code::head_dimension);
using without_table = st::chain<st::named<"wte", st::embedding<64, 32>>, st::tied_linear<"wpe">, st::cross_entropy>;
static_assert(read<without_table, st::mesh<shards>, st::fsdp<shards>>(64).says.what == st::code::tied_parameter);

// An axis splits the table for both of its layers or for neither [ST-S620]; the error names it and that axis.
template <class... Roles>
constexpr st::graph small_on_both = read<st::gpt2<st::gpt2_config{64, 2, 4, 256, 64}>, both, Roles...>(64);
constexpr bool refuses_the_table(st::graph const& g, int axis) {
    return g.says.what == st::code::tied_parameter && g.says.axis == axis &&
           st::detail::same_name(g.failed_in, find(small, "wte.weight").name);
}
static_assert(refuses_the_table(
    small_on_both<st::fsdp<shards>, st::tensor_parallel<tensor_ranks>, st::in_layers<"lm_head", st::ddp<tensor_ranks>>>,
    1));
static_assert(refuses_the_table(
    small_on_both<st::fsdp<shards>, st::ddp<tensor_ranks>, st::in_layers<"lm_head", st::tensor_parallel<tensor_ranks>>>,
    1));
static_assert(refuses_the_table(small_on_both<st::fsdp<shards>, st::tensor_parallel<tensor_ranks>,
                                              st::in_layers<"wte", st::sequence_parallel<shards>>>,
                                0));
template <class Role>
constexpr bool takes_the_head =
    small_on_both<st::fsdp<shards>, st::zero1<tensor_ranks>, st::in_layers<"lm_head", Role>>.ok();
static_assert(takes_the_head<st::ddp<tensor_ranks>> && takes_the_head<st::zero2<tensor_ranks>> &&
              takes_the_head<st::fsdp<tensor_ranks>> && !takes_the_head<st::sequence_parallel<tensor_ranks>>);

// A bias on a partial sum would count once per rank.
template <class... X>
constexpr bool takes = st::can<st::rules::bias, X...>;
using mesh = st::mesh<tensor_ranks>;
template <class Placement>
using activation = st::tensor<float, st::shape<8, 16, 64>, mesh, Placement>;
template <class Placement>
using row = st::tensor<float, st::shape<64>, mesh, Placement>;
static_assert(!takes<activation<st::partial<tensor_ranks>>, row<st::replicate<tensor_ranks>>>);
static_assert(!takes<activation<st::partial<tensor_ranks>>, row<st::shard<0, tensor_ranks>>>);
static_assert(takes<activation<st::partial<tensor_ranks>>, row<st::partial<tensor_ranks>>>);
static_assert(takes<activation<st::shard<2, tensor_ranks>>, row<st::shard<0, tensor_ranks>>>);
static_assert(takes<activation<st::shard<1, tensor_ranks>>, row<st::replicate<tensor_ranks>>>);

}  // namespace
