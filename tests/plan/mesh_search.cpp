// The best mesh against a plan for every mesh by itself, made by the planner that reads each mesh anew; what the compiler
// finds against what is found at run time; and the proof of a plan that was found at run time, checked by the compiler.
#include <shardtype/model/gpt2.hpp>
#include <shardtype/model/llama.hpp>
#include <shardtype/plan/mesh_planner.hpp>
#include <shardtype/plan/mesh_search.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

namespace st = shardtype;

namespace {

// What 2, 3 and 4 divide.
constexpr st::llama_config small_llama{
    .dim = 384, .layers = 5, .heads = 12, .kv_heads = 12, .ffn_dim = 768, .vocabulary = 1536};
constexpr st::gpt2_config small_gpt2{.dim = 384, .layers = 4, .heads = 12, .vocabulary = 1536, .sequence = 48};

constexpr st::hardware without_bound() {
    st::hardware h = st::h100_sxm;
    h.memory = 1L << 41;
    return h;
}
struct setting {
    int world = 8;
    st::hardware on = without_bound();
    long memory = 1L << 40;
    st::batch_shape batch{.global = 64, .sequence = 64};
    st::dtype compute = st::dtype::bf16;
    bool recompute = true;

    st::constraints bound() const {
        st::constraints c;
        c.device_memory = memory;
        c.recompute = recompute;
        return c;
    }
};

template <class Model>
st::mesh_choice best_of(st::run_time_mesh_planner<Model>& planner, setting const& s) {
    return planner.find(s.world, s.on, s.bound(), s.batch, st::dtype::f32, s.compute);
}

/// The plan of one mesh, its axes of one device left out.
template <class Model, int Axes>
st::model_plan plan_alone(setting const& s, st::detail::planned_case const& of) {
    static auto const planner = std::make_unique<st::run_time_planner<Model, Axes>>();
    st::constraints c = s.bound();
    for (int a = 0; a < Axes; ++a) c.on_axis[a] = of.bound.on_axis[a];
    planner->prepare(of.on, c, s.batch, st::dtype::f32, s.compute);
    planner->state();
    REQUIRE(planner->assembled.chain.complete);
    return planner->find();
}

struct least {
    long time = st::unreachable, smallest = st::unreachable;
    int infeasible = 0, illegal = 0;
};
/// Every mesh searched in full: no bound, nothing known of the others.
template <class Model>
least without_bounds(setting const& s) {
    using types = st::detail::mesh_types<Model>;
    static auto const search = std::make_unique<st::chain_search_state<typename types::problem::chain_type>>();
    least best;
    auto const asked = st::detail::case_of<Model>({.on = s.on}, s.bound(), s.batch, st::dtype::f32, s.compute);
    for (int tp = 1; tp <= s.world; ++tp)
        for (int shard = 1; shard <= s.world; ++shard) {
            if (s.world % (tp * shard) != 0) continue;
            st::mesh_degrees const d{s.world / tp / shard, shard, tp};
            auto const of = st::detail::case_on(asked, d);
            auto const core =
                st::detail::mesh_core<Model, st::library_operations, st::buffers_only>(asked, d.batch_parts(), tp);
            auto const options = st::detail::mesh_options<types>(of, d, core);
            auto const problem = st::detail::mesh_problem<types>(of, options, st::unreachable);
            auto const& found = st::solve(problem.chain, *search);
            bool const too_large = found.outcome == st::chain_outcome::infeasible;
            if (found.optimal && found.time < best.time) best.time = found.time;
            if (too_large && found.memory * 1024 < best.smallest) best.smallest = found.memory * 1024;
            best.infeasible += too_large ? 1 : 0;
            best.illegal += !found.optimal && !too_large ? 1 : 0;
        }
    return best;
}
/// Every mesh read and planned by itself.
template <class Model>
least over_all(setting const& s) {
    least best;
    st::detail::planned_case asked;
    for (int tp = 1; tp <= s.world; ++tp)
        for (int shard = 1; shard <= s.world; ++shard) {
            if (s.world % (tp * shard) != 0) continue;
            auto const of = st::detail::case_on(asked, {s.world / tp / shard, shard, tp});
            auto of_mesh = of;
            of_mesh.on.on = s.on;
            st::model_plan const p = of.on.axes == 1   ? plan_alone<Model, 1>(s, of_mesh)
                                     : of.on.axes == 2 ? plan_alone<Model, 2>(s, of_mesh)
                                                       : plan_alone<Model, 3>(s, of_mesh);
            if (p.optimal && p.time < best.time) best.time = p.time;
            bool const too_large = p.outcome == st::chain_outcome::infeasible;
            if (too_large && p.memory < best.smallest) best.smallest = p.memory;
            best.infeasible += too_large ? 1 : 0;
            best.illegal += !p.optimal && !too_large ? 1 : 0;
        }
    return best;
}

}  // namespace

