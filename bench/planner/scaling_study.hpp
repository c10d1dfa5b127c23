#pragma once

#include <shardtype/plan/mesh_planner.hpp>
#include <shardtype/plan/plan_words.hpp>
#include <shardtype/plan/predict.hpp>
#include <shardtype/shardtype.hpp>
#include <shardtype/train/metrics.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

/// The planner's choice of mesh, micro-batches and strategy for a model on so many devices, and what its schedule costs.
namespace planner {

namespace st = shardtype;

/// Seconds of a step and decimal GB of a rank.
struct step_costs {
    double products = 0, attention = 0, others = 0, update = 0;  ///< kernels
    double of_axis[3] = {0, 0, 0};  ///< collectives of dp_replicate, dp_shard, tp, hidden ones too
    double exposed = 0;             ///< of them, what no kernel hides
    double state = 0, activations = 0, window = 0;
};

struct predicted_step {
    bool fits = false;
    st::mesh_degrees mesh{};
    int micro_batches = 0, recomputed = 0, blocks = 0;
    std::string roles;
    double seconds = 0, tokens_per_second = 0, mfu = 0, memory = 0;
    double least_memory = 0;              ///< GB, where nothing fits
    double gap = 0;                       ///< what a faster plan could gain at most; 0: proven that there is none
    double time_off = 0, memory_off = 0;  ///< of its schedule, as a share
    step_costs costs{};

    [[nodiscard]] bool faster_than(predicted_step const& b) const {
        if (fits != b.fits) return fits;
        if (fits) return seconds < b.seconds;
        return least_memory > 0 && (b.least_memory <= 0 || least_memory < b.least_memory);
    }
};

/// What was done.
struct tally {
    int searches = 0, of_one = 0;
    double seconds = 0;

    tally operator+(tally const& b) const { return {searches + b.searches, of_one + b.of_one, seconds + b.seconds}; }
};

template <class Model>
struct study {
    char const* name;
    st::llama_config sizes;
    st::hardware on;
    tally counted{};
    st::run_time_mesh_planner<Model> all{};
    typename st::run_time_mesh_planner<Model>::problem_type problem{};  ///< on one mesh
    st::chain_search_state<typename st::run_time_mesh_planner<Model>::problem_type::chain_type, 2048, 512> search{};

    study(char const* model, st::llama_config const& config, st::hardware const& h)
        : name(model), sizes(config), on(h) {}

    /// The fastest of all meshes and numbers of micro-batches (powers of 2).
    predicted_step best(int world, long global, long sequence) {
        return over_micro_batches(global, [&](int micro) {
            double const before = now();
            st::mesh_choice const m =
                all.find(world, on, {}, batch(global, sequence, micro), st::dtype::f32, st::dtype::bf16);
            ++counted.searches, counted.seconds += now() - before;
            return read(m.degrees, m.plan, batch(global, sequence, micro));
        });
    }
    /// The same on one mesh.
    predicted_step best_on(st::mesh_degrees const& d, long global, long sequence) {
        return over_micro_batches(global, [&](int micro) {
            double const before = now();
            st::model_plan const p = plan_on(d, batch(global, sequence, micro));
            ++counted.of_one, counted.seconds += now() - before;
            return read(d, p, batch(global, sequence, micro));
        });
    }

  private:
    using types = st::detail::mesh_types<Model>;

    static double now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
    static st::batch_shape batch(long global, long sequence, int micro) {
        return {.global = global, .sequence = sequence, .micro_batches = micro};
    }
    template <class F>
    predicted_step over_micro_batches(long global, F find) {
        predicted_step best;
        for (int micro = 1; micro <= global; micro *= 2) {
            predicted_step const s = find(micro);
            if (s.faster_than(best)) best = s;
        }
        return best;
    }
    /// As the search over meshes does with each of them.
    st::model_plan plan_on(st::mesh_degrees const& d, st::batch_shape const& b) {
        st::model_plan none;
        if (b.global % (static_cast<long>(d.batch_parts()) * b.micro_batches) != 0) return none;
        st::detail::planned_case const asked =
            st::detail::case_of<Model>({.on = on}, {.device_memory = on.usable()}, b, st::dtype::f32, st::dtype::bf16);
        st::detail::planned_case const of = st::detail::case_on(asked, d);
        auto const core =
            st::detail::mesh_core<Model, st::library_operations, st::buffers_only>(asked, d.batch_parts(), d.tp);
        if (st::detail::time_bound(core, asked) == st::unreachable) return none;
        auto const options = st::detail::mesh_options<types>(of, d, core);
        for (int u = 0; u < types::count; ++u)
            if (options.count[u] == 0) return none;
        problem = st::detail::mesh_problem<types>(of, options, st::unreachable);
        st::solve(problem.chain, search);
        return st::detail::mesh_plan<types>(of, options, problem, search.result);
    }
    [[nodiscard]] double flops_of_a_token(long sequence) const {
        long const kv = sizes.dim / sizes.heads * sizes.kv_heads, embedding = sizes.vocabulary * sizes.dim;
        long const block = 2 * sizes.dim * (sizes.dim + kv) + 3 * sizes.dim * sizes.ffn_dim + 2 * sizes.dim;
        st::model_size m{2 * embedding + sizes.layers * block + sizes.dim, embedding, sizes.layers, sizes.heads,
                         sizes.dim};
        return st::flops_per_token(m, sequence);
    }

