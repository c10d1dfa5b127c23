// The best mesh against a plan for every mesh by itself, made by the planner that reads each mesh anew; what the compiler
// finds against what is found at run time; and the proof of a plan that was found at run time, checked by the compiler.
#include <shardtype/model/gpt2.hpp>
#include <shardtype/model/llama.hpp>
#include <shardtype/plan/mesh_search.hpp>

#include <doctest/doctest.h>

#include <cstdio>
#include <memory>
#include <string>

namespace st = shardtype;

namespace {

constexpr st::llama_config small_llama{
    .dim = 256, .layers = 5, .heads = 8, .kv_heads = 4, .ffn_dim = 768, .vocabulary = 1024};

struct setting {
    int world = 8;
    st::hardware on = st::h100_sxm;
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
    long time = st::unreachable, memory = st::unreachable;
    int infeasible = 0, illegal = 0;
};
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
            if (getenv("V")) printf("  %d %d %d: outcome %d time %ld mem %ld\n", s.world/tp/shard, shard, tp, (int)p.outcome, p.time, p.memory);
            if (p.optimal && p.time < best.time) best.time = p.time, best.memory = p.memory;
            best.infeasible += p.outcome == st::chain_outcome::infeasible;
            best.illegal += p.outcome == st::chain_outcome::no_path || p.outcome == st::chain_outcome::invalid;
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

template <class Model>
void compare(int& checked, int& mixed) {
    auto const planner = std::make_unique<st::run_time_mesh_planner<Model>>();
    for (int const world : {1, 6, 8, 16, 32})
        for (long const network : {50'000'000'000L, 2'000'000'000L})
            for (long const batch : {16L, 64L})
                for (int const micro : {1, 2})
                    for (int tenth = 10; tenth > 0; tenth -= 3) {
                        static long loose = 0;
                        setting s;
                        s.world = world;
                        s.on.launch = 500;
                        s.on.devices_per_node = 4;
                        s.on.network_bandwidth = network;
                        s.batch.global = batch * micro, s.batch.micro_batches = micro;
                        if (tenth < 10) s.memory = loose * tenth / 10;
                        st::mesh_choice const found = best_of(*planner, s);
                        if (tenth == 10) loose = found.plan.memory;
                        least const best = over_all<Model>(s);
                        CAPTURE(world); CAPTURE(network); CAPTURE(batch); CAPTURE(micro); CAPTURE(tenth);
                        CAPTURE(found.degrees.dp_replicate); CAPTURE(found.degrees.dp_shard); CAPTURE(found.degrees.tp);
                        CAPTURE(found.searched); CAPTURE(found.cut); CAPTURE(found.illegal); CAPTURE(found.infeasible);
                        CHECK(found.plan.optimal == (best.time < st::unreachable));
                        if (found.plan.optimal) CHECK(found.plan.time == best.time);
                        CHECK(found.searched + found.cut + found.illegal + found.infeasible == st::meshes_of(world));
                        ++checked;
                        mixed += found.degrees.tp > 1;
                        if (getenv("V")) printf("world %d net %ld batch %ld micro %d tenth %d: %d %d %d time %ld mem %ld | best %ld mem %ld | s %d c %d il %d(%d) inf %d(%d)\n", world, network, batch, micro, tenth, found.degrees.dp_replicate, found.degrees.dp_shard, found.degrees.tp, found.plan.time, found.plan.memory, best.time, best.memory, found.searched, found.cut, found.illegal, best.illegal, found.infeasible, best.infeasible);
                    }
}

TEST_CASE("the best mesh is the best of all plans") {
    int checked = 0, mixed = 0;
    compare<st::llama<small_llama>>(checked, mixed);
    MESSAGE(checked << " worlds, " << mixed << " with tensor ranks");
}
