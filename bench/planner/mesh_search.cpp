// What bench/planner/mesh_search.sh runs and compiles: the best mesh of Llama-3 8B on H100, sequences of 8192 tokens.
#include <shardtype/model/llama.hpp>

namespace st = shardtype;
using model = st::llama<st::llama3_8b>;

#if defined(WORLD)  // the compiler's part

#include <shardtype/plan/mesh_search.hpp>

struct job {
    static constexpr int world_size = WORLD;
    using model = ::model;
    using compute = st::bf16;
    static constexpr st::batch_shape batch{.global = BATCH, .sequence = 8192};
    static constexpr st::hardware hardware = st::h100_sxm;
};
#ifdef SEARCH
static_assert(st::best_mesh<job>.meshes == st::meshes_of(WORLD));
#endif
#ifdef SAVED  // what --save has written
#include SAVED
static_assert(st::saved_mesh_fault<job, saved> == st::certificate_fault::none);
#endif

#else

#include <shardtype/plan/mesh_planner.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace {

st::mesh_choice find(st::run_time_mesh_planner<model>& planner, int world, long batch) {
    return planner.find(world, st::h100_sxm, {}, {.global = batch, .sequence = 8192}, st::dtype::f32, st::dtype::bf16);
}
double milliseconds(st::run_time_mesh_planner<model>& planner, int world, long batch, st::mesh_choice& found) {
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
        auto const begin = std::chrono::steady_clock::now();
        found = find(planner, world, batch);
        std::chrono::duration<double, std::milli> const took = std::chrono::steady_clock::now() - begin;
        if (took.count() < best) best = took.count();
    }
    return best;
}
void write_table(st::run_time_mesh_planner<model>& planner) {
    std::printf("%7s %6s %-12s %9s %9s %7s %8s %5s %8s %10s %6s\n", "devices", "batch", "best", "ms a step", "GB",
                "meshes", "searched", "cut", "illegal", "infeasible", "ms");
    for (long batch : {256L, 1024L, 2048L})
        for (int world = 8; world <= 16384; world *= 2) {
            st::mesh_choice m;
            double const ms = milliseconds(planner, world, batch, m);
            char degrees[40];
            std::snprintf(degrees, sizeof degrees, m.plan.optimal ? "%dx%dx%d" : "none", m.degrees.dp_replicate,
                          m.degrees.dp_shard, m.degrees.tp);
            std::printf("%7d %6ld %-12s %9.1f %9.1f %7d %8d %5d %8d %10d %6.1f\n", world, batch, degrees,
                        m.plan.optimal ? static_cast<double>(m.plan.time) * 1e-6 : 0.0,
                        static_cast<double>(m.plan.memory) * 1e-9, m.meshes, m.searched, m.cut, m.illegal, m.infeasible,
                        ms);
        }
}
void save(st::run_time_mesh_planner<model>& planner, int world, long batch) {
    st::mesh_choice const m = find(planner, world, batch);
    auto const& s = planner.solution;
    st::chain_certificate const& c = s.certificate;
    std::printf("// Llama-3 8B, %d H100, %ld sequences of 8192: written by a program, not to be edited.\n", world,
                batch);
    std::printf("inline constexpr shardtype::saved_mesh_plan<%d> saved{\n", s.positions);
    std::printf("    {%d, %d, %d},\n", m.degrees.dp_replicate, m.degrees.dp_shard, m.degrees.tp);
    std::printf("    {static_cast<shardtype::chain_outcome>(%d), %s, %d, %ld, %ld, %d,\n     {",
                static_cast<int>(s.outcome), s.optimal ? "true" : "false", s.positions, s.time, s.memory, s.position);
    for (int i = 0; i < s.positions; ++i) std::printf("%s%d", i > 0 ? ", " : "", s.choice[i]);
    std::printf("},\n     {%ld, %ld, %ld, %d, %ld, static_cast<shardtype::chain_proof>(%d)}}};\n", c.value,
                c.lower_bound, c.multiplier, c.shift, c.labels, static_cast<int>(c.proof));
}

}  // namespace

int main(int count, char** text) {
    auto const planner = std::make_unique<st::run_time_mesh_planner<model>>();
    if (count == 4 && std::strcmp(text[1], "--save") == 0)
        save(*planner, std::atoi(text[2]), std::atol(text[3]));
    else
        write_table(*planner);
}

#endif
