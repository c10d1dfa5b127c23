// What bench/planner/run.sh compiles: one search of a made-up chain, at the compiler's default limits.
#include <shardtype/search/chain_stages.hpp>

#include "llama_like.hpp"

struct job {
    static constexpr auto problem =
        planner_bench::llama_like<LAYOUTS, OPTIONS, LAYERS + 2>(planner_bench::MODEL, BUDGET);
};
#ifdef SEARCH
inline constexpr auto const& plan = shardtype::solved<job>;
static_assert(plan.optimal);
#endif
#ifdef CHECK
struct checked {
    static constexpr auto const& problem = job::problem;
    static constexpr auto const& solution = plan;
};
static_assert(shardtype::checked_certificate<checked> == shardtype::certificate_fault::none);
#endif
#ifdef AT_ONCE  // one variable, no stages: what -fconstexpr-steps must allow
constexpr auto at_once = shardtype::solve(job::problem);
static_assert(at_once.optimal);
#endif
