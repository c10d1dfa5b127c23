// usage: scaling [--products P] [--memory M] [--network GB/s] [--svg FILE] [--help]
// What the planner predicts for Llama 3 on 8 to 16,384 H100, as the tables of docs/scaling.md, and a plot. Nothing runs.
// P, M: per mille of the data sheet's rates that products, and kernels bound by memory, reach (700, 800: not fitted).
#include <array>
#include <cstdlib>
#include <cstring>

#include "scaling_study.hpp"
#include "svg.hpp"

namespace {

using namespace planner;

constexpr long sequence = 8192;
constexpr int smallest = 8, largest = 16384;

struct table {
    char const* model;
    char const* batch;
    std::vector<int> worlds;
    std::vector<predicted_step> steps;
};

std::string in_thousands(long n) {
    std::string out = std::to_string(n);
    for (int at = static_cast<int>(out.size()) - 3; at > 0; at -= 3) out.insert(static_cast<std::size_t>(at), ",");
    return out;
}
std::string degrees(st::mesh_degrees const& d) {
    return std::to_string(d.dp_replicate) + " x " + std::to_string(d.dp_shard) + " x " + std::to_string(d.tp);
}

/// `(-0.8 %)`: what a faster plan could gain at most.
std::string not_proven(predicted_step const& s) {
    return s.gap > 0 ? " (-" + svg::text_of(100 * s.gap, 2) + " %)" : "";
}

void print_steps(table const& t) {
    std::printf("\n**Llama 3 %s, %s**\n\n", t.model, t.batch);
    std::puts(
        "| GPUs | dp_replicate x dp_shard x tp | micro-batches | state on dp_shard | blocks recomputed | step, s | "
        "tokens/s/GPU | MFU |");
    std::puts("|---|---|---|---|---|---|---|---|");
    for (std::size_t i = 0; i < t.worlds.size(); ++i) {
        predicted_step const& s = t.steps[i];
        std::string const gpus = in_thousands(t.worlds[i]);
        if (s.fits)
            std::printf("| %s | %s | %d | %s | %d of %d | %.2f%s | %s | %.1f %% |\n", gpus.c_str(),
                        degrees(s.mesh).c_str(), s.micro_batches, s.roles.c_str(), s.recomputed, s.blocks, s.seconds,
                        not_proven(s).c_str(), in_thousands(static_cast<long>(s.tokens_per_second + .5)).c_str(),
                        100 * s.mfu);
        else if (s.least_memory > 0)
            std::printf("| %s | none fits: %.1f GB at least | | | | | | |\n", gpus.c_str(), s.least_memory);
        else
            std::printf("| %s | none is legal | | | | | | |\n", gpus.c_str());
    }
}

void print_costs(table const& t) {
    std::printf("\n**Llama 3 %s, %s**\n\n", t.model, t.batch);
    std::puts(
        "| GPUs | products | attention | other kernels | update | exposed | of dp_replicate | of dp_shard | of tp | "
        "state | activations | largest window |");
    std::puts("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (std::size_t i = 0; i < t.worlds.size(); ++i) {
        predicted_step const& s = t.steps[i];
        if (!s.fits) continue;
        step_costs const& c = s.costs;
        auto const share = [&](double seconds) { return 100 * seconds / s.seconds; };
        std::printf("| %s | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f |\n",
                    in_thousands(t.worlds[i]).c_str(), share(c.products), share(c.attention), share(c.others),
                    share(c.update), share(c.exposed), share(c.of_axis[0]), share(c.of_axis[1]), share(c.of_axis[2]),
                    c.state, c.activations, c.window);
    }
}

template <class Model>
void print_layouts(study<Model>& of, char const* name, int world, long global) {
    std::printf("\n**Llama 3 %s on %s GPUs, %s sequences a step**\n\n", name, in_thousands(world).c_str(),
                in_thousands(global).c_str());
    std::puts(
        "| tp | data parallelism | dp_replicate x dp_shard x tp | micro-batches | blocks recomputed | step, s | "
        "exposed, s | memory, GB |");
    std::puts("|---|---|---|---|---|---|---|---|");
    for (int tp = 1; tp <= 8; tp *= 2)
        for (bool const flat : {true, false}) {
            predicted_step best;
            for (int copies = flat ? 1 : 2; copies <= (flat ? 1 : world / tp); copies *= 2) {
                predicted_step const s = of.best_on({copies, world / tp / copies, tp}, global, sequence);
                if (s.faster_than(best)) best = s;
            }
            char const* const kind = flat ? "FSDP or ZeRO over all" : "HSDP";
            if (best.fits)
                std::printf("| %d | %s | %s | %d | %d of %d | %.2f | %.2f | %.1f |\n", tp, kind,
                            degrees(best.mesh).c_str(), best.micro_batches, best.recomputed, best.blocks, best.seconds,
                            best.costs.exposed, best.memory);
            else if (best.least_memory > 0)
                std::printf("| %d | %s | %s | none fits | | | | %.1f at least |\n", tp, kind,
                            degrees(best.mesh).c_str(), best.least_memory);
            else
                std::printf("| %d | %s | none is legal | | | | | |\n", tp, kind);
        }
}

template <class Model>
table steps_of(study<Model>& of, char const* name, char const* batch, long fixed) {
    table t{name, batch, {}, {}};
    for (int world = smallest; world <= largest; world *= world < 64 ? 8 : world < 1024 ? 4 : 2) {
        t.worlds.push_back(world);
        t.steps.push_back(of.best(world, fixed > 0 ? fixed : world, sequence));
    }
    return t;
}

bool plot(std::vector<table> const& all, std::string const& path) {
    svg::page to(980, 900);
    std::vector<svg::series> lines;
    for (std::size_t k = 0; k < all.size(); ++k) {
        svg::series s{std::string(all[k].model) + ", " + all[k].batch, {}, static_cast<int>(k / 2), k % 2 == 1};
        for (std::size_t i = 0; i < all[k].worlds.size(); ++i)
            if (all[k].steps[i].fits) s.points.emplace_back(all[k].worlds[i], 100 * all[k].steps[i].mfu);
        lines.push_back(s);
    }
    svg::draw_lines(to, {70, 50, 860, 260, "Predicted MFU of Llama 3 on H100", "GPUs", "", 1}, lines, true, " %");
    char const* const parts[] = {"products", "attention", "other kernels", "update", "exposed communication"};
    for (std::size_t k = 0; k < all.size(); ++k) {
        std::vector<std::string> names;
        std::vector<svg::series> bars;
        for (int part = 0; part < 5; ++part) bars.push_back({parts[part], {}, part == 4 ? 5 : part, false});
        for (std::size_t i = 0; i < all[k].worlds.size(); ++i) {
            predicted_step const& s = all[k].steps[i];
            if (!s.fits) continue;
            int const n = all[k].worlds[i];
            names.push_back(n < 1024 ? std::to_string(n) : std::to_string(n / 1024) + "k");
            double const of[] = {s.costs.products, s.costs.attention, s.costs.others, s.costs.update, s.costs.exposed};
            for (int part = 0; part < 5; ++part)
                bars[static_cast<std::size_t>(part)].points.emplace_back(0, 100 * of[part] / s.seconds);
        }
        double const left = 70 + 305 * static_cast<double>(k / 2), top = k % 2 == 0 ? 440 : 660;
        svg::panel const p{left, top, 250, 150, "Time of " + std::string(all[k].model) + ", " + all[k].batch,
                           "",   "",  1};
        svg::draw_bars(to, p, names, bars, " %");
    }
    svg::draw_legend(to, 65, 870, 860, [&] {
        std::vector<svg::series> key;
        for (int part = 0; part < 5; ++part) key.push_back({parts[part], {}, part == 4 ? 5 : part, false});
        return key;
    }());
    return to.write(path);
}

}  // namespace

