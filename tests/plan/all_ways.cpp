// A chain from which nothing is left out has the same optima as the one that the planner states: every way to run a layer
// against those that remain once some stand in for others, at budgets from none to plenty.
#include <shardtype/plan/planning.hpp>
#include <shardtype/shardtype.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <random>
#include <vector>

namespace st = shardtype;

namespace {

constexpr st::gpt2_config small_gpt2{.dim = 64, .layers = 3, .heads = 4, .vocabulary = 512, .sequence = 64};
constexpr st::llama_config wide_stream{
    .dim = 256, .layers = 3, .heads = 4, .kv_heads = 4, .ffn_dim = 32, .vocabulary = 64};
constexpr st::llama_config large_vocabulary{
    .dim = 64, .layers = 3, .heads = 8, .kv_heads = 8, .ffn_dim = 1024, .vocabulary = 8192};

template <class Model, int Axes>
struct planner_on : st::run_time_planner<Model, Axes> {
    static constexpr int axes = Axes;
};

/// Lists all ways of a kind of layer, as `chain_option` has them: in, time, memory, window.
template <class Planner>
struct every_way {
    static constexpr int layouts = Planner::problem_type::layouts;
    using way = std::array<long, 4>;

    Planner const& p;
    st::detail::boundary_layouts<layouts> const& between;
    st::detail::layer_kind const& kind;
    std::vector<way> all{};

    using one_option = st::detail::kind_options<1>;
    one_option none{};
    auto assembler() {
        return st::detail::kind_assembler<1, Planner::count, st::detail::options_room(Planner::axes), Planner::classes,
                                          layouts, 1>{p.of, p.all, p.edges, between, kind, none};
    }
    void add_branches(short g, bool again, int u, st::detail::block_way const& before) {
        if (u == kind.end_unit) {
            long const window = st::detail::coarse(before.window + before.live + before.late);
            all.push_back({g, before.time, st::detail::kib(before.memory), st::detail::kib(window)});
            return;
        }
        int const from = between.class_of[g];
        long const stream = st::align_up(p.all[from].stream.local_bytes());
        for (int h = 0; h < Planner::classes; ++h) {
            bool const lies_there = p.edges[from].to[h].time < st::unreachable &&
                                    p.edges[h].to[from].time < st::unreachable && !p.of.units.unit[u].without_name;
            for (int k = 0; k < p.all[h].count[u] && (h == from || lies_there); ++k) {
                bool const first = u == kind.first_unit, last = u + 1 == kind.end_unit;
                st::detail::block_way const more = assembler().branch(
                    st::detail::from_stream(p.all, p.edges, from, h, u, k, first, last), u, h, k, again, stream);
                st::detail::block_way sum = before;
                sum.time += more.time, sum.memory += more.memory, sum.live += more.live;
                sum.window = std::max(sum.window, more.window), sum.late = std::max(sum.late, more.late);
                add_branches(g, again, u + 1, sum);
            }
        }
    }
    void add_layout(short g) {
        int const u = kind.first_unit, cls = between.class_of[g];
        for (bool const again : {false, true})
            if (kind.is_block && assembler().recomputing(again)) add_branches(g, again, u, {});
        for (int k = 0; k < p.all[cls].count[u] && !kind.is_block; ++k) {
            st::detail::unit_option const& o = p.all[cls].option[u][k];
            all.push_back({g, o.cost.time(), st::detail::kib(o.cost.memory()),
                           st::detail::kib(st::detail::coarse(o.cost.window + o.ahead))});
        }
    }
};

struct found {
    st::chain_outcome outcome = st::chain_outcome::no_path;
    long time = st::unreachable, memory = st::unreachable;
};

/// The chain of all ways, with room for `Options` of a layer.
template <class Planner, int Options>
struct whole_chain {
    static constexpr int kinds = Planner::leaves + 1, positions = Planner::problem_type::positions;
    using chain_type = st::chain_problem<Planner::problem_type::layouts, kinds, Options, kinds, positions>;

    std::unique_ptr<chain_type> chain = std::make_unique<chain_type>(), one_layout = std::make_unique<chain_type>();
    std::unique_ptr<st::chain_search_state<chain_type>> search = std::make_unique<st::chain_search_state<chain_type>>();
    bool tied[kinds]{};
    long ways = 0;

