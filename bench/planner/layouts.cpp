// The planner against this machine: uniform layouts of the main job trained in turns. See layouts.sh.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

#include <shardtype/plan/predict.hpp>
#include <shardtype/runtime/peak.hpp>
#include <shardtype/runtime/trace.hpp>

#include "layouts.hpp"
#include "statistics.hpp"
#if !__has_include("this_machine.hpp")
#error "this_machine.hpp is made by measure_machine: bash bench/planner/layouts.sh does it"
#endif
#include "this_machine.hpp"

namespace st = shardtype;

namespace {

struct settings {
    double seconds = 1200;
    double interval = 2;  ///< per cent, the whole width
    std::string save, load, only;
    bool profile = false, help = false;
};

struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

double positive(char const* flag, char const* text) {
    char* end = nullptr;
    double const v = text == nullptr ? 0 : std::strtod(text, &end);
    if (end == text || end == nullptr || *end != '\0' || !(v > 0) || v > 1e6)
        throw usage_error(std::string(flag) + ": '" + (text == nullptr ? "" : text) + "' is not a number above 0");
    return v;
}

settings read_settings(int argc, char** argv) {
    settings s;
    for (int i = 1; i < argc; ++i) {
        std::string const flag = argv[i];
        char const* const value = i + 1 < argc ? argv[i + 1] : nullptr;
        auto const text = [&] {
            if (value == nullptr || *value == '\0') throw usage_error(flag + ": a value is missing");
            return ++i, std::string(value);
        };
        if (flag == "--help" || flag == "-h")
            s.help = true;
        else if (flag == "--profile")
            s.profile = true;
        else if (flag == "--seconds")
            s.seconds = positive("--seconds", value), ++i;
        else if (flag == "--interval")
            s.interval = positive("--interval", value), ++i;
        else if (flag == "--save")
            s.save = text();
        else if (flag == "--load")
            s.load = text();
        else if (flag == "--only")
            s.only = text();
        else
            throw usage_error("there is no option " + flag + "; --help lists them");
    }
    return s;
}

st::prediction predict(planner::layout_case const& c) {
    st::cluster on;
    on.on = st::this_machine;
    on.on.overlaps = on.on.overlaps && c.overlaps;
    on.axes = c.axes;
    std::copy_n(c.axis_size, c.axes, on.axis_size);
    return st::predict(c.steps, c.micro_batches, on);
}

using times = std::vector<std::vector<double>>;  ///< by round and layout, seconds of a step

/// Of every layout, ln of its time over its rounds' means: what disturbs a whole round does not count.
std::vector<planner::estimate> estimates(times const& rounds, std::size_t layouts, double& scale) {
    std::vector<std::vector<double>> of(layouts);
    std::vector<double> means;
    for (auto const& r : rounds) {
        double mean = 0;
        for (double const t : r) mean += std::log(t);
        mean /= static_cast<double>(layouts);
        means.push_back(mean);
        for (std::size_t i = 0; i < layouts; ++i) of[i].push_back(std::log(r[i]) - mean);
    }
    scale = std::exp(planner::trimmed_mean(means).value);
    std::vector<planner::estimate> out;
    for (auto const& x : of) out.push_back(planner::trimmed_mean(x));
    return out;
}
double widest(std::vector<planner::estimate> const& e) {
    double w = 0;
    for (auto const& x : e) w = std::max(w, 200 * x.half);
    return w;
}

times load(std::string const& path, std::vector<planner::layout_case> const& all) {
    std::ifstream in(path);
    std::string line;
    times rounds;
    std::size_t layout = 0;
    while (std::getline(in, line)) {
        std::istringstream words(line);
        std::string name;
        words >> name;
        if (layout >= all.size() || name != all[layout].name)
            throw std::runtime_error("--load " + path + ": its layouts are not those of this program: " + name);
        double t = 0;
        for (std::size_t r = 0; words >> t; ++r) {
            if (layout == 0) rounds.emplace_back(all.size());
            if (r < rounds.size()) rounds[r][layout] = t;
        }
        ++layout;
    }
    if (layout != all.size() || rounds.empty())
        throw std::runtime_error("--load " + path + ": there are no times of all layouts");
    return rounds;
}
void save(std::string const& path, std::vector<planner::layout_case> const& all, times const& rounds) {
    std::ofstream out(path);
    out.precision(6);
    for (std::size_t i = 0; i < all.size(); ++i) {
        out << all[i].name;
        for (auto const& r : rounds) out << ' ' << r[i];
        out << '\n';
    }
    if (!out.flush()) throw std::runtime_error("--save " + path + ": cannot be written");
}

times measure(settings const& with, std::vector<planner::layout_case> const& all,
              std::vector<std::unique_ptr<planner::running_job>> const& jobs) {
    double const begin = st::detail::now();
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < all.size(); ++i) order.push_back(i);
    std::mt19937 shuffled(7);
    times rounds;
    double last = 0;
    do {
        std::shuffle(order.begin(), order.end(), shuffled);
        double const round = st::detail::now();
        rounds.emplace_back(all.size());
        for (std::size_t const i : order) {
            (void)jobs[i]->train(1);  // its memory comes back into the caches, its threads to their CPUs
            rounds.back()[i] = jobs[i]->train(2);
        }
        double scale = 0;
        double const width = widest(estimates(rounds, all.size(), scale));
        last = st::detail::now() - round;
        std::fprintf(stderr, "round %zu: %.1f s, mean step %.0f ms, widest 95 %% interval %.1f %%\n", rounds.size(),
                     last, 1e3 * scale, rounds.size() < 3 ? 100 : width);
        if (!with.save.empty()) save(with.save, all, rounds);
        if (rounds.size() >= 6 && width <= with.interval) break;
    } while (st::detail::now() - begin + last < with.seconds);
    return rounds;
}