TEST_CASE("factorisations of a world") {
    CHECK(st::meshes_of(1) == 1);
    CHECK(st::meshes_of(12) == 18);
    CHECK(st::meshes_of(64) == 28);
    CHECK(st::meshes_of(1 << 14) == 120);
}

namespace {

struct tally {
    int worlds = 0, with_tensors = 0, with_copies = 0, none = 0, cut = 0, too_large = 0, close = 0, equal = 0;
};
template <class Model>
void compare(tally& all, setting s) {
    auto const planner = std::make_unique<st::run_time_mesh_planner<Model>>();
    st::mesh_choice const loose = best_of(*planner, s);
    for (int tenth = 10; tenth > 0; tenth -= 3) {
        if (tenth < 10) s.memory = loose.plan.memory * tenth / 10;
        st::mesh_choice const found = best_of(*planner, s);
        least const best = without_bounds<Model>(s), alone = over_all<Model>(s);
        CAPTURE(s.world);
        CAPTURE(s.on.network_bandwidth);
        CAPTURE(s.batch.global);
        CAPTURE(s.batch.micro_batches);
        CAPTURE(tenth);
        CAPTURE(found.degrees.dp_replicate);
        CAPTURE(found.degrees.tp);
        CHECK(found.plan.optimal == (best.time < st::unreachable));
        CHECK(found.meshes == st::meshes_of(s.world));
        CHECK(found.searched + found.cut + found.illegal + found.infeasible == found.meshes);
        CHECK(found.illegal == best.illegal);
        CHECK(found.illegal == alone.illegal);
        CHECK(found.infeasible <= best.infeasible);
        ++all.worlds;
        all.cut += found.cut;
        all.too_large += found.infeasible;
        if (!found.plan.optimal) {
            if (found.plan.outcome == st::chain_outcome::infeasible) CHECK(found.plan.memory == best.smallest);
            ++all.none;
            continue;
        }
        CHECK(found.plan.time == best.time);
        // What meshes share is read where the units' windows are largest, so a budget can leave out a little more.
        if (tenth == 10) CHECK(found.plan.time == alone.time);
        if (alone.time < st::unreachable) {
            CHECK(static_cast<double>(found.plan.time) < 1.03 * static_cast<double>(alone.time));
            CHECK(static_cast<double>(found.plan.time) > 0.97 * static_cast<double>(alone.time));
            ++all.close;
            all.equal += found.plan.time == alone.time ? 1 : 0;
        }
        CHECK(st::check_certificate(planner->assembled.chain, planner->solution) == st::certificate_fault::none);
        all.with_tensors += found.degrees.tp > 1 ? 1 : 0;
        all.with_copies += found.degrees.dp_replicate > 1 ? 1 : 0;
    }
}
template <class Model>
void compare(tally& all) {
    for (int const world : {1, 2, 6, 8, 12, 16})
        for (long const network : {50'000'000'000L, 2'000'000'000L})
            for (long const batch : {12L, 48L})
                for (int const micro : {1, 2}) {
                    setting s;
                    s.world = world;
                    s.on.launch = 500;
                    s.on.devices_per_node = 4;
                    s.on.network_bandwidth = network;
                    s.on.overlaps = batch == 48;
                    s.batch = {.global = batch * micro, .sequence = 48, .micro_batches = micro};
                    compare<Model>(all, s);
                }
}

}  // namespace

TEST_CASE("the best mesh is the best of all plans") {
    tally all;
    compare<st::llama<small_llama>>(all);
    compare<st::gpt2<small_gpt2>>(all);
    std::string const seen =
        std::to_string(all.worlds) + " worlds, " + std::to_string(all.with_tensors) + " with tensor ranks, " +
        std::to_string(all.with_copies) + " with copies, " + std::to_string(all.none) + " without a plan; " +
        std::to_string(all.cut) + " meshes cut, " + std::to_string(all.too_large) + " too large; " +
        std::to_string(all.equal) + " of " + std::to_string(all.close) + " as fast as without sharing";
    MESSAGE(seen);
    CHECK(all.with_tensors > 10);
    CHECK(all.with_copies > 10);
    CHECK(all.none > 10);
    CHECK(all.cut > 100);
}

