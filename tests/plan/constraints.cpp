// What a plan must keep to: AutoParallel's bound on what a rank stores, memory, pins and placements; and that it is the
// fastest one that does.
#include <shardtype/plan/planner.hpp>
#include <shardtype/plan/predict.hpp>
#include <shardtype/shardtype.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

namespace st = shardtype;

namespace {

constexpr st::llama_config small_llama{
    .dim = 64, .layers = 3, .heads = 8, .kv_heads = 8, .ffn_dim = 128, .vocabulary = 256};
using model = st::llama<small_llama>;
constexpr st::batch_shape rows{.global = 16, .sequence = 64};

struct dp final : st::axis<2> {};
struct tp final : st::axis<4> {};
struct all final : st::axis<8> {};
using two_axes = st::mesh<dp, tp>;
using one_axis = st::mesh<all>;

constexpr st::hardware slow_links() {
    st::hardware h = st::h100_sxm;
    h.overlaps = false;
    h.memory = 1L << 41;  // no bound
    h.launch = 500;
    return h;
}

/// What a job asks for, without a job.
template <class Mesh, class... Parts>
struct asks {
    using mesh = Mesh;
    using pinned = st::strategy<Parts...>;
};
template <class Mesh, class... Placements>
struct asks_input {
    using mesh = Mesh;
    using input = st::type_list<Placements...>;
};
template <class Mesh, class... Placements>
struct asks_output {
    using mesh = Mesh;
    using output = st::type_list<Placements...>;
};

template <class Asks>
st::model_plan plan_for(st::constraints const& bound = {}) {
    using planner_type = st::run_time_planner<model, Asks::mesh::axes>;
    static auto const planner = std::make_unique<planner_type>();
    planner->prepare(st::cluster_of<typename Asks::mesh>(slow_links()), bound, rows, st::dtype::f32, st::dtype::f32);
    st::detail::add_pins<Asks>(planner->of);
    planner->state();
    REQUIRE(planner->assembled.chain.complete);
    st::model_plan plan = planner->find();
    if (plan.optimal)
        CHECK(st::check_certificate(planner->assembled.chain, planner->search.result) == st::certificate_fault::none);
    return plan;
}
template <class Mesh>
st::model_plan plan_on(st::constraints const& bound = {}) {
    return plan_for<asks<Mesh>>(bound);
}

/// Bytes between those of the smallest plan and those of the fastest one.
long some_memory(int tenth) {
    st::constraints bound{.device_memory = 1024, .roles = st::all_roles};
    long const smallest = plan_on<two_axes>(bound).memory;
    bound.device_memory = 1L << 40;
    return smallest + (plan_on<two_axes>(bound).memory - smallest) * tenth / 10;
}

/// The part of its matrices that a rank stores of a layer.
long parts_stored(st::planned_layer const& layer) {
    long n = 1;
    for (int a = 0; a < layer.roles.axes; ++a)
        if (layer.roles.on[a] != st::role::data_parallel) n *= layer.roles.axis_size[a];
    return n;
}
/// A norm has vectors only, which no share is asked of.
bool has_matrices(st::planned_layer const& layer) { return std::string(layer.name.data) != "norm"; }
bool is_of(st::planned_layer const& layer, char const* name) {
    return std::string(layer.name.data).find(name) != std::string::npos;
}

template <class Mesh>
void check_shares(st::constraints const& bound, long least, long most) {
    st::model_plan const plan = plan_on<Mesh>(bound);
    REQUIRE(plan.optimal);
    REQUIRE(plan.layers >= 5);
    for (int i = 0; i < plan.layers; ++i) {
        if (!has_matrices(plan.layer[i])) continue;
        CAPTURE(std::string(plan.layer[i].name.data));
        CHECK(parts_stored(plan.layer[i]) >= least);
        CHECK(parts_stored(plan.layer[i]) <= most);
    }
}

bool splits(st::placement_policy const& p, int a, st::detail::axis_use use) {
    switch (use) {
        case st::detail::axis_use::batch:
            return p.splits_batch(a);
        case st::detail::axis_use::sequence:
            return p.on[a] == st::role::sequence_parallel;
        default:
            return p.on[a] == st::role::tensor_parallel;
    }
}

}  // namespace

