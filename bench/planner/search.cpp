// What the search costs at run time: for each size the worst of 19 budgets, and the median.
#include <shardtype/search/certificate.hpp>
#include <shardtype/search/chain_search.hpp>

#include "llama_like.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

namespace {

namespace st = shardtype;
using namespace planner_bench;

double milliseconds_since(std::chrono::steady_clock::time_point t) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - t).count();
}

template <int Layouts, int Options, int Layers, bool Different = false>
void row(char const* name, model_size const& m) {
    using problem = decltype(llama_like<Layouts, Options, Layers + 2, Different>(m, 1));
    auto const room = std::make_unique<st::chain_search_state<problem, 1 << 20, 1 << 16>>();
    auto const checking = std::make_unique<st::certificate_progress<problem, 1 << 14>>();
    long labels[19]{};
    long most = -1, budget = 0;
    double times[19]{}, check = 0;
    int n = 0, feasible = 0, proven = 0;
    for (long share : {10, 15, 20, 25, 30, 35, 40, 50, 60, 70, 80, 90, 100, 120, 140, 170, 200, 250, 300}) {
        auto const p = llama_like<Layouts, Options, Layers + 2, Different>(m, share);
        auto const start = std::chrono::steady_clock::now();
        auto const s = st::solve(p, *room);
        times[n] = milliseconds_since(start);
        labels[n] = s.certificate.labels;
        feasible += s.outcome != st::chain_outcome::infeasible;
        proven += s.optimal;
        if (labels[n] > most) most = labels[n], budget = share;
        if (s.optimal && !Different) {
            auto const again = std::chrono::steady_clock::now();
            *checking = {};
            st::check_on(p, s, *checking);
            check = std::max(check, milliseconds_since(again));
            if (checking->fault != st::certificate_fault::none)
                std::printf("the checker refuses %s at %ld\n", name, share);
        }
        ++n;
    }
    std::sort(labels, labels + n);
    std::sort(times, times + n);
    std::printf("%-12s %6d %8d %8d   %2d of %2d %9ld %9ld %7ld %9.3f %9.3f %9.3f\n", name, Layers, Options, Layouts,
                proven, feasible, labels[n / 2], labels[n - 1], budget, times[n / 2], times[n - 1], check);
}

}  // namespace

int main() {
    std::printf("%-12s %6s %8s %8s %10s %9s %9s %7s %9s %9s %9s\n", "model", "layers", "options", "layouts", "proven",
                "labels", "most", "budget", "ms", "most", "check");
    row<8, 36, 32>("8B", llama_8b);
    row<8, 36, 80>("70B", llama_70b);
    row<8, 36, 126>("405B", llama_405b);
    std::puts("layers");
    row<8, 36, 16>("8B", llama_8b);
    row<8, 36, 64>("8B", llama_8b);
    row<8, 36, 128>("8B", llama_8b);
    row<8, 36, 256>("8B", llama_8b);
    std::puts("options");
    row<8, 24, 126>("405B", llama_405b);
    row<8, 48, 126>("405B", llama_405b);
    std::puts("layouts");
    row<2, 36, 126>("405B", llama_405b);
    row<4, 36, 126>("405B", llama_405b);
    row<16, 72, 126>("405B", llama_405b);
    std::puts("every layer a little different (each a run of its own)");
    row<8, 36, 8, true>("405B", llama_405b);
    row<8, 36, 16, true>("405B", llama_405b);
    row<8, 36, 32, true>("405B", llama_405b);
}
