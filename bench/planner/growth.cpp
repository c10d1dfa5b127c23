// What bench/planner/growth.sh compiles: with -DPLAN a program's plan, without it the same program alone; with -DBUDGETS a
// program that prints the two budgets of that plan, in bytes; with -DPLOT one that draws the times.
#if defined(PLOT)
#include <iostream>
#include <map>
#include <sstream>

#include "svg.hpp"

// usage: growth FILE < "compiler<TAB>sweep<TAB>x<TAB>seconds" lines
int main(int count, char** argv) {
    using namespace planner::svg;
    char const* const sweeps[] = {"layers", "roles", "axes"};
    char const* const titles[] = {"Layers (mesh 8 x 8, 5 roles)", "Roles (32 layers, mesh 8 x 8)",
                                  "Axes of 8, 8, 4 (32 layers, 5 roles)"};
    std::map<std::string, std::map<std::string, series>> by_sweep;
    std::map<std::string, int> colours_of;
    std::string line;
    while (std::getline(std::cin, line)) {
        std::istringstream words(line);
        std::string compiler, sweep, budget;
        double x = 0, seconds = 0;
        if (!(words >> compiler >> sweep >> budget >> x >> seconds)) continue;
        int const colour = colours_of.emplace(compiler, static_cast<int>(colours_of.size())).first->second;
        series& s = by_sweep[sweep][compiler + budget];
        s.name = compiler + ", " + budget, s.colour = colour, s.dashed = budget == "tight";
        s.points.emplace_back(x, seconds);
    }
    page to(1010, 400);
    std::vector<series> key;
    for (int i = 0; i < 3; ++i) {
        std::vector<series> all;
        for (auto const& [name, s] : by_sweep[sweeps[i]]) all.push_back(s);
        if (all.size() > key.size()) key = all;
        draw_lines(to, {60 + 325. * i, 50, 270, 240, titles[i], "", "", 1}, all, false, " s", false);
    }
    draw_legend(to, 60, 350, 900, key, true);
    return count == 2 && to.write(argv[1]) ? 0 : 1;
}
#else
#include <shardtype/shardtype.hpp>
#if defined(BUDGETS)
#include <shardtype/plan/planning.hpp>

#include <cstdio>
#include <memory>
#else
#include <shardtype/plan/planner.hpp>
#endif

namespace st = shardtype;

// MODEL: a llama_config; LAYERS; AXES: 1, 2, 3 axes of the user's, or 4: torchtitan's three; ROLES: 2 to 6; MEMORY: bytes
constexpr st::llama_config with_layers(st::llama_config c) {
    c.layers = LAYERS;
    return c;
}
inline constexpr st::llama_config sizes = with_layers(st::MODEL);

struct first final : st::axis<8> {};
struct second final : st::axis<8> {};
struct third final : st::axis<4> {};
#if AXES == 1
using grid = st::mesh<first>;
#elif AXES == 2
using grid = st::mesh<first, second>;
#elif AXES == 3
using grid = st::mesh<third, first, second>;
#elif defined(LARGE)
using grid = st::mesh<st::dp_replicate<2>, st::dp_shard<16>, st::tp<8>>;
#else
using grid = st::mesh<st::dp_replicate<4>, st::dp_shard<8>, st::tp<8>>;
#endif

constexpr st::role_set roles_of(int n) {
    st::role const all[] = {st::role::fully_sharded,     st::role::sequence_parallel, st::role::data_parallel,
                            st::role::sharded_gradients, st::role::sharded_optimizer, st::role::tensor_parallel};
    st::role_set out;
    for (int i = 0; i < n; ++i) out = out | st::only(all[i]);
    return out;
}

// No budget is more than the device has.
constexpr st::hardware roomy(st::hardware h) {
    h.memory = 1L << 45;
    return h;
}

struct my_job {
    using mesh = grid;
    using model = st::llama<sizes>;
    using compute = st::bf16;
    static constexpr st::batch_shape batch{.global = grid::size, .sequence = 8192};
    static constexpr st::hardware hardware = roomy(st::h100_sxm);
    static constexpr st::constraints constraints{.device_memory = MEMORY, .roles = roles_of(ROLES)};
};

#if defined(PLAN)
static_assert(st::plan<my_job>.optimal);
#endif
#if defined(BUDGETS)
// Loose: what the fastest plan takes. Tight: of 24 budgets from the least to that the one with the most labels.
template <class... Axes>
void add_roles(st::constraints& c, st::mesh<Axes...>) {
    int a = 0;
    ((c.on_axis[a++] = st::roles_of_axis<Axes>), ...);
}
int main() {
    auto const planner = std::make_unique<st::run_time_planner<my_job::model, grid::axes>>();
    st::constraints bound = my_job::constraints;
    add_roles(bound, grid{});
    bound.device_memory = my_job::hardware.memory;
    planner->prepare(st::cluster_of<grid>(my_job::hardware), bound, my_job::batch, st::dtype::f32, st::dtype::bf16);
    planner->state();
    auto const at = [&](long kib) {
        planner->assembled.chain.budget = kib, planner->of.bound.device_memory = kib * 1024;
        return planner->find();
    };
    long const loose = at(1L << 35).memory / 1024, least = at(1).memory / 1024;
    long tight = loose, most = -1;
    for (int i = 1; i < 24; ++i) {
        long const budget = least + (loose - least) * i / 24;
        st::model_plan const p = at(budget);
        if (p.optimal && p.certificate.labels > most) most = p.certificate.labels, tight = budget;
    }
    std::printf("%ld %ld\n", loose * 1024, tight * 1024);
}
#else
int main() {}
#endif
#endif