int main(int argc, char** argv) {
    st::hardware on = st::h100_sxm;
    std::string picture;
    for (int i = 1; i < argc; i += 2) {
        std::string const flag = argv[i];
        if (flag == "--help" || flag == "-h") {
            std::puts("usage: scaling [--products PER_MILLE] [--memory PER_MILLE] [--network GB/s] [--svg FILE]");
            return 0;
        }
        char const* const value = i + 1 < argc ? argv[i + 1] : "";
        long const number = std::strtol(value, nullptr, 10);
        bool const rate = flag == "--products" || flag == "--memory", known = rate || flag == "--network";
        if (flag == "--svg" && *value != '\0') {
            picture = value;
        } else if (!known || number < 1 || number > 1000) {
            std::fprintf(stderr, "error: %s %s: %s\n", flag.c_str(), value,
                         known ? "a number from 1 to 1000 is wanted" : "see --help");
            return 2;
        } else if (rate) {
            (flag == "--products" ? on.matmul_efficiency : on.memory_efficiency) = static_cast<int>(number);
        } else {
            on.network_bandwidth = number * 1'000'000'000;
        }
    }
    auto const b8 = std::make_unique<study<st::llama<st::llama3_8b>>>("8B", st::llama3_8b, on);
    auto const b70 = std::make_unique<study<st::llama<st::llama3_70b>>>("70B", st::llama3_70b, on);
    auto const b405 = std::make_unique<study<st::llama<st::llama3_405b>>>("405B", st::llama3_405b, on);
    char const *const weak = "a sequence a GPU", *const strong = "16M tokens a step";
    long const fixed = 2048;
    std::vector<table> const all{steps_of(*b8, "8B", weak, 0),     steps_of(*b8, "8B", strong, fixed),
                                 steps_of(*b70, "70B", weak, 0),   steps_of(*b70, "70B", strong, fixed),
                                 steps_of(*b405, "405B", weak, 0), steps_of(*b405, "405B", strong, fixed)};
    std::puts("### The fastest layout");
    for (table const& t : all) print_steps(t);
    std::puts(
        "\n### Where the time and the memory go\n\nPer cent of the step; the collectives of an axis count whether "
        "or not they are exposed. Memory in GB of a rank.");
    for (table const& t : all) print_costs(t);
    std::puts("\n### The other layouts");
    print_layouts(*b8, "8B", 256, 256);
    print_layouts(*b70, "70B", 256, 256);
    print_layouts(*b405, "405B", 1024, 1024);
    print_layouts(*b405, "405B", 16384, fixed);
    std::puts(
        "\n### If the constants are others\n\n| products, per mille | other kernels, per mille | network of a GPU, "
        "GB/s | "
        "8B on 1,024 | 70B on 1,024 | 405B on 8,192 | 405B on 16,384 |\n|---|---|---|---|---|---|---|");
    for (auto const& [products, memory, network] :
         {std::array{700, 800, 50}, {613, 800, 50}, {534, 563, 50}, {471, 581, 50}, {700, 800, 25}, {700, 800, 100}}) {
        st::hardware h = on;
        h.matmul_efficiency = products, h.memory_efficiency = memory, h.network_bandwidth = network * 1'000'000'000L;
        b8->on = b70->on = b405->on = h;
        auto const cell = [](predicted_step const& s) {
            return s.fits ? svg::text_of(100 * s.mfu) + " %, " + degrees(s.mesh) : std::string("none fits");
        };
        std::printf("| %d | %d | %d | %s | %s | %s | %s |\n", products, memory, network,
                    cell(b8->best(1024, fixed, sequence)).c_str(), cell(b70->best(1024, fixed, sequence)).c_str(),
                    cell(b405->best(8192, fixed, sequence)).c_str(),
                    cell(b405->best(largest, fixed, sequence)).c_str());
    }
    tally const sum = b8->counted + b70->counted + b405->counted;
    double time[2] = {1, -1}, memory[2] = {1, -1};
    int plans = 0;
    for (table const& t : all)
        for (predicted_step const& s : t.steps) {
            if (!s.fits) continue;
            ++plans;
            time[0] = std::min(time[0], s.time_off), time[1] = std::max(time[1], s.time_off);
            memory[0] = std::min(memory[0], s.memory_off), memory[1] = std::max(memory[1], s.memory_off);
        }
    std::printf(
        "\n%d searches of all meshes and %d of one took %.1f s. The schedules of the %d plans in the first tables take "
        "%+.1f %% "
        "to %+.1f %% of time, %+.1f %% to %+.1f %% of memory besides what was planned.\n",
        sum.searches, sum.of_one, sum.seconds, plans, 100 * time[0], 100 * time[1], 100 * memory[0], 100 * memory[1]);
    if (!picture.empty() && !plot(all, picture)) {
        std::fprintf(stderr, "error: %s cannot be written\n", picture.c_str());
        return 1;
    }
}
