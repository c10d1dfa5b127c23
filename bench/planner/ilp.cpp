// The exact search beside an integer linear program, solved by cbc: run by bench/planner/ilp.sh.
// A case is one line in main: a name and a chain_problem, of any size; its own budget does not count.
#include <shardtype/plan/planning.hpp>
#include <shardtype/search/chain_search.hpp>
#include <shardtype/shardtype.hpp>

#include "../../tests/support/against_cbc.hpp"
#include "../../tests/support/random_chain.hpp"
#include "llama_like.hpp"

#include <cstring>
#include <memory>
#include <set>

namespace {

namespace st = shardtype;
namespace ip = integer_program;
using namespace planner_bench;

class table {
  public:
    table(std::filesystem::path folder, int seconds, std::string filter)
        : folder_(std::move(folder)), seconds_(seconds), filter_(std::move(filter)) {
        std::puts(
            "| problem | budget, KiB | layers | options | ours, ms | labels | by runs: integers | rows | cbc, s |"
            " by positions: binaries | rows | cbc, s | ours, ns | cbc, ns | |\n"
            "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    }

    /// Rows at five budgets: all the memory there could be, two between what the fastest and what the smallest plan
    /// need, the smallest's, and one KiB too little.
    template <class Problem>
    void add(std::string const& name, Problem p) {
        if (name.find(filter_) == std::string::npos) return;
        auto const room = std::make_unique<search_room<Problem>>();
        p.budget = st::unreachable;
        auto const fastest = st::solve(p, *room);
        row(name, "loose", p, *room);
        if (!fastest.optimal) return;
        p.budget = 0;
        long const least = st::solve(p, *room).memory, more = fastest.memory - least;
        std::set<long> const budgets{least + more * 2 / 3, least + more / 3, least, least - 1};
        for (auto budget = budgets.rbegin(); budget != budgets.rend() && *budget >= 0; ++budget) {
            p.budget = *budget;
            row(name, *budget == least ? "the least" : *budget < least ? "too little" : "between", p, *room);
        }
    }
    /// 1 where any two differ.
    int end() const {
        if (rows_ == 0) throw std::invalid_argument("no case has '" + filter_ + "' in its name");
        std::printf("\n%d rows: %d equal, %d where cbc or the search did not end, %d different\n", rows_, equal_,
                    rows_ - equal_ - different_, different_);
        return different_ > 0 ? 1 : 0;
    }

  private:
    template <class Problem>
    using search_room = st::chain_search_state<Problem, 1 << 20, 1 << 16>;

    template <class Problem>
    void row(std::string const& name, char const* kind, Problem const& p, search_room<Problem>& room) {
        double best = 1e300;
        for (int repeat = 0; repeat < 5; ++repeat) {
            auto const start = std::chrono::steady_clock::now();
            st::solve(p, room);
            std::chrono::duration<double, std::milli> const took = std::chrono::steady_clock::now() - start;
            best = std::min(best, took.count());
        }
        auto const& ours = room.result;
        auto const ask = [&](ip::formulation how, char const* file) {
            return ip::against_cbc(p, ours, how, folder_, file + std::to_string(rows_), seconds_);
        };
        ip::verdict const runs = ask(ip::formulation::by_runs, "runs_");
        ip::verdict const positions = ask(ip::formulation::by_positions, "positions_");
        bool const equal = (runs.equal || positions.equal) && !runs.different && !positions.different;
        int options = 0;
        for (int c = 0; c < p.classes; ++c) options = std::max(options, p.of[c].count);
        auto const nanoseconds = [](long t) { return t < st::unreachable ? std::to_string(t) : "no plan"; };
        std::string words = runs.words;
        if (positions.words != words) words = "by runs: " + words + "; by positions: " + positions.words;
        std::printf("| %s | %s%s | %d | %d | %.3f | %ld | %ld | %ld | %.2f | %ld | %ld | %.2f | %s | %s | %s |\n",
                    name.c_str(), p.budget < st::unreachable ? (std::to_string(p.budget) + ", ").c_str() : "", kind,
                    p.positions(), options, best, ours.certificate.labels, runs.integers, runs.rows, runs.seconds,
                    positions.integers, positions.rows, positions.seconds,
                    nanoseconds(ours.optimal ? ours.time : st::unreachable).c_str(),
                    nanoseconds(std::min(runs.time, positions.time)).c_str(), words.c_str());
        std::fflush(stdout);
        ++rows_, equal_ += equal, different_ += runs.different || positions.different;
    }

    std::filesystem::path folder_;
    int seconds_;
    std::string filter_;
    int rows_ = 0, equal_ = 0, different_ = 0;
};

/// Windows as those of layers whose parameters are gathered: an option's is a share of its time's size.
template <class Problem>
Problem with_windows(Problem p) {
    for (int c = 0; c < p.classes; ++c)
        for (int k = 0; k < p.of[c].count; ++k) p.of[c].option[k].window = p.of[c].option[k].memory / 2 + 997 * (k % 7);
    for (int g = 0; g < p.layouts; ++g)
        for (int h = 0; h < p.layouts; ++h)
            if (g != h) p.redistribution[g][h].window = p.redistribution[g][h].time / 40;
    return p;
}

chains::small_problem random_one(unsigned long seed) {
    chains::generator g{seed};
    return chains::random_chain(g);
}

/// The chain of a model on a mesh of H100s: what `st::plan` searches.
template <class Model, int Axes>
auto planned(int const (&axis)[Axes], st::batch_shape const& batch, st::dtype compute) {
    auto const planner = std::make_unique<st::run_time_planner<Model, Axes>>();
    st::cluster on{st::h100_sxm, Axes, {}};
    for (int a = 0; a < Axes; ++a) on.axis_size[a] = axis[a];
    planner->prepare(on, {}, batch, st::dtype::f32, compute);
    planner->state();
    return planner->assembled.chain;
}

}  // namespace

// ilp FOLDER SECONDS [FILTER]: cbc's files go to FOLDER; only the cases whose names have FILTER in them
int main(int argc, char** argv) try {
    if (argc < 3) throw std::invalid_argument("usage: ilp FOLDER SECONDS [FILTER]");
    table t(argv[1], std::atoi(argv[2]), argc > 3 ? argv[3] : "");
    using debug = st::llama<st::llama3_debug>;
    using llama_8b_model = st::llama<st::llama3_8b>;
    st::batch_shape const small{.global = 128, .sequence = 2048}, large{.global = 128, .sequence = 8192};
    t.add("debug model on [8]", planned<debug, 1>({8}, small, st::dtype::f32));
    t.add("debug model on [2, 4]", planned<debug, 2>({2, 4}, small, st::dtype::f32));
    t.add("debug model on [8, 8]", planned<debug, 2>({8, 8}, small, st::dtype::f32));
    t.add("debug model on [16, 8]", planned<debug, 2>({16, 8}, small, st::dtype::f32));
    t.add("Llama-3 8B on [8]", planned<llama_8b_model, 1>({8}, large, st::dtype::bf16));
    t.add("Llama-3 8B on [2, 4]", planned<llama_8b_model, 2>({2, 4}, large, st::dtype::bf16));
    t.add("Llama-3 8B on [8, 8]", planned<llama_8b_model, 2>({8, 8}, large, st::dtype::bf16));
    t.add("Llama-3 8B on [16, 8]", planned<llama_8b_model, 2>({16, 8}, large, st::dtype::bf16));
    t.add("random 16", random_one(16));
    t.add("random 34", random_one(34));
    t.add("made up 8B, 2 layouts", llama_like<2, 12, 34>(llama_8b, 1000));
    t.add("made up 8B, 8 layouts", llama_like<8, 36, 34>(llama_8b, 1000));
    t.add("made up 8B, 8 layouts, windows", with_windows(llama_like<8, 36, 34>(llama_8b, 1000)));
    t.add("made up 70B, 8 layouts", llama_like<8, 36, 82>(llama_70b, 1000));
    t.add("made up 405B, 8 layouts", llama_like<8, 36, 128>(llama_405b, 1000));
    t.add("made up 405B, 16 layers that differ", llama_like<8, 36, 18, true>(llama_405b, 1000));
    return t.end();
} catch (std::exception const& e) {
    std::fprintf(stderr, "ilp: %s\n", e.what());
    return 1;
}