    explicit whole_chain(Planner const& p) {
        auto const between = st::detail::boundaries<Planner::problem_type::layouts>(p.all, p.edges);
        auto const& stated = p.assembled.chain;
        chain->layouts = stated.layouts, chain->fixed = stated.fixed;
        for (int g = 0; g < stated.layouts; ++g) {
            chain->entry[g] = stated.entry[g];
            for (int h = 0; h < stated.layouts; ++h) chain->redistribution[g][h] = between.redistribution[g][h];
        }
        REQUIRE(st::detail::kinds_of(p.of) == kinds);
        for (int k = 0; k < kinds; ++k) {
            st::detail::layer_kind const kind = st::detail::kind_of_chain(p.of, p.all, k);
            every_way<Planner> every{p, between, kind};
            for (short g = 0; g < between.count; ++g) every.add_layout(g);
            std::sort(every.all.begin(), every.all.end());
            every.all.erase(std::unique(every.all.begin(), every.all.end()), every.all.end());
            for (auto const& w : every.all) {
                auto const g = static_cast<short>(w[0]);
                chain->of[k].add({g, g, w[1], w[2], w[3], true});
            }
            REQUIRE(chain->of[k].complete);
            chain->classes = k + 1, tied[k] = kind.is_tied;
            chain->repeat(static_cast<short>(k), kind.count);
            ways += static_cast<long>(every.all.size());
        }
    }
    found best_of(chain_type const& c) {
        auto const& s = st::solve(c, *search);
        return {s.outcome, s.time, s.memory};
    }
    /// KiB. Layers that share a parameter lie alike.
    found best(long budget) {
        chain->budget = budget;
        if (std::none_of(tied, tied + kinds, [](bool is) { return is; })) return best_of(*chain);
        found least;
        for (int g = 0; g < chain->layouts; ++g) {
            *one_layout = *chain;
            for (int k = 0; k < kinds; ++k)
                for (int i = 0; tied[k] && i < chain->of[k].count; ++i)
                    one_layout->of[k].option[i].allowed = chain->of[k].option[i].in == g;
            found const one = best_of(*one_layout);
            bool const fits = one.outcome == st::chain_outcome::optimal,
                       fitted = least.outcome == st::chain_outcome::optimal;
            bool const some = one.outcome == st::chain_outcome::infeasible;
            CHECK((fits || some || one.outcome == st::chain_outcome::no_path));
            if (fits ? !fitted || one.time < least.time : some && !fitted && one.memory < least.memory) least = one;
        }
        return least;
    }
};

struct totals {
    int optimal = 0, infeasible = 0;
    long ways = 0, stated = 0;

    void print() const {
        std::printf("%d optima and %d too large: of %ld ways %ld are stated\n", optimal, infeasible, ways, stated);
    }
};

/// Other prices than any machine has: redistributions with windows of their own, detours that are shortcuts.
template <class Planner>
void disturb(Planner& p, unsigned seed) {
    std::mt19937 random(seed);
    auto const scale = [&](long& x) {  // to nothing, up to eight times of it
        unsigned const eighths = random() % 16;
        x = eighths < 8 ? x * eighths / 8 : x * (eighths - 7);
    };
    auto const any_of = [&](long most) { return static_cast<long>(random() % 64) * most / 64; };
    long largest = 0;
    for (auto const& o : p.all)
        for (int u = 0; u < Planner::count; ++u)
            for (int k = 0; k < o.count[u]; ++k) largest = std::max(largest, o.option[u][k].cost.window);
    for (auto& from : p.edges)
        for (auto& e : from.to) {
            if (e.time >= st::unreachable) continue;
            e.time = e.time * static_cast<long>(random() % 32) / (seed % 4 < 2 ? 64 : 8);
            e.window = random() % 2 == 0 ? any_of(4 * largest) / 1024 : 0;
            if (seed % 4 == 0 && random() % 32 == 0) e.time = st::unreachable;
        }
    auto const by_way_of = [&](int a, int g, int b) {
        long const over = p.edges[a].to[g].time + p.edges[g].to[b].time;
        if (a != g && g != b && over < p.edges[a].to[b].time) p.edges[a].to[b].time = over;
    };
    for (int g = 0; g < Planner::classes && seed % 2 != 0; ++g)  // none of these is
        for (int a = 0; a < Planner::classes; ++a)
            for (int b = 0; b < Planner::classes; ++b) by_way_of(a, g, b);
    for (auto& o : p.all) {
        o.late = random() % 2 == 0 ? any_of(largest) : 0;
        for (int u = 0; u < Planner::count; ++u)
            for (int k = 0; k < o.count[u]; ++k) {
                st::detail::unit_option& one = o.option[u][k];
                scale(one.cost.window), scale(one.window_again), scale(one.ahead), scale(one.cost.activations);
                long more = one.held;
                scale(more), one.held += more;
            }
    }
    for (int g = 0; g < Planner::classes; ++g) p.edges[g].to[g] = {};
    p.assembled =
        st::detail::assemble<typename Planner::problem_type, st::detail::run_time_block_options>(p.of, p.all, p.edges);
}

template <class Model, int Axes>
void check_chain(totals& all, int const (&axis)[Axes], st::role_set roles, bool overlaps, int micro = 1,
                 unsigned seed = 0) {
    using planner_type = planner_on<Model, Axes>;
    static auto const planner = std::make_unique<planner_type>();
    st::cluster on;
    on.on = st::h100_sxm, on.on.overlaps = overlaps, on.on.launch = 500;
    on.axes = Axes;
    for (int a = 0; a < Axes; ++a) on.axis_size[a] = axis[a];
    st::constraints bound;
    bound.roles = roles;
    planner->prepare(on, bound, {.global = 16L * micro, .sequence = 64, .micro_batches = micro}, st::dtype::f32,
                     st::dtype::bf16);
    planner->state();
    if (seed > 0) disturb(*planner, seed);
    auto& chain = planner->assembled.chain;
    if (seed > 0 && !chain.complete) return;  // more ways than room
    REQUIRE(chain.complete);
    CAPTURE(seed);
    whole_chain<planner_type, (Axes > 2 ? 50000 : 1 << 14)> whole(*planner);
    long stated = 0;
    for (int k = 0; k < chain.classes; ++k) stated += chain.of[k].count;
    CHECK(stated <= whole.ways);
    auto const check = [&](long budget) {
        chain.budget = budget;
        st::model_plan const plan = planner->find();
        found const best = whole.best(budget);
        CAPTURE(budget);
        bool const held = plan.strategy.exceptions <= st::model_strategy::max_exceptions;
        if (held) CHECK(plan.outcome == best.outcome);
        if (best.outcome == st::chain_outcome::optimal) CHECK(plan.time == best.time);
        if (plan.outcome == st::chain_outcome::infeasible) CHECK(plan.memory / 1024 == best.memory);
        ++(plan.outcome == st::chain_outcome::optimal ? all.optimal : all.infeasible);
        return plan.memory / 1024;
    };
    long const most = check(1L << 40), least = check(0);
    CHECK(least <= most);
    check(least - 1);
    for (long const part : {0, 1, 2, 4, 8, 16, 24}) check(least + (most - least) * part / 32);
    all.ways += whole.ways, all.stated += stated;
}

constexpr st::role_set of(std::initializer_list<st::role> roles) {
    st::role_set all{};
    for (st::role const r : roles) all.mask |= st::only(r).mask;
    return all;
}
constexpr st::role_set few = of({st::role::fully_sharded, st::role::sequence_parallel, st::role::tensor_parallel});

}  // namespace