TEST_CASE("what a rank stores: DDP, FSDP, HSDP") {
    for (long const memory : {0L, some_memory(9)}) {
        CAPTURE(memory);
        st::constraints bound{.device_memory = memory};
        if (memory == 0) {  // whole parameters do not fit into less
            bound.parameter_memory = {1, 1};
            check_shares<one_axis>(bound, 1, 1);
            check_shares<two_axes>(bound, 1, 1);
        }
        bound.parameter_memory = {};
        check_shares<one_axis>(bound, 8, 8);
        check_shares<two_axes>(bound, 8, 8);
        bound.parameter_memory = {0.25, 0.25};
        check_shares<two_axes>(bound, 4, 4);
        bound.parameter_memory = {0, 0.25};
        check_shares<two_axes>(bound, 4, 8);
        bound.parameter_memory = {0.25, 0.5};
        check_shares<two_axes>(bound, 2, 4);
    }
    // Where parameters are sharded alone, each setting is one layout.
    st::constraints bound{.parameter_memory = {},
                          .roles = st::only(st::role::data_parallel) | st::only(st::role::fully_sharded)};
    st::model_plan const fsdp = plan_on<two_axes>(bound);
    bound.parameter_memory = {0.25, 0.25};
    st::model_plan const hsdp = plan_on<two_axes>(bound);
    bound.parameter_memory = {1, 1};
    st::model_plan const ddp = plan_on<two_axes>(bound);
    for (int i = 0; i < fsdp.layers; ++i)
        if (has_matrices(fsdp.layer[i]))
            for (int a = 0; a < 2; ++a) CHECK(fsdp.layer[i].roles.on[a] == st::role::fully_sharded);
    for (int i = 0; i < hsdp.layers; ++i)
        if (has_matrices(hsdp.layer[i])) {
            CHECK(hsdp.layer[i].roles.on[0] == st::role::data_parallel);
            CHECK(hsdp.layer[i].roles.on[1] == st::role::fully_sharded);
        }
    for (int i = 0; i < ddp.layers; ++i)
        if (has_matrices(ddp.layer[i]))
            for (int a = 0; a < 2; ++a) CHECK(ddp.layer[i].roles.on[a] == st::role::data_parallel);
    CHECK(ddp.memory > hsdp.memory);
    CHECK(hsdp.memory > fsdp.memory);
}

TEST_CASE("memory is kept to, and the smallest plan is the smallest") {
    for (st::memory_share const share : {st::any_share, st::memory_share{0.25, 0.25}, st::memory_share{1, 1}}) {
        st::constraints bound{.parameter_memory = share, .device_memory = 1024};
        st::model_plan const smallest = plan_on<two_axes>(bound);
        REQUIRE(smallest.outcome == st::chain_outcome::infeasible);
        bound.device_memory = smallest.memory - 1024;
        CHECK(plan_on<two_axes>(bound).outcome == st::chain_outcome::infeasible);
        bound.device_memory = 1L << 40;
        st::model_plan const loose = plan_on<two_axes>(bound);
        long before = st::unreachable;
        int plans = 0;
        for (int i = 0; i <= 8; ++i) {
            bound.device_memory = smallest.memory + (loose.memory - smallest.memory) * i / 8;
            st::model_plan const plan = plan_on<two_axes>(bound);
            REQUIRE(plan.optimal);
            CHECK(plan.memory <= bound.device_memory);
            CHECK(plan.time <= before);
            plans += plan.time < before ? 1 : 0;
            before = plan.time;
        }
        CHECK(before == loose.time);
        CHECK(plans > 2);
    }
}

namespace {

/// The fastest of all values of one pin is what the planner finds without it.
struct best_pinned {
    long time = st::unreachable;
    int plans = 0;