    predicted_step read(st::mesh_degrees const& d, st::model_plan const& p, st::batch_shape const& b) {
        predicted_step s;
        s.mesh = d, s.micro_batches = b.micro_batches, s.blocks = sizes.layers;
        if (p.outcome == st::chain_outcome::unproven) {
            s.gap = 1 - static_cast<double>(p.certificate.lower_bound) / static_cast<double>(p.time);
        } else if (!p.optimal) {
            if (p.outcome == st::chain_outcome::infeasible) s.least_memory = 1e-9 * static_cast<double>(p.memory);
            return s;
        }
        s.fits = true;
        read_roles(s, p);
        st::cluster where;
        where.on = on, where.axes = p.axes;
        std::copy_n(p.axis_size, p.axes, where.axis_size);
        add_costs(s, p, b, where);
        s.memory = 1e-9 * static_cast<double>(p.memory);
        double const devices = static_cast<double>(d.dp_replicate) * d.dp_shard * d.tp;
        s.tokens_per_second = static_cast<double>(p.tokens) / s.seconds / devices;
        s.mfu = s.tokens_per_second * flops_of_a_token(b.sequence) / static_cast<double>(on.bf16_flops);
        return s;
    }

    static int axis_of(st::model_plan const& p, int a) {
        std::string const axis = p.axis_name[a].data;
        return axis == "dp_replicate" ? 0 : axis == "dp_shard" ? 1 : 2;
    }
    void read_roles(predicted_step& s, st::model_plan const& p) const {
        int units[8] = {}, sum = 0;
        for (int i = 0; i < p.layers; ++i) {
            st::planned_layer const& x = p.layer[i];
            if (x.repeated && x.roles.recomputes && std::string(x.name.data).find("attention") != std::string::npos)
                s.recomputed += x.count;
            for (int a = 0; a < p.axes; ++a)
                if (axis_of(p, a) == 1 && p.axis_size[a] > 1)
                    units[static_cast<int>(x.roles.on[a])] += x.count, sum += x.count;
        }
        for (st::role const r : {st::role::fully_sharded, st::role::sharded_gradients, st::role::sharded_optimizer}) {
            int const n = units[static_cast<int>(r)];
            if (n == 0) continue;
            s.roles += (s.roles.empty() ? "" : ", ") + std::string(st::role_word(r));
            if (n != sum) s.roles += " " + std::to_string(n);
        }
        if (s.roles.empty()) s.roles = "-";
    }

    /// From the schedule that the plan becomes, so that a rule that refuses it would be seen.
    void add_costs(predicted_step& s, st::model_plan const& p, st::batch_shape const& b, st::cluster const& where) {
        auto const g =
            std::make_unique<st::graph>(st::read_model<Model>(p.strategy, b, st::dtype::f32, st::dtype::bf16));
        auto const steps = std::make_unique<st::schedule_builder>(
            st::detail::lower<st::library_operations>(*g, &st::detail::no_scratch, on.overlaps));
        if (!g->ok() || !steps->says.legal()) {
            std::fprintf(stderr, "error: %s: a plan was refused: rule %d, %s\n", name,
                         static_cast<int>(g->ok() ? steps->says.what : g->says.what), g->failed_in.data);
            std::exit(1);
        }
        step_costs& c = s.costs;
        for (int k = 0; k < steps->segment_count; ++k) {
            st::segment const& part = steps->segments[k];
            if (part.when == st::segment_kind::set_up) continue;
            bool const repeats = part.when == st::segment_kind::forward || part.when == st::segment_kind::backward;
            for (int i = part.begin; i < part.end; ++i) {
                st::step const& x = steps->steps[i];
                double const times =
                    1e-9 * static_cast<double>(st::trips_of(part, x)) * (repeats ? b.micro_batches : 1);
                double const t = times * static_cast<double>(st::step_time(where, x));
                st::work_kind const is = st::work_of(x).is;
                bool const attends = is == st::work_kind::attention_forward || is == st::work_kind::attention_backward;
                if (x.kind != st::step_kind::kernel) {
                    if (x.axis >= 0) c.of_axis[axis_of(p, x.axis)] += t;
                } else {
                    (is == st::work_kind::product ? c.products
                     : attends                    ? c.attention
                     : repeats                    ? c.others
                                                  : c.update) += t;
                }
            }
        }
        st::prediction const whole = st::predict(*steps, b.micro_batches, where);
        s.seconds = 1e-9 * static_cast<double>(p.time);
        c.exposed = s.seconds - c.products - c.attention - c.others - c.update;
        st::detail::plan_totals const planned(p);
        c.state = 1e-9 * static_cast<double>(planned.sum.state);
        c.activations = 1e-9 * static_cast<double>(planned.sum.activations);
        c.window = 1e-9 * static_cast<double>(planned.sum.window);
        s.time_off = static_cast<double>(whole.time) / static_cast<double>(p.time) - 1;
        s.memory_off = static_cast<double>(whole.memory) / static_cast<double>(p.memory) - 1;
    }
};

}  // namespace planner