namespace {

// 64 devices with so much to hold that meshes are searched, cut, illegal and infeasible.
struct job {
    static constexpr int world_size = 64;
    using model = st::llama<st::llama3_8b>;
    using compute = st::bf16;
    static constexpr st::batch_shape batch{.global = 256, .sequence = 8192};
    static constexpr st::hardware hardware = st::h100_sxm;
};
constexpr st::mesh_choice const& best = st::best_mesh<job>;
static_assert(best.plan.optimal);
static_assert(best.meshes == 28 && best.searched + best.cut + best.illegal + best.infeasible == 28);
static_assert(best.searched > 0 && best.cut > 0 && best.illegal > 0 && best.infeasible > 0);

using on_best = st::job_on_best_mesh<job>;
static_assert(on_best::mesh::size == 64);
static_assert(st::strategy_of<on_best::mesh, on_best::strategy>.whole.axes == on_best::mesh::axes);
static_assert(st::read_model<job::model>(st::strategy_of<on_best::mesh, on_best::strategy>, job::batch, st::dtype::f32,
                                         st::dtype::bf16)
                  .ok());

// A plan for 1024 devices as `bench/planner/mesh_search.sh` has a program write it, and what is wrong with it.
struct large_job : job {
    static constexpr int world_size = 1024;
    static constexpr st::batch_shape batch{.global = 2048, .sequence = 8192};
};
constexpr st::saved_mesh_plan<35> saved{
    {8, 128, 1},
    {st::chain_outcome::optimal,
     true,
     35,
     1439875073,
     75857309,
     34,
     {0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
     {1439875073, 1434074623, 4989035, 20, 452, st::chain_proof::labels}}};
static_assert(st::saved_mesh_fault<large_job, saved> == st::certificate_fault::none);

constexpr auto with(int layer, short option, long less_time) {
    auto s = saved;
    s.solution.choice[layer] = option;
    s.solution.time -= less_time, s.solution.certificate.value -= less_time;
    return s;
}
constexpr auto another_option = with(7, 1, 0), too_good = with(0, 0, 1);
constexpr st::saved_mesh_plan<35> another_mesh{{8, 64, 2}, saved.solution};
static_assert(st::saved_mesh_fault<large_job, another_option> != st::certificate_fault::none);
static_assert(st::saved_mesh_fault<large_job, too_good> == st::certificate_fault::time);
static_assert(st::saved_mesh_fault<large_job, another_mesh> != st::certificate_fault::none);

}  // namespace

TEST_CASE("a saved plan is what is found at run time") {
    auto const planner = std::make_unique<st::run_time_mesh_planner<large_job::model>>();
    st::mesh_choice const found = planner->find(large_job::world_size, large_job::hardware, {}, large_job::batch,
                                                st::dtype::f32, st::dtype::bf16);
    CHECK(found.degrees == saved.degrees);
    CHECK(found.plan.time == saved.solution.time);
    for (int i = 0; i < saved.solution.positions; ++i) CHECK(planner->solution.choice[i] == saved.solution.choice[i]);
}

TEST_CASE("the compiler finds what is found at run time") {
    auto const planner = std::make_unique<st::run_time_mesh_planner<job::model>>();
    st::mesh_choice const found =
        planner->find(job::world_size, job::hardware, {}, job::batch, st::dtype::f32, st::dtype::bf16);
    CHECK(found.degrees == best.degrees);
    CHECK(found.plan.time == best.plan.time);
    CHECK(found.plan.memory == best.plan.memory);
    CHECK(found.searched == best.searched);
    CHECK(found.cut == best.cut);
    CHECK(found.illegal == best.illegal);
    CHECK(found.infeasible == best.infeasible);
    CHECK(found.plan.certificate.multiplier == best.plan.certificate.multiplier);
    CHECK(found.plan.certificate.lower_bound == best.plan.certificate.lower_bound);
    CHECK(found.plan.layers == best.plan.layers);
    CHECK(found.plan.strategy.whole == best.plan.strategy.whole);
}

TEST_CASE("four replicas take a step of four times the batch as fast as one") {
    // Of equal ways to gather, the one that moves least between replicas: by another one the step takes 125 s, not 40.
    auto const planner = std::make_unique<st::run_time_mesh_planner<st::llama<st::llama3_405b>>>();
    auto const seconds = [&](int world) {
        st::mesh_choice const found =
            planner->find(world, st::h100_sxm, {}, {.global = world, .sequence = 8192, .micro_batches = 2},
                          st::dtype::f32, st::dtype::bf16);
        CHECK(found.plan.optimal);
        return 1e-9 * static_cast<double>(found.plan.time);
    };
    double const one = seconds(256), four = seconds(1024);
    CHECK(four < 1.01 * one);
}