    void add(st::model_plan const& plan, char const* layer, int first, int end, int axis, st::role wanted) {
        if (!plan.optimal) return;
        ++plans;
        if (plan.time < time) time = plan.time;
        int seen = 0;
        for (int i = 0; i < plan.layers; ++i) {
            st::planned_layer const& l = plan.layer[i];
            if (!is_of(l, layer) || (l.repeated && (l.first < first || l.first >= end))) continue;
            seen += l.repeated ? l.count : 1;
            if (l.repeated) CHECK(l.first + l.count <= end);
            CHECK(l.roles.on[axis] == wanted);
        }
        CHECK(seen > 0);
    }
};

template <template <class> class Role, class Axis>
void try_role(best_pinned& best, st::constraints const& bound, int axis) {
    constexpr st::role wanted = Role<Axis>::value;
    best.add(plan_for<asks<two_axes, st::in_layers<"layers.0-1.attention", Role<Axis>>>>(bound), "attention", 0, 2,
             axis, wanted);
}
template <template <class> class Role, class Axis>
void try_output(best_pinned& best, st::constraints const& bound, int axis) {
    constexpr st::role wanted = Role<Axis>::value;
    best.add(plan_for<asks<two_axes, st::in_layers<"output", Role<Axis>>>>(bound), "output", 0, 1, axis, wanted);
}

}  // namespace

TEST_CASE("of all roles that can be pinned the best is what is found without a pin") {
    for (long const memory : {1L << 40, some_memory(6), some_memory(2)}) {
        CAPTURE(memory);
        st::constraints const bound{.device_memory = memory, .roles = st::all_roles};
        st::model_plan const free = plan_on<two_axes>(bound);
        REQUIRE(free.optimal);
        best_pinned on_tp, on_dp, output;
        try_role<st::ddp, tp>(on_tp, bound, 1);
        try_role<st::zero1, tp>(on_tp, bound, 1);
        try_role<st::zero2, tp>(on_tp, bound, 1);
        try_role<st::fsdp, tp>(on_tp, bound, 1);
        try_role<st::sequence_parallel, tp>(on_tp, bound, 1);
        try_role<st::tensor_parallel, tp>(on_tp, bound, 1);
        try_role<st::ddp, dp>(on_dp, bound, 0);
        try_role<st::zero1, dp>(on_dp, bound, 0);
        try_role<st::zero2, dp>(on_dp, bound, 0);
        try_role<st::fsdp, dp>(on_dp, bound, 0);
        try_role<st::sequence_parallel, dp>(on_dp, bound, 0);
        try_role<st::tensor_parallel, dp>(on_dp, bound, 0);
        try_output<st::ddp, tp>(output, bound, 1);
        try_output<st::zero1, tp>(output, bound, 1);
        try_output<st::zero2, tp>(output, bound, 1);
        try_output<st::fsdp, tp>(output, bound, 1);
        try_output<st::sequence_parallel, tp>(output, bound, 1);
        try_output<st::tensor_parallel, tp>(output, bound, 1);
        // All trips but two may differ from them: the free plan has the trips that it wants anywhere, so only <=.
        CHECK(on_tp.time == free.time);
        CHECK(on_dp.time == free.time);
        CHECK(output.time == free.time);
        CHECK(on_tp.plans > 3);
        CHECK(on_dp.plans > 3);
    }
}

namespace {

template <class... Roles>
void check_uniform() {
    using pins = asks<two_axes, Roles..., st::keep_activations>;
    st::model_strategy const wanted = st::strategy_of<two_axes, st::strategy<Roles...>>;
    st::role_set const these = st::only(wanted.whole.on[0]) | st::only(wanted.whole.on[1]);
    st::model_plan const plan = plan_for<pins>({.device_memory = 1L << 40, .roles = these});
    REQUIRE(plan.optimal);
    CHECK(plan.strategy.exceptions == 0);
    CHECK(plan.strategy.whole == wanted.whole);
    st::cluster const on = st::cluster_of<two_axes>(slow_links());
    auto const g = std::make_unique<st::graph>(st::read_model<model>(wanted, rows, st::dtype::f32));
    REQUIRE(g->ok());
    auto const b = std::make_unique<st::schedule_builder>(
        st::detail::lower<st::library_operations>(*g, &st::detail::no_scratch, false));
    st::prediction const ran = st::predict(*b, 1, on);
    double const time = static_cast<double>(plan.time) / static_cast<double>(ran.time);
    double const memory = static_cast<double>(plan.memory) / static_cast<double>(ran.memory);
    CAPTURE(time);
    CAPTURE(memory);
    CHECK(time == doctest::Approx(1).epsilon(0.04));
    CHECK(memory >= 1);
    CHECK(memory < 1.15);
    for (int i = 0; i < plan.uniforms; ++i)
        if (plan.uniform[i].verdict == st::why_not::chosen) CHECK(plan.uniform[i].roles == wanted.whole);
}

}  // namespace

