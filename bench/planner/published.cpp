// Predicted against published: step time and memory of training runs that others measured, as jobs of this library.
// At most two efficiencies per (hardware, software stack), fitted here on the rows marked `fit`; the others count.
// --markdown: as tables for a page. --detail: where the predicted time goes, and what predict() says of this library's
// own runtime.
// --check: exits with 1 where the mean, the worst or memory leaves its bar (8 %, 20 %, 10 %).

#include "published_rows.hpp"

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

namespace {

using namespace published;

double gib(double bytes) { return bytes / (1L << 30); }

// ---- prediction ----

double forward_scores(st::hardware const& on, st::step const& s, double passes, double products) {
    double const cells = static_cast<double>(s.dim[0] * s.dim[2]) * static_cast<double>(s.dim[1] * s.dim[1]);
    double const flops = products * 2 * cells * static_cast<double>(s.dim[4]);
    return flops * 1e12 / (static_cast<double>(on.bf16_flops) * on.matmul_efficiency) +
           passes * cells * 1e12 / (static_cast<double>(on.memory_bandwidth) * on.memory_efficiency);
}

/// ns by which attention takes longer where the scores go through memory, per walk of the step.
double beside_fused(unfused_attention const& how, st::hardware const& on, st::step const& s) {
    if (!how.there || s.kind != st::step_kind::kernel) return 0;
    // Bytes a score: products write and read it (2 each), softmax and dropout read and write it, a mask of one byte.
    if (s.kernel == st::id_of<st::kernels::attention_forward>)
        return forward_scores(on, s, 11, 2) - static_cast<double>(st::kernel_time(on, s));
    if (s.kernel == st::id_of<st::kernels::attention_backward>)
        return forward_scores(on, s, 19, 4) + (how.recomputed ? forward_scores(on, s, 11, 2) : 0) -
               static_cast<double>(st::kernel_time(on, s));
    return 0;
}

struct time_parts {
    double seconds = 0, compute = 0, communication = 0, exposed = 0;
};

st::hardware with(pair const& p, int matmul, int memory) {
    st::software const how{"", matmul, memory};
    return st::with_stack(p.on, how);
}

st::measured_rates without_latency(st::measured_rates rates) {
    rates.ring = rates.small_ring = rates.tree = {};
    for (int i = 0; i < 3; ++i) rates.in_node.gather[i].latency = rates.in_node.reduce[i].latency = 0;
    return rates;
}

/// Of a step, or of one layer's forward and backward, as the stack runs it.
time_parts time_of(row const& r, st::hardware const& on) {
    lowered_job const& j = r.time_of;
    pair const& stack = pair_of[r.of];
    st::schedule_builder const& b = *j.built;
    st::cluster c = j.on, in_buckets = j.on;
    c.on = in_buckets.on = on;
    st::measured_rates const no_latency = without_latency(*on.measured);
    in_buckets.on.measured = &no_latency;  // parameters' collectives, many to a bucket
    st::parameter_collectives const of_parameters(b);
    time_parts t;
    double layer = 0;
    for (int k = 0; k < b.segment_count; ++k) {
        st::segment const& g = b.segments[k];
        if (g.when == st::segment_kind::set_up) continue;
        bool const repeats = g.when == st::segment_kind::forward || g.when == st::segment_kind::backward;
        double kernels = 0, behind = 0, others = 0;
        for (int i = g.begin; i < g.end; ++i) {
            st::step const& s = b.steps[i];
            double const times = static_cast<double>(st::trips_of(g, s));
            if (stack.keeps_casts && s.kernel == st::id_of<st::kernels::cast_to_bf16>) continue;
            if (s.kind == st::step_kind::kernel) {
                double const ns = static_cast<double>(st::kernel_time(on, s)) + beside_fused(r.scores, on, s);
                bool const updates = s.kernel == st::id_of<st::kernels::adamw>,
                           loses = s.kernel == st::id_of<st::kernels::cross_entropy_backward>;
                kernels += times * ns * (updates ? stack.optimizer_bytes / 28 : loses ? (stack.loss_bytes - 4) / 4 : 1);
            } else if (of_parameters.has(s)) {
                behind += times * static_cast<double>(st::collective_time(in_buckets, s));
            } else {
                double const shown = stack.hides_tensor_collectives && s.axis == j.tensor_axis
                                         ? 1.0 / c.axis_size[s.axis]  // all but the first of as many parts
                                         : 1;
                double const ns = static_cast<double>(st::collective_time(c, s));
                others += times * shown * ns;
                if (ns > 0 && stack.copies_gathered && s.axis == j.tensor_axis &&
                    s.kernel != st::id_of<st::kernels::all_reduce>)
                    kernels += times * 2e12 * static_cast<double>(st::detail::traffic_bytes(s, c.axis_size[s.axis])) /
                               (static_cast<double>(on.memory_bandwidth) * on.memory_efficiency);
                if (stack.gathers_again && s.axis == j.tensor_axis && s.kernel == st::id_of<st::kernels::all_gather> &&
                    g.when == st::segment_kind::forward)  // in backward, behind a product that it slows
                    kernels += times * ns * processor_share;
            }
        }
        if (g.trips > 1) layer += (kernels + others) / g.trips;
        if (r.all_again && g.trips > 1 && g.when == st::segment_kind::forward) {
            layer += (kernels + others) / g.trips;
            kernels *= 2, others *= 2;
        }
        double const front = kernels + others, times = repeats ? j.micro_batches : 1;
        t.compute += times * kernels / 1e9, t.communication += times * (behind + others) / 1e9;
        t.seconds += times * (on.overlaps && front > behind ? front : on.overlaps ? behind : front + behind) / 1e9;
    }
    t.exposed = t.seconds - t.compute;
    if (r.by == measured::layer_seconds) t.seconds = layer / 1e9;
    return t;
}

double published_seconds(row const& r) {
    switch (r.by) {
        case measured::tokens_per_second:
            return r.time_of.tokens_of_rank / r.published;
        case measured::model_flops:
            return r.flops / (r.published * 1e12);
        default:
            return r.published;
    }
}

// ---- fitting ----

double misfit(pair_name of, st::hardware const& on) {
    double sum = 0;
    for (row const& r : rows_of) {
        if (r.of != of || !r.fit) continue;
        double const e = std::log(time_of(r, on).seconds / published_seconds(r));
        sum += e * e;
    }
    return sum;
}

/// The efficiencies of least squared log error on the rows to fit: a grid of 16 per mille, then of 1 around its best.
st::hardware fitted(pair_name of) {
    pair const& p = pair_of[of];
    int best[2] = {p.on.matmul_efficiency, p.on.memory_efficiency};
    double least = misfit(of, p.on);
    for (int const grid : {16, 4, 1}) {
        int const from[2] = {best[0], best[1]}, reach = grid == 16 ? 60 : 6;
        for (int i = -reach; i <= reach; ++i)
            for (int k = -reach; k <= reach; ++k) {
                int const matmul = from[0] + i * grid, memory = from[1] + k * grid;
                if (p.fitted < 2 && k != 0) continue;
                if (matmul < 50 || matmul > 1000 || memory < 50 || memory > 1000) continue;
                double const m = misfit(of, with(p, matmul, memory));
                if (m < least) least = m, best[0] = matmul, best[1] = memory;
            }
    }
    return with(p, best[0], best[1]);
}

// ---- table ----

struct score {
    int rows = 0;
    double sum = 0, worst = 0;
    void add(double error) {
        ++rows;
        sum += std::fabs(error);
        if (std::fabs(error) > worst) worst = std::fabs(error);
    }
    double mean() const { return rows > 0 ? sum / rows : 0; }
};

void print_score(char const* what, score const& s, double mean, double worst) {
    std::printf("%-50s %3d: mean %5.2f %%, worst %5.2f %%", what, s.rows, 100 * s.mean(), 100 * s.worst);
    if (mean > 0)
        std::printf("; bar %g and %g: %s", 100 * mean, 100 * worst,
                    s.mean() <= mean && s.worst <= worst ? "held" : "MISSED");
    std::puts("");
}

double time_error(row const& r, st::hardware const& on) { return time_of(r, on).seconds / published_seconds(r) - 1; }

/// GiB as the stack holds it.
double memory_of(row const& r) {
    lowered_job const& j = r.memory_of.built ? r.memory_of : r.time_of;
    double const allocated = gib(static_cast<double>(j.built->at.arena_bytes) + r.beside);
    return r.memory < 0 ? allocated * allocator_slack : allocated;
}

/// The errors on the other rows, over all choices of as many rows of a pair to fit on.
score all_choices() {
    score of;
    for (int p = 0; p < pairs; ++p) {
        std::vector<row*> mine;
        unsigned chosen = 0;
        int fits = 0;
        for (row& r : rows_of)
            if (r.of == p) {
                chosen |= r.fit ? 1U << mine.size() : 0;
                fits += r.fit ? 1 : 0;
                mine.push_back(&r);
            }
        for (unsigned choice = 0; choice < 1U << mine.size(); ++choice) {
            if (std::popcount(choice) != fits) continue;
            for (unsigned i = 0; i < mine.size(); ++i) mine[i]->fit = ((choice >> i) & 1U) != 0;
            st::hardware const by = fitted(static_cast<pair_name>(p));
            for (row* r : mine)
                if (!r->fit) of.add(time_error(*r, by));
        }
        for (unsigned i = 0; i < mine.size(); ++i) mine[i]->fit = ((chosen >> i) & 1U) != 0;
    }
    return of;
}

/// The same model, batch and stack, published times more than 1 % apart: which is faster?
void print_order(st::hardware const* by) {
    int right = 0, all = 0;
    for (row const& a : rows_of)
        for (row const& b : rows_of) {
            char const *comma_a = std::strchr(std::strchr(a.run, ',') + 1, ','),
                       *end_a = comma_a ? comma_a : std::strchr(a.run, 0);
            if (a.of != b.of || a.by != b.by ||
                std::strncmp(a.run, b.run, static_cast<std::size_t>(end_a - a.run)) != 0)
                continue;
            if (a.job == b.job || published_seconds(a) * 1.01 >= published_seconds(b)) continue;
            ++all;
            if (time_of(a, by[a.of]).seconds < time_of(b, by[b.of]).seconds) {
                ++right;
                continue;
            }
            std::printf("  WRONG: %s: %s (%s) is faster than %s (%s), predicted the other way\n",
                        pair_of[a.of].software, a.run, a.layout, b.run, b.layout);
        }
    std::printf("Order of the layouts of one job: %d of %d pairs right\n", right, all);
}

void print_row(row const& r, st::hardware const& by, bool markdown, bool detail) {
    double const real = published_seconds(r);
    time_parts const t = time_of(r, by);
    double const raw = time_error(r, pair_of[r.of].on), e = t.seconds / real - 1;
    char memory[64] = "";
    if (r.memory != 0) {
        double const m = std::fabs(r.memory), mine = memory_of(r);
        std::snprintf(memory, sizeof memory, markdown ? "%.2f | %.2f | %+.1f %%" : "  %6.2f %6.2f GiB %+6.1f %%", m,
                      mine, 100 * (mine / m - 1));
    } else if (markdown) {
        std::snprintf(memory, sizeof memory, " | | ");
    }
    std::printf(markdown ? "| %s | %s | %s | %.4f | %.4f | %+.1f %% | %+.1f %%%s | %s |\n"
                         : "  %.0s%-39s %-15s %8.4f %8.4f  %+6.1f %% %+6.1f %%%s%s\n",
                pair_of[r.of].software, r.run, r.layout, real, t.seconds, 100 * raw, 100 * e,
                r.fit      ? " fit"
                : markdown ? ""
                           : "    ",
                memory);
    if (!detail) return;
    st::cluster c = r.time_of.on;
    c.on = by;
    st::prediction const own = st::predict(*r.time_of.built, r.time_of.micro_batches, c);
    std::printf(
        "      kernels %.4f, collectives %.4f, of them exposed %.4f; predict() for this library's own runtime %.4f s, "
        "%.2f GiB\n",
        t.compute, t.communication, t.exposed, static_cast<double>(own.time) / 1e9,
        gib(static_cast<double>(own.memory)));
}

}  // namespace