void print(settings const& with, std::vector<planner::layout_case> const& all, times const& rounds) {
    double scale = 0;
    auto const measured = estimates(rounds, all.size(), scale);
    std::vector<double> predicted, taken;
    for (std::size_t i = 0; i < all.size(); ++i) {
        predicted.push_back(1e-6 * static_cast<double>(predict(all[i]).time));
        taken.push_back(1e3 * scale * std::exp(measured[i].value));
    }
    auto const place = planner::ranks_of(predicted), real = planner::ranks_of(taken);
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < all.size(); ++i) order.push_back(i);
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return taken[a] < taken[b]; });
    std::printf(
        "| layout | arena, MiB | measured, ms | 95 %% interval | predicted, ms | predicted / measured | place | "
        "predicted place |\n"
        "|---|---|---|---|---|---|---|---|\n");
    for (std::size_t const i : order)
        std::printf("| %s | %.1f | %.1f | %.1f %% | %.1f | %.3f | %.0f | %.0f |\n", all[i].name.c_str(),
                    static_cast<double>(all[i].arena_bytes) / (1 << 20), taken[i], 200 * measured[i].half, predicted[i],
                    predicted[i] / taken[i], real[i], place[i]);
    std::size_t const best = order[0];
    auto const chosen =
        static_cast<std::size_t>(std::min_element(predicted.begin(), predicted.end()) - predicted.begin());
    std::printf("\n%s, %zu rounds of %zu layouts\n", st::this_machine.name, rounds.size(), all.size());
    std::printf("rank correlation (Spearman): %.3f\n", planner::rank_correlation(predicted, taken));
    std::printf("best predicted: %s, %.3f of the best measured, %s\n", all[chosen].name.c_str(),
                taken[chosen] / taken[best], all[best].name.c_str());
    std::string wide;
    for (std::size_t i = 0; i < all.size(); ++i)
        if (200 * measured[i].half > with.interval) (wide += ' ') += all[i].name;
    if (!wide.empty()) std::printf("wider than %g %%:%s\n", with.interval, wide.c_str());
}