TEST_CASE("all layers pinned to one strategy are that layout") {
    check_uniform<st::ddp<dp>, st::ddp<tp>>();
    check_uniform<st::fsdp<dp>, st::fsdp<tp>>();
    check_uniform<st::zero2<dp>, st::zero2<tp>>();
    check_uniform<st::zero1<dp>, st::zero1<tp>>();
    check_uniform<st::ddp<dp>, st::fsdp<tp>>();
    check_uniform<st::fsdp<dp>, st::sequence_parallel<tp>>();
    check_uniform<st::ddp<dp>, st::tensor_parallel<tp>>();
    check_uniform<st::sequence_parallel<dp>, st::sequence_parallel<tp>>();
}

TEST_CASE("what the plan has anyway can be pinned") {
    st::constraints const bound{.device_memory = some_memory(4)};
    st::model_plan const free = plan_on<two_axes>(bound);
    REQUIRE(free.optimal);
    using planner_type = st::run_time_planner<model, 2>;
    auto const planner = std::make_unique<planner_type>();
    int pinned = 0;
    for (int i = 0; i < free.layers; ++i) {
        st::planned_layer const& l = free.layer[i];
        planner->prepare(st::cluster_of<two_axes>(slow_links()), bound, rows, st::dtype::f32, st::dtype::f32);
        st::detail::layer_pin pin;
        pin.layers = l.repeated ? st::detail::with_trips(l.name, planner->units.repeat, l.first, l.count) : l.name;
        for (int a = 0; a < 2; ++a) pin.on[a] = l.roles.on[a];
        st::detail::add_pin(planner->of, pin);
        planner->state();
        st::model_plan const again = planner->find();
        CAPTURE(std::string(pin.layers.data));
        CHECK(again.time == free.time);
        CHECK(again.optimal);
        ++pinned;
    }
    CHECK(pinned >= 5);
}

TEST_CASE("recomputed trips") {
    st::constraints bound{.device_memory = 1L << 40};
    st::model_plan const free = plan_on<two_axes>(bound);
    st::model_plan const some = plan_for<asks<two_axes, st::in_layers<"layers.1-2", st::recompute>>>(bound);
    REQUIRE(some.optimal);
    CHECK(some.time > free.time);
    CHECK(some.memory < free.memory);
    int trips = 0;
    for (int i = 0; i < some.layers; ++i) {
        st::planned_layer const& l = some.layer[i];
        CHECK(l.roles.recomputes == (l.repeated && l.first >= 1));
        if (l.repeated) trips += l.count;
    }
    CHECK(trips == 6);  // of two branches
    bound.device_memory = some_memory(0);
    bound.roles = st::all_roles;
    st::model_plan const tight = plan_on<two_axes>(bound);
    int again = 0;
    for (int i = 0; i < tight.layers; ++i) again += tight.layer[i].roles.recomputes ? 1 : 0;
    REQUIRE(tight.optimal);
    REQUIRE(again > 0);
    CHECK(plan_for<asks<two_axes, st::keep_activations>>(bound).outcome == st::chain_outcome::infeasible);
    bound.device_memory = 1L << 40;
    bound.roles = st::usual_roles;
    CHECK(plan_for<asks<two_axes, st::keep_activations>>(bound).time == free.time);
    bound.recompute = false;
    CHECK(plan_for<asks<two_axes, st::recompute>>(bound).outcome == st::chain_outcome::no_path);
}

