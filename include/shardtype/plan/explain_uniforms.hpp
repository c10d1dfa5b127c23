#pragma once

#include <shardtype/plan/plan_words.hpp>

namespace shardtype::detail {

/// Why a uniform layout is not the plan: `14.6 % slower, most in output`.
constexpr void put_why_not(text_sink& out, uniform_layout const& u, model_plan const& p) {
    bool const named = u.worst.size > 0;
    switch (u.verdict) {
        case why_not::chosen:
            return out.put("the plan");
        case why_not::slower:
            if (u.time <= p.time) return out.put("as fast");
            put_percent(out, u.time - p.time, p.time);
            out.put(named ? " slower, most in " : " slower");
            break;
        case why_not::too_large:
            out.put("too large by ");
            put_measure(out, u.memory - p.budget, memory_unit(u.memory - p.budget));
            out.put(named ? ", most of it in " : "");
            break;
        case why_not::forbidden:
            out.put(named ? "a constraint forbids it in " : "a constraint forbids it");
            break;
        case why_not::illegal:
            out.put(named ? "illegal in " : "illegal");
            break;
    }
    out.put(u.worst);
}

/// The uniform layouts of a plan that tell most: of each split of the mesh the first that fits, and the first too large
/// one that would be faster; where none fits the first of all.
struct telling_uniforms {
    int row[model_plan::max_uniforms]{};  ///< numbers in the plan
    int rows = 0;                         ///< used of them
    constexpr explicit telling_uniforms(model_plan const& p) {
        for (int u = 0; u < p.uniforms; ++u) {
            mesh_split const split(p.uniform[u].roles, p);
            bool first = true;
            for (int before = 0; before < u; ++before)
                first = first && !(mesh_split(p.uniform[before].roles, p) == split);
            if (!first) continue;
            row[rows++] = u;
            bool const fits = p.uniform[u].verdict == why_not::chosen || p.uniform[u].verdict == why_not::slower;
            int faster = -1;
            for (int other = u + 1; fits && other < p.uniforms; ++other) {
                uniform_layout const& x = p.uniform[other];
                if (x.verdict == why_not::too_large && mesh_split(x.roles, p) == split && x.time < p.uniform[u].time &&
                    (faster < 0 || x.time < p.uniform[faster].time))
                    faster = other;
            }
            if (faster >= 0) row[rows++] = faster;
        }
    }
};

struct uniform_cells {
    static constexpr int columns = 5;
    model_plan const& p;
    telling_uniforms const& shown;
    unit_of_measure time, memory;
    int rows = 0;

    static constexpr bool left(int c) { return c < 2 || c == 4; }
    constexpr void put(text_sink& out, int r, int c) const {
        if (r == 0) return put_heading(out, c);
        uniform_layout const& u = p.uniform[shown.row[r - 1]];
        switch (c) {
            case 0:
                return mesh_split(u.roles, p).put(out);
            case 1:
                return put_strategy(out, u.roles, p);
            case 2:
                return u.time < unreachable ? put_fixed(out, u.time, time.one, 3) : out.put('-');
            case 3:
                return u.memory > 0 ? put_fixed(out, u.memory, memory.one, 3) : out.put('-');
            default:
                return put_why_not(out, u, p);
        }
    }
    constexpr void put_heading(text_sink& out, int c) const {
        constexpr char const* of[columns] = {"split", "strategy", "step, ", "memory, ", "beside the plan"};
        out.put(of[c]);
        if (c == 2) out.put(time.name);
        if (c == 3) out.put(memory.name);
    }
};

constexpr void put_uniforms(text_sink& out, model_plan const& p) {
    if (p.uniforms == 0) return;
    telling_uniforms const shown(p);
    out.put("\nOne strategy for all layers");
    if (shown.rows < p.uniforms) {
        out.put(", the best of each split (");
        put_number(out, p.uniforms - shown.rows);
        out.put(p.uniforms - shown.rows == 1 ? " other was tried)" : " others were tried)");
    }
    out.put(":\n");
    uniform_cells const cells{p, shown, time_unit(p.time < unreachable ? p.time : p.uniform[0].time),
                              memory_unit(p.budget > 0 ? p.budget : p.memory), shown.rows + 1};
    put_table(out, cells);
}

}  // namespace shardtype::detail
