// Measures this machine as each of R thread ranks sees it while all of them work, and writes a header with the constant
// shardtype::this_machine. `measure_machine --help` tells the flags.

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>

#include "machine_header.hpp"
#include "ranks_at_work.hpp"

namespace st = shardtype;
using namespace st::kernels;
using machine::collective, machine::kernel_probe, machine::probe_of, machine::ranks_at_work;

namespace {

struct settings {
    int ranks = 8;
    double seconds = 60;
    std::string output = "this_machine.hpp";
    bool help = false;
};
struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

double number(std::string const& flag, char const* text, double least, double most) {
    char* end = nullptr;
    double const v = text == nullptr ? 0 : std::strtod(text, &end);
    if (text == nullptr || end == text || *end != '\0' || !(v >= least && v <= most))
        throw usage_error(flag + ": '" + (text == nullptr ? "" : text) + "' is not a number from " +
                          std::to_string(static_cast<long>(least)) + " to " + std::to_string(static_cast<long>(most)));
    return v;
}
settings read_settings(int argc, char** argv) {
    settings s;
    for (int i = 1; i < argc; ++i) {
        std::string const flag = argv[i];
        char const* const value = i + 1 < argc ? argv[i + 1] : nullptr;
        if (flag == "--help" || flag == "-h") {
            s.help = true;
        } else if (flag == "--ranks") {
            double const n = number(flag, value, 1, 256);
            s.ranks = static_cast<int>(n), ++i;
            if (n != s.ranks || (s.ranks & (s.ranks - 1)) != 0)
                throw usage_error("--ranks: '" + std::string(value) + "' is not a power of two");
        } else if (flag == "--seconds") {
            s.seconds = number(flag, value, 1, 3600), ++i;
        } else if (flag == "--output") {
            if (value == nullptr || *value == '\0') throw usage_error("--output: a path is missing");
            s.output = value, ++i;
        } else {
            throw usage_error("there is no option " + flag + "; --help lists them");
        }
    }
    return s;
}

/// The header: what was there stays until all of the new one is there. @throws where it cannot be written
class output_file {
  public:
    explicit output_file(std::string const& path) : path_(path), unfinished_(path + ".unfinished") {
        errno = EISDIR;
        if (std::filesystem::is_directory(path) || !std::ofstream(unfinished_)) refuse();
    }
    ~output_file() { std::remove(unfinished_.c_str()); }
    output_file(output_file const&) = delete;
    output_file& operator=(output_file const&) = delete;
    void write(std::string const& text) {
        std::ofstream out(unfinished_);
        out << text;
        out.close();
        if (!out || std::rename(unfinished_.c_str(), path_.c_str()) != 0) refuse();
    }

