#pragma once

#include <shardtype/search/chain_thresholds.hpp>

namespace shardtype {

namespace detail {

template <class Problem, int Labels, int Arriving>
struct chain_searcher : chain_thresholds<Problem, Labels, Arriving> {
    using thresholds = chain_thresholds<Problem, Labels, Arriving>;
    using thresholds::fits_at, thresholds::find_bound_at, thresholds::find_price_at, thresholds::least_bound;
    using thresholds::load, thresholds::find_lean, thresholds::walk, thresholds::price, thresholds::take;
    using thresholds::p, thresholds::s, thresholds::result, thresholds::work;

    chain_phase& phase;

    constexpr chain_searcher(Problem const& problem, chain_search_state<Problem, Labels, Arriving>& state)
        : thresholds{problem, state.progress, state.result}, phase(state.phase) {}

    /// As long as nothing fits, the result is the smallest plan.
    constexpr void find_room_at(int w) {
        s.fits = fits_at(w);
        backward_table<Problem> const& lean = s.side[0].lean;
        if (s.fits || lean.start >= unreachable || lean.start + s.kinds.window[w] >= s.need) return;
        s.need = lean.start + s.kinds.window[w];
        take(lean);
    }
    constexpr void end_room() {
        s.best = p.below;
        if (s.fits) result.time = unreachable;
        for (int i = 0; s.fits && i < s.kinds.positions; ++i) result.choice[i] = 0;
        result.outcome = s.fits                 ? chain_outcome::optimal
                         : s.need < unreachable ? chain_outcome::infeasible
                                                : chain_outcome::no_path;
        if (result.outcome == chain_outcome::no_path) find_dead_end();
        phase = s.fits ? chain_phase::prices : chain_phase::done;
    }
    /// The last position that nothing leads on from. All windows are allowed: the last threshold is loaded.
    constexpr void find_dead_end() {
        chain_tables<Problem> const& t = s.side[0].tables;
        for (int k = t.segments; k-- > 0;)
            for (int i = t.segment[k].first + t.segment[k].count; i-- > t.segment[k].first;) {
                bool dead = true;
                for (int b = 0; b < t.ins_count[t.segment[k].kind]; ++b)
                    dead = dead && s.side[0].lean.cost_from(i, t.ins[t.segment[k].kind][b]) >= unreachable;
                result.position = i;
                if (dead) return;
            }
    }
    /// Sets up the labels of a threshold. Most labels are those that only a bad incumbent lets through, so the first passes
    /// look but a little above the bound: what they find is the best there, and if it is nothing the bound rises.
    constexpr void begin_labels(int w) {
        if (s.set_up != w) {
            price(w, s.multiplier[w]);
            find_lean();
            turn_round(s.side[0].tables, s.side[1].tables);
            walk(s.side[0], least_time, s.side[0].fast);
            walk(s.side[1], least_time, s.side[1].fast);
            walk(s.side[1], least_memory, s.side[1].lean);
            walk(s.side[1], s.side[0].priced.measure, s.side[1].priced);
            s.set_up = w;
        }
        s.used = 0;
        s.front[0].position = s.front[0].segment = s.front[1].position = s.front[1].segment = 0;
        if (s.step == 0) s.step = (s.best - s.bound[w]) / 16 + 1;
        bool const to_best = s.widest > 0 || s.best - s.bound[w] <= s.step;
        s.incumbent = {to_best ? s.best : s.bound[w] + s.step, -1, 0, 0, -1, 0};
        s.in_pass = true;
    }
    /// Labels of one pass, from both ends, until `limit` or the end of the pass. False: out of room.
    constexpr bool go_on(long limit, bool& over) {
        label_search<Problem> begin(s.side[0], s.front[0], s.incumbent, s.label, s.used, Labels, Arriving, 0, s.widest);
        label_search<Problem> end(s.side[1], s.front[1], s.incumbent, s.label, s.used, Labels, Arriving, 1, s.widest);
        bool dead = false;
        over = true;
        auto const all = [&] { return s.front[0].position + s.front[1].position == s.kinds.positions; };
        while (!all() && !dead && s.incumbent.time > s.bound[s.window] && !begin.full && !end.full) {
            over = work + begin.merge.work + end.merge.work <= limit;
            if (!over) break;
            bool const forward = s.front[0].position == 0 || (s.front[1].position > 0 && begin.width() <= end.width());
            label_search<Problem>& one = forward ? begin : end;
            one.step();
            dead = one.width() == 0;
        }
        work += begin.merge.work + end.merge.work;
        if (!over) return true;
        if (begin.full || end.full) return false;
        if (all() && !dead && s.front[1].position > 0)
            meet(s.side[0], s.front[0], s.side[1], s.front[1], s.label, s.incumbent);
        return true;
    }
    constexpr void settle(long limit) {
        bool over = false;
        bool const room = go_on(limit, over);
        if (!over) return;
        s.in_pass = false;
        result.certificate.labels += s.used;
        bool const to_best = s.incumbent.time == s.best;
        if (s.incumbent.label >= 0) {
            read_back(s.side, s.label, s.incumbent, result.choice);
            s.best = result.time = s.incumbent.time, s.winner = s.window;
        } else if (!to_best) {
            s.step *= 4;
        }
        if (s.widest > 0)
            result.outcome = chain_outcome::unproven;
        else if (room)
            s.bound[s.window] = s.incumbent.time;
        else  // a good plan, at least
            s.widest = Labels / (2 * s.kinds.positions * Problem::max_layouts) + 1;
    }
    /// The bound that one multiplier proves for all thresholds: that of the least bound, and if it leaves a gap that of
    /// the best plan.
    constexpr void certify(long limit) {
        chain_certificate& c = result.certificate;
        for (; s.candidate < 2 && work < limit; ++s.candidate) {
            int const from = s.candidate == 0 ? least_bound() : s.winner;
            if (s.candidate == 0) c.shift = s.scale.shift, c.value = s.best, c.multiplier = -1;
            if (s.candidate == 1 && (c.lower_bound >= c.value || s.multiplier[from] == c.multiplier)) continue;
            for (; s.window < s.kinds.windows && work < limit; ++s.window) {
                long const here = s.bound[s.window] == unreachable ? unreachable : price(s.window, s.multiplier[from]);
                if (here < s.need && fits_at(s.window)) s.need = here;
            }
            if (s.window < s.kinds.windows) return;
            if (c.multiplier < 0 || s.need > c.lower_bound) c.lower_bound = s.need, c.multiplier = s.multiplier[from];
            s.window = 0, s.need = unreachable;
        }
        if (s.candidate < 2) return;
        bool const proven = result.outcome == chain_outcome::optimal;
        c.proof = !proven ? chain_proof::none : c.lower_bound >= c.value ? chain_proof::bound : chain_proof::labels;
        if (proven && result.time == unreachable) result.outcome = chain_outcome::none_better;
        result.optimal = result.outcome == chain_outcome::optimal;
        phase = chain_phase::done;
    }
    /// Memory of the choice, and the position that holds most of it.
    constexpr void measure_memory() {
        long sum = p.fixed, window = 0, most = -1;
        short out = -1;
        int i = 0;
        for (int r = 0; r < p.runs; ++r)
            for (int k = 0; k < p.run[r].count; ++k, ++i) {
                chain_option const& o = p.of[p.run[r].of].option[result.choice[i]];
                long const edge = i > 0 ? p.redistribution[out][o.in].window : 0;
                window = o.window > window ? o.window : window, window = edge > window ? edge : window;
                sum += o.memory, out = o.out;
                if (o.memory + o.window > most) most = o.memory + o.window, result.position = i;
            }
        result.memory = sum + window;
    }
    constexpr void begin() {
        result = {};
        s.loaded = -1, s.window = s.winner = s.candidate = 0, s.set_up = -1, s.step = s.widest = 0, s.in_pass = false,
        s.scale = {-1, 0};
        s.need = unreachable, s.fits = false;
        find_kinds(p, s.kinds);
        work += 2000 + s.kinds.kinds * Problem::max_options * Problem::max_options / 4;
        for (int w = 0; w < s.kinds.windows; ++w) s.bound[w] = s.multiplier[w] = 0, s.seen[w] = s.own_price[w] = false;
        result.positions = s.kinds.valid ? s.kinds.positions : 0;
        phase = s.kinds.valid ? chain_phase::room : chain_phase::done;
    }
    constexpr void run(long limit) {
        if (phase == chain_phase::begin) begin();
        for (; phase == chain_phase::room && work < limit; ++s.window) {
            find_room_at(s.window);
            if (s.fits || s.window + 1 == s.kinds.windows) end_room(), s.window = -1;
        }
        for (; phase == chain_phase::prices && work < limit; ++s.window) {
            find_bound_at(s.window);
            if (s.window + 1 == s.kinds.windows) phase = chain_phase::labels;
        }
        while (phase == chain_phase::labels && work < limit) {
            if (!s.in_pass) {
                s.window = least_bound();
                if (s.bound[s.window] >= s.best || result.outcome != chain_outcome::optimal)
                    phase = chain_phase::certificate, s.window = 0, s.need = unreachable;
                else
                    s.own_price[s.window] ? begin_labels(s.window) : find_price_at(s.window);
            } else {
                settle(limit);
            }
        }
        if (phase == chain_phase::certificate) certify(limit);
        if (phase == chain_phase::done && result.time < unreachable) measure_memory();
    }
};

}  // namespace detail

/// Goes on with a search (`s.phase` is `begin` for a new one) for about `limit` statements.
template <class Problem, int Labels, int Arriving>
constexpr void search_on(Problem const& problem, chain_search_state<Problem, Labels, Arriving>& s,
                         long limit = unreachable) {
    detail::chain_searcher<Problem, Labels, Arriving>(problem, s).run(limit);
}

/// The fastest plan within the budget, with the proof that it is; or why there is none. The same to the bit at compile
/// time and at run time. `s` is the room that it works in, of any content.
template <class Problem, int Labels, int Arriving>
constexpr chain_solution<Problem::max_positions> const& solve(Problem const& problem,
                                                              chain_search_state<Problem, Labels, Arriving>& s) {
    s.phase = chain_phase::begin;
    search_on(problem, s);
    return s.result;
}
/// The same, in room of its own: about 0.9 MB.
template <class Problem>
constexpr chain_solution<Problem::max_positions> solve(Problem const& problem) {
    chain_search_state<Problem> s{};
    return solve(problem, s);
}

}  // namespace shardtype