namespace {

template <class Model>
void check_memory_of_uniform(st::role one, bool again, bool overlaps) {
    CAPTURE(static_cast<int>(one));
    CAPTURE(again);
    CAPTURE(overlaps);
    using planner_type = st::run_time_planner<Model, 1>;
    static auto const planner = std::make_unique<planner_type>();
    st::cluster on = st::cluster_of<one_axis>(slow_links());
    on.on.overlaps = overlaps;
    planner->prepare(on, {.roles = st::only(one), .recompute = again}, rows, st::dtype::f32, st::dtype::f32);
    st::detail::layer_pin p;
    p.layers.append("layers.*"), p.decides = true, p.recomputes = again;
    st::detail::add_pin(planner->of, p);
    planner->state();
    st::model_plan const plan = planner->find();
    REQUIRE(plan.optimal);
    REQUIRE(plan.uniforms == 1);
    REQUIRE(plan.uniform[0].verdict == st::why_not::chosen);
    CHECK(plan.time == plan.uniform[0].time);
    long const rounding = plan.memory - plan.uniform[0].memory;  // to KiB: each layer, what all have, the window
    CHECK(rounding >= 0);
    CHECK(rounding < 1024 * (planner_type::units.leaves() + planner_type::units.trips + 2));
}

}  // namespace

TEST_CASE("one strategy for all layers takes what the plan takes that is the same") {
    using mlp = st::residual<st::named<"mlp", st::gelu_mlp<128, 4>>>;  // gathers its input, and keeps that
    using attention = st::residual<st::named<"attn", st::attention<8, 8>>>;
    using after_norm = st::residual<st::named<"norm", st::rms_norm>, st::named<"mlp", st::gelu_mlp<128, 4>>>;
    auto const check = []<class Block>(st::type_list<Block>) {
        using in_blocks =
            st::chain<st::named<"tok_embeddings", st::embedding<256, 64>>, st::named<"layers", st::repeat<4, Block>>,
                      st::named<"output", st::chain<st::rms_norm, st::linear<256>>>, st::cross_entropy>;
        for (st::role const one : {st::role::fully_sharded, st::role::sequence_parallel, st::role::tensor_parallel})
            for (bool const again : {false, true})
                for (bool const overlaps : {false, true}) check_memory_of_uniform<in_blocks>(one, again, overlaps);
    };
    check(st::type_list<mlp>{});
    check(st::type_list<st::chain<attention, mlp>>{});
    check(st::type_list<after_norm>{});
}

namespace {

template <class Asks>
st::model_plan check_use(char const* layer, int axis, st::detail::axis_use use, st::constraints const& bound) {
    st::model_plan const plan = plan_for<Asks>(bound);
    REQUIRE(plan.optimal);
    int seen = 0;
    for (int i = 0; i < plan.layers; ++i)
        if (is_of(plan.layer[i], layer)) {
            ++seen;
            CHECK(splits(plan.layer[i].roles, axis, use));
        }
    CHECK(seen > 0);
    return plan;
}
long least(long a, long b, long c) { return a < b ? (a < c ? a : c) : b < c ? b : c; }

}  // namespace

TEST_CASE("placements of layers, of the input and of the output") {
    using use = st::detail::axis_use;
    using st::shard, st::invariant, st::in_layers;
    for (long const memory : {1L << 40, some_memory(5)}) {
        CAPTURE(memory);
        st::constraints const bound{.device_memory = memory, .roles = st::all_roles};
        long const free = plan_on<two_axes>(bound).time;
        CHECK(free == least(check_use<asks<two_axes, in_layers<"layers.*.feed_forward", shard<0, tp>>>>(
                                "feed_forward", 1, use::batch, bound)
                                .time,
                            check_use<asks<two_axes, in_layers<"layers.*.feed_forward", shard<1, tp>>>>(
                                "feed_forward", 1, use::sequence, bound)
                                .time,
                            check_use<asks<two_axes, in_layers<"layers.*.feed_forward", invariant<tp>>>>(
                                "feed_forward", 1, use::whole, bound)
                                .time));
        CHECK(free ==
              least(check_use<asks_input<two_axes, shard<0, tp>>>("tok_embeddings", 1, use::batch, bound).time,
                    check_use<asks_input<two_axes, shard<1, tp>>>("tok_embeddings", 1, use::sequence, bound).time,
                    check_use<asks_input<two_axes, invariant<tp>>>("tok_embeddings", 1, use::whole, bound).time));
        CHECK(free == least(check_use<asks_output<two_axes, shard<0, dp>>>("output", 0, use::batch, bound).time,
                            check_use<asks_output<two_axes, shard<1, dp>>>("output", 0, use::sequence, bound).time,
                            check_use<asks_output<two_axes, invariant<dp>>>("output", 0, use::whole, bound).time));
    }
}