TEST_CASE("what is left of a chain has the optima of all of it: two axes") {
    using debug = st::llama<st::llama3_debug>;
    totals t;
    for (bool const overlaps : {false, true})
        for (int const micro : {1, 2})
            for (st::role_set const roles : {st::usual_roles, st::all_roles, few}) {
                check_chain<debug>(t, {2, 2}, roles, overlaps, micro);
                check_chain<st::llama<wide_stream>>(t, {4, 2}, roles, overlaps, micro);
                check_chain<st::llama<large_vocabulary>>(t, {2, 8}, roles, overlaps, micro);
            }
    t.print();
    CHECK(t.optimal > 20);
    CHECK(t.infeasible > 4);
}

TEST_CASE("what is left of a chain has the optima of all of it: three axes") {
    totals t;
    for (bool const overlaps : {false, true}) {
        check_chain<st::llama<st::llama3_debug>>(t, {2, 2, 2}, few, overlaps);
        check_chain<st::llama<wide_stream>>(t, {4, 2, 2}, few, overlaps);
    }
    t.print();
    CHECK(t.optimal > 6);
}

TEST_CASE("what is left of a chain has the optima of all of it: layers that share a parameter") {
    totals t;
    for (bool const overlaps : {false, true})
        for (st::role_set const roles : {st::usual_roles, st::all_roles, few}) {
            check_chain<st::gpt2<small_gpt2>>(t, {2, 2}, roles, overlaps);
            check_chain<st::gpt2<small_gpt2>>(t, {4, 2}, roles, overlaps, 2);
        }
    t.print();
    CHECK(t.optimal > 6);
}

TEST_CASE("what is left of a chain has the optima of all of it, whatever its numbers are") {
    totals t;
    for (unsigned seed = 1; seed <= 32; ++seed) {
        bool const overlaps = seed % 2 == 0;
        check_chain<st::llama<wide_stream>>(t, {4, 2}, few, overlaps, 1, seed);
        check_chain<st::gpt2<small_gpt2>>(t, {4, 2}, few, overlaps, 1, seed);
        if (seed % 8 == 0) check_chain<st::llama<wide_stream>>(t, {4, 2, 2}, few, overlaps, 1, seed);
    }
    t.print();
    CHECK(t.optimal > 300);
}