  private:
    [[noreturn]] void refuse() const {
        throw std::runtime_error("--output " + path_ + ": cannot be written: " + std::strerror(errno));
    }
    std::string path_, unfinished_;
};

/// What is measured once a round.
struct sample {
    std::string name;
    std::function<double(ranks_at_work&)> measure;  ///< ns
    std::vector<double> ns{};
    double median() const {
        std::vector<double> sorted = ns;
        std::sort(sorted.begin(), sorted.end());
        return sorted.empty() ? 0 : sorted[sorted.size() / 2];
    }
    /// Half the distance of the quartiles over the median, per cent.
    double noise() const {
        std::vector<double> sorted = ns;
        std::sort(sorted.begin(), sorted.end());
        std::size_t const n = sorted.size();
        return n < 2 ? 0 : 50 * (sorted[3 * (n - 1) / 4] - sorted[(n - 1) / 4]) / median();
    }
};

/// A kernel, and what it does by the planner's own count.
struct kernel_sample : sample {
    kernel_probe probe;
    st::kernel_work does{};
    void within(long bytes) {
        probe.within = bytes;
        measure = [p = probe](ranks_at_work& on) { return on.time(p); };
    }
    double rate() const { return (does.flops > 0 ? does.flops : static_cast<double>(does.bytes)) / median(); }
};
struct collective_sample : sample {
    collective which{};
    int group = 0;
    long bytes = 0;
    double rate() const { return static_cast<double>(bytes) / median(); }
};

template <class Kernel, class T = float>
kernel_sample kernel(std::initializer_list<long> dims, int ids = -1) {
    kernel_sample k;
    k.probe = probe_of<Kernel, T>(dims);
    k.probe.ids = ids;
    k.does = st::work_of(k.probe.does);
    k.name = std::string(Kernel::name) + (sizeof(T) == 2 ? " bf16" : "") + " [";
    for (long const d : dims) k.name += std::string(k.name.back() == '[' ? "" : ",") + std::to_string(d);
    k.name += "]";
    k.within(0);
    return k;
}

/// Products of a training step: rows x n x k forward, and both gradients.
template <class T>
void add_products(std::vector<kernel_sample>& to, long rows, long n, long k) {
    to.push_back(kernel<linear_forward, T>({rows, n, k}));
    to.push_back(kernel<linear_input_gradient, T>({rows, n, k}));
    to.push_back(kernel<linear_weight_gradient, T>({rows, n, k}));
}

struct measurements {
    std::vector<kernel_sample> products, bf16, attention, streams, small;
    std::vector<collective_sample> collectives;
    template <class F>
    void each(F f) {
        for (auto* of : {&products, &bf16, &attention, &streams, &small})
            for (kernel_sample& k : *of) f(k);
        for (collective_sample& c : collectives) f(c);
    }
};

constexpr long sizes[] = {4L << 10, 32L << 10, 256L << 10, 1L << 20, 4L << 20};
constexpr char const* names[] = {"all_gather", "reduce_scatter", "all_reduce", "all_to_all"};

measurements everything(int ranks) {
    measurements m;
    add_products<float>(m.products, 256, 256, 256);
    add_products<float>(m.products, 256, 768, 256);
    add_products<float>(m.products, 256, 1024, 1024);
    add_products<float>(m.products, 2048, 32, 256);
    add_products<float>(m.products, 2048, 256, 32);
    add_products<float>(m.products, 2048, 96, 256);
    add_products<st::bf16>(m.bf16, 256, 1024, 1024);
    for (long const s : {256L, 1024L}) {
        m.attention.push_back(kernel<attention_forward>({1024 / s, s, 4, 4, 16}));
        m.attention.push_back(kernel<attention_backward>({1024 / s, s, 4, 4, 16}));
    }
    for (auto* of : {&m.products, &m.bf16, &m.attention})
        for (kernel_sample& k : *of) k.within(6L << 20);  // operands are mostly what other kernels have just made
    m.streams.push_back(kernel<copy>({1 << 19}));
    m.streams.push_back(kernel<add>({1 << 18}));
    m.streams.push_back(kernel<adamw>({1 << 20}));
    m.streams.push_back(kernel<square_sum>({0, 1 << 19}));
    m.streams.push_back(kernel<rms_norm_forward>({1024, 256}));
    m.streams.push_back(kernel<rms_norm_backward>({1024, 256}));
    m.streams.push_back(kernel<rotary_forward>({1, 256, 16, 16}));
    m.streams.push_back(kernel<rotary_backward>({1, 256, 16, 16}));
    m.streams.push_back(kernel<swiglu_forward>({1 << 18}));
    m.streams.push_back(kernel<swiglu_backward>({1 << 18}));
    m.streams.push_back(kernel<cross_entropy_sum>({256, 1000}, 1));
    m.streams.push_back(kernel<cross_entropy_backward>({256, 1000}, 1));
    for (kernel_sample& k :
         m.streams)  // the optimizer goes through all of a rank's memory, the others find more in caches
        if (k.probe.does.kernel != st::id_of<adamw>) k.within(16L << 20);
    m.small.push_back(kernel<add>({64}));
    for (int group = 2; group <= 8 && group <= ranks; group *= 2)
        for (int which = 0; which < 4; ++which)
            for (long const bytes : sizes) {
                collective_sample c;
                c.which = static_cast<collective>(which), c.group = group, c.bytes = bytes;
                c.name = std::string(names[which]) + " of " + std::to_string(bytes >> 10) + " KiB among " +
                         std::to_string(group);
                c.measure = [=](ranks_at_work& on) { return on.time(static_cast<collective>(which), group, bytes); };
                m.collectives.push_back(c);
            }
    return m;
}

/// t = a x + b y, with the least relative errors; neither is below 0.
struct plane {
    double a = 0, b = 0;
};
plane fit(std::vector<std::array<double, 3>> const& points) {
    double xx = 0, xy = 0, yy = 0, x1 = 0, y1 = 0;
    for (auto const& [x, y, t] : points) {
        double const u = x / t, v = y / t;
        xx += u * u, xy += u * v, yy += v * v, x1 += u, y1 += v;
    }
    double const det = xx * yy - xy * xy;
    plane p;
    if (det > 1e-12 * xx * yy) p = {(x1 * yy - y1 * xy) / det, (xx * y1 - xy * x1) / det};
    if (p.b <= 0) p = {x1 / xx, 0};
    if (p.a <= 0) p = {0, y1 / yy};
    return p;
}

/// Of transfers with these bytes and ns; 10^15 bytes a second where the bytes take no time.
st::link_speed link_of(std::vector<std::array<double, 3>> const& points) {
    plane const p = fit(points);
    return {static_cast<long>(1e9 / std::max(p.b, 1e-6)), static_cast<long>(p.a)};
}

/// At least one: the planner takes no other share.
int per_mille(double share) { return static_cast<int>(std::lround(1000 * std::clamp(share, 1e-3, 1e6))); }

/// What the planner is told. ns are of a rank while all work, so a rate is a rank's part of the machine's.
st::hardware hardware_of(measurements const& m, ranks_at_work const& on, st::measured_rates& rates) {
    st::hardware h;
    h.memory = static_cast<long>(static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                                 static_cast<double>(sysconf(_SC_PAGESIZE)) / on.ranks());
    h.devices_per_node = on.ranks();
    h.overlaps = false;  // a collective is work of the ranks' own CPUs

    // Products take the time of their flops, and of their bytes.
    std::vector<std::array<double, 3>> points;
    double best = 0, best_bf16 = 0;
    for (kernel_sample const& k : m.products) {
        points.push_back({k.does.flops, static_cast<double>(k.does.bytes), k.median()});
        best = std::max(best, k.rate());
    }
    for (kernel_sample const& k : m.bf16) best_bf16 = std::max(best_bf16, k.rate());
    plane const of_products = fit(points);
    if (of_products.a > 0) best = std::max(best, 1 / of_products.a);  // without its bytes a product is faster
    h.f32_flops = static_cast<long>(1e9 * best);
    h.bf16_flops = best_bf16 > 0 ? static_cast<long>(1e9 * best_bf16) : h.f32_flops;
    h.matmul_efficiency = of_products.a > 0 ? per_mille(1 / (of_products.a * best)) : 1000;

    double stream = 0, all = 0;
    for (kernel_sample const& k : m.streams) stream = std::max(stream, k.rate()), all += std::log(k.rate());
    h.memory_bandwidth = static_cast<long>(1e9 * stream);
    h.memory_efficiency = per_mille(std::exp(all / static_cast<double>(m.streams.size())) / stream);
    rates.product_memory = of_products.b > 0 ? per_mille(1 / (of_products.b * stream)) : 0;
    int entries = 0;
    for (kernel_sample const& k : m.streams)
        rates.kernels[entries++] = {k.probe.does.kernel, per_mille(k.rate() / stream)};
    for (kernel_sample const& k : m.small) h.launch = std::max(1L, static_cast<long>(k.median()));

    // Attention: so many ns per flop for long sequences, more for short ones.
    for (bool const backward : {false, true}) {
        points.clear();
        for (kernel_sample const& k : m.attention)
            if ((k.does.is == st::work_kind::attention_backward) == backward)
                points.push_back({k.does.flops, k.does.flops / static_cast<double>(k.probe.does.dim[1]), k.median()});
        plane const p = fit(points);
        int const share = p.a > 0 ? per_mille(1 / (p.a * best)) : 1000;
        int const half = p.a > 0 ? static_cast<int>(std::min(p.b / p.a, 1e6)) : 0;
        (backward ? rates.attention.backward : rates.attention.forward) = share;
        (backward ? rates.attention.backward_half : rates.attention.forward_half) = half;
    }

    auto const table = [&](std::initializer_list<collective> of, st::link_speed(&rows)[3]) {
        for (int row = 0; row < 3; ++row) {
            points.clear();
            for (collective_sample const& c : m.collectives)
                if (c.group == 2 << row && std::find(of.begin(), of.end(), c.which) != of.end())
                    points.push_back({1, static_cast<double>(c.bytes), c.median()});
            if (!points.empty())
                rows[row] = link_of(points);
            else if (row > 0)
                rows[row] = rows[row - 1];  // no group is so large
        }
    };
    table({collective::all_gather, collective::reduce_scatter}, rates.in_node.gather);
    table({collective::all_reduce}, rates.in_node.reduce);
    table({collective::all_to_all}, rates.in_node.exchange);
    h.link_bandwidth = rates.in_node.gather[0].bandwidth > 0 ? rates.in_node.gather[0].bandwidth : h.memory_bandwidth;
    h.measured = &rates;
    std::string const name = machine::name_of(h);
    std::copy(name.begin(), name.end(), h.name);
    return h;
}

int run(settings const& with) {
    output_file out(with.output);
    ranks_at_work ranks(with.ranks);
    measurements m = everything(with.ranks);
    double const begin = st::detail::now();
    double last = 0;
    for (int round = 1; round <= 3 || st::detail::now() - begin + last < with.seconds; ++round) {
        double const started = st::detail::now();
        m.each([&](sample& s) {
            std::fprintf(stderr, "\r%d ranks on %d CPUs, round %d: %-50s", with.ranks, ranks.cpus(), round,
                         s.name.c_str());
            s.ns.push_back(s.measure(ranks));
        });
        last = st::detail::now() - started;
        std::fprintf(stderr, "\r%d ranks on %d CPUs, round %d: %-50.1f\n", with.ranks, ranks.cpus(), round, last);
    }
    std::printf("| of each rank | us | noise | G/s |\n|---|---|---|---|\n");
    m.each([&](auto const& s) {
        std::printf("| %s | %.1f | %.1f %% | %.2f |\n", s.name.c_str(), 1e-3 * s.median(), s.noise(), s.rate());
    });
    st::measured_rates rates;
    st::hardware const h = hardware_of(m, ranks, rates);
    out.write(machine::header_text(
        h, {"Made by measure_machine --ranks " + std::to_string(with.ranks) + ", on " + std::to_string(ranks.cpus()) +
            " CPUs: what each of so many ranks gets while all of them work."}));
    std::printf("\n%s: %s\n", h.name, with.output.c_str());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        settings const with = read_settings(argc, argv);
        if (!with.help) return run(with);
        std::puts(
            "usage: measure_machine [--ranks R] [--seconds S] [--output FILE] [--help]\n"
            "Measures what each of R thread ranks gets of this machine while all of them work, and writes a C++ "
            "header\n"
            "with shardtype::this_machine, for a job's `static constexpr auto hardware = shardtype::this_machine;`.\n"
            "  --ranks R      as many as the job has, a power of two (default: 8)\n"
            "  --seconds S    begin no round that would end later, but make three at least (default: 60)\n"
            "  --output FILE  the header (default: this_machine.hpp)");
        return 0;
    } catch (usage_error const& e) {
        std::fprintf(stderr, "measure_machine: %s\n", e.what());
        return 2;
    } catch (std::exception const& e) {
        std::fprintf(stderr, "measure_machine: %s\n", e.what());
        return 1;
    }
}