TEST_CASE("brute force over the roles of every layer") {
    using planner_type = st::run_time_planner<model, 1>;
    auto const planner = std::make_unique<planner_type>();
    constexpr st::role roles[] = {st::role::data_parallel, st::role::fully_sharded, st::role::sequence_parallel};
    constexpr int units = planner_type::count;
    st::role_set const some = st::only(roles[0]) | st::only(roles[1]) | st::only(roles[2]);
    for (st::memory_share const share : {st::any_share, st::memory_share{}, st::memory_share{1, 1}}) {
        st::constraints const bound{.parameter_memory = share, .roles = some, .recompute = false};
        long fastest = st::unreachable;
        int plans = 0, cases = 1;
        for (int u = 0; u < units; ++u) cases *= 3;
        for (int n = 0; n < cases; ++n) {
            planner->prepare(st::cluster_of<one_axis>(slow_links()), bound, rows, st::dtype::f32, st::dtype::f32);
            for (int u = 0, rest = n; u < units; ++u, rest /= 3) {
                st::detail::layer_pin pin;
                pin.layers = planner->units.unit[u].name;
                pin.on[0] = roles[rest % 3];
                st::detail::add_pin(planner->of, pin);
            }
            planner->state();
            st::model_plan const plan = planner->find();
            if (!plan.optimal) continue;
            ++plans;
            if (plan.time < fastest) fastest = plan.time;
            for (int i = 0, rest = n; i < plan.layers; ++i, rest /= 3)
                CHECK(plan.layer[i].roles.on[0] == roles[rest % 3]);
        }
        CHECK(plan_on<one_axis>(bound).time == fastest);
        CHECK(plans == (share.low == 1 ? 3 : share.high == 1 ? cases : cases / 3 * 2 / 3 * 2 / 3 * 2 / 3 * 2));
    }
}

namespace {

/// A job with everything that a plan keeps to, planned by the compiler.
struct pinned_job {
    using mesh = two_axes;
    using model = ::model;
    using pinned = st::strategy<st::fsdp<dp>, st::in_layers<"layers.*.attention", st::sequence_parallel<tp>>>;
    using output = st::type_list<st::shard<0, tp>>;
    static constexpr st::batch_shape batch = rows;
    static constexpr st::hardware hardware = slow_links();
    static constexpr st::constraints constraints{.device_memory = 1'700'000};
};
static_assert(st::has_plan<pinned_job>);
static_assert(st::plan<pinned_job>.optimal);

}  // namespace

TEST_CASE("the compiler keeps to the same, and finds the same") {
    st::model_plan const& found = st::plan<pinned_job>;
    st::model_plan const here = plan_for<pinned_job>(pinned_job::constraints);
    CHECK(found.time == here.time);
    CHECK(found.memory == here.memory);
    CHECK(found.certificate.value == here.certificate.value);
    CHECK(found.layers == here.layers);
    for (int i = 0; i < found.layers; ++i) {
        CHECK(found.layer[i].roles == here.layer[i].roles);
        CHECK(found.layer[i].roles.on[0] == st::role::fully_sharded);
        if (is_of(found.layer[i], "attention")) CHECK(found.layer[i].roles.on[1] == st::role::sequence_parallel);
        if (is_of(found.layer[i], "output")) CHECK(found.layer[i].roles.splits_batch(1));
    }
    CHECK(st::checked<st::planned_job<pinned_job>>::value.ok());
    CHECK(std::string(found.axis_name[0].data) == "dp");
    CHECK(std::string(found.axis_name[1].data) == "tp");
}