/// Where a layout's time goes by kernel, predicted and measured: CPU milliseconds of a rank.
void print_profile(planner::layout_case const& c, planner::running_job& job) {
    (void)job.train(1);
    auto const seconds = job.profile(3);
    st::cluster on;
    on.on = st::this_machine;
    on.axes = c.axes;
    std::copy_n(c.axis_size, c.axes, on.axis_size);
    struct sums {
        double predicted = 0, measured = 0;
        long calls = 0;
    };
    std::map<std::string, sums> rows;
    double const share = std::max(1.0, static_cast<double>(c.ranks) / st::thread::usable_cpus());
    for (int g = 0; g < c.steps.segment_count; ++g) {
        st::segment const& segment = c.steps.segments[g];
        if (segment.when == st::segment_kind::set_up) continue;
        for (int i = segment.begin; i < segment.end; ++i) {
            st::step const& s = c.steps.steps[i];
            if (s.kind == st::step_kind::release) continue;
            std::string name = st::detail::kernel_name(st::library_kernels{}, s.kernel);
            for (int d = 0; d < st::max_dims && s.dim[d] != 0; ++d)
                (name += d == 0 ? '[' : ',') += std::to_string(s.dim[d]);
            name += s.axis >= 0 ? std::string("] over ") + std::to_string(c.axis_size[s.axis]) : "]";
            sums& r = rows[name];
            r.predicted += 1e-6 * static_cast<double>(st::trips_of(segment, s) * st::step_time(on, s));
            r.measured += 1e3 * share * seconds[static_cast<std::size_t>(i)];
            if (s.kind == st::step_kind::kernel || s.kind == st::step_kind::collective_start ||
                s.kind == st::step_kind::materialize)
                r.calls += st::trips_of(segment, s);
        }
    }
    std::vector<std::pair<double, std::string>> order;
    sums all;
    for (auto const& [name, r] : rows) {
        order.emplace_back(-r.measured, name);
        all.predicted += r.predicted, all.measured += r.measured;
    }
    std::sort(order.begin(), order.end());
    std::printf("\n%s: predicted %.1f, measured %.1f ms of kernels and collectives\n", c.name.c_str(), all.predicted,
                all.measured);
    for (auto const& [minus, name] : order) {
        sums const& r = rows[name];
        std::printf("  %8.2f %8.2f  x %-5ld %s\n", r.predicted, r.measured, r.calls, name.c_str());
    }
}

int run(settings const& with) {
    auto all = planner::all_layouts();
    if (!with.only.empty())
        all.erase(std::remove_if(all.begin(), all.end(),
                                 [&](auto const& c) { return c.name.find(with.only) == std::string::npos; }),
                  all.end());
    if (all.empty()) throw usage_error("--only: no layout has '" + with.only + "' in its name");
    if (!with.load.empty()) return print(with, all, load(with.load, all)), 0;
    std::vector<std::unique_ptr<planner::running_job>> jobs;
    for (auto const& c : all) {
        std::fprintf(stderr, "starting %s: %d x %.0f MiB\n", c.name.c_str(), c.ranks,
                     static_cast<double>(c.arena_bytes) / (1 << 20));
        jobs.push_back(c.start());
        (void)jobs.back()->train(1);
    }
    if (with.profile) {
        for (std::size_t i = 0; i < all.size(); ++i) print_profile(all[i], *jobs[i]);
        return 0;
    }
    print(with, all, measure(with, all, jobs));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        settings const with = read_settings(argc, argv);
        if (!with.help) return run(with);
        std::puts(
            "usage: planner_layouts [--seconds S] [--interval PERCENT] [--save FILE | --load FILE] [--only TEXT]\n"
            "                       [--profile] [--help]\n"
            "Trains the uniform layouts of the debug model on 8 thread ranks in turns, and prints what this_machine's\n"
            "prediction makes of each.\n"
            "  --seconds S          begin no round that would end later (default: 1200)\n"
            "  --interval PERCENT   stop when no layout's 95 % interval is wider (default: 2)\n"
            "  --save FILE          write the times of all rounds there\n"
            "  --load FILE          read them from there instead of training\n"
            "  --only TEXT          of the layouts with this in their names\n"
            "  --profile            instead: predicted and measured milliseconds by kernel");
        return 0;
    } catch (usage_error const& e) {
        std::fprintf(stderr, "planner_layouts: %s\n", e.what());
        return 2;
    } catch (std::exception const& e) {
        std::fprintf(stderr, "planner_layouts: %s\n", e.what());
        return 1;
    }
}