int main(int count, char** arguments) {
    bool const markdown = count == 2 && std::strcmp(arguments[1], "--markdown") == 0;
    bool const detail = count == 2 && std::strcmp(arguments[1], "--detail") == 0;
    bool const check = count == 2 && std::strcmp(arguments[1], "--check") == 0;
    if (count > 1 && !markdown && !detail && !check) {
        std::fprintf(stderr, "published: unknown argument '%s'; usage: published [--markdown | --detail | --check]\n",
                     arguments[1]);
        return 2;
    }
    for (row& r : rows_of) {
        r.time_of = r.job();
        if (r.memory_job != nullptr) r.memory_of = r.memory_job();
    }
    st::hardware by[pairs];
    for (int p = 0; p < pairs; ++p) by[p] = fitted(static_cast<pair_name>(p));
    std::puts(
        "Efficiencies, per mille of the data sheet's rates (not fitted: 700 and 800; in parentheses: not fitted)\n");
    if (markdown) std::puts("| device | software | products | memory |\n|---|---|---|---|");
    for (int p = 0; p < pairs; ++p)
        std::printf(markdown ? "| %s | %s | %d | %s%d%s |\n" : "  %-17s %-28s products %4d, memory %s%d%s\n",
                    pair_of[p].hardware, pair_of[p].software, by[p].matmul_efficiency, pair_of[p].fitted < 2 ? "(" : "",
                    by[p].memory_efficiency, pair_of[p].fitted < 2 ? ")" : "");
    std::puts(markdown
                  ? "\n| software | run | layout | published, s | predicted, s | error, not fitted | fitted | "
                    "published, GiB | "
                    "predicted, GiB | error |\n|---|---|---|---|---|---|---|---|---|---|"
                  : "\nSeconds of a step (of a layer where it says so): published, predicted; errors without and with "
                    "fitting; memory");
    score others, raw, large, memory, choices = all_choices();
    int last = -1;
    for (row const& r : rows_of) {
        if (r.of != last && !markdown) std::printf("\n%s, %s\n", pair_of[r.of].hardware, pair_of[r.of].software);
        last = r.of;
        print_row(r, by[r.of], markdown, detail);
        if (!r.fit) others.add(time_error(r, by[r.of])), raw.add(time_error(r, pair_of[r.of].on));
        if (r.of == megatron_2022 && r.by == measured::seconds) large.add(time_error(r, by[r.of]));
        if (r.memory != 0) memory.add(memory_of(r) / std::fabs(r.memory) - 1);
    }
    std::puts("");
    print_score("Time, rows not fitted on", others, .08, .20);
    print_score("The same without fitting", raw, .08, .20);
    print_score("The same, over all choices of as many rows to fit", choices, 0, 0);
    print_score("Time of the 22B steps", large, .04, .04);
    print_score("Memory as the stack holds it", memory, .10, .10);
    print_order(by);
    std::puts(markdown ? "\n| not covered | why |\n|---|---|" : "\nNot covered:");
    for (auto const& o : omitted) std::printf(markdown ? "| %s | %s |\n" : "  %-48s %s\n", o[0], o[1]);
    return check && (others.mean() > .08 || others.worst > .20 || memory.worst > .10) ? 1 : 0;
}
