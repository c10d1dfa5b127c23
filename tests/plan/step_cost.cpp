// What steps cost: against sizes by hand, against the operands of lowered jobs, against the measured table.

#include <doctest/doctest.h>

#include "../../bench/memory/llama3_jobs.hpp"

#include <shardtype/plan/step_cost.hpp>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace st = shardtype;
namespace kernels = st::kernels;

namespace {

template <class Kernel>
constexpr st::step kernel(st::dtype type, long a, long b = 0, long c = 0, long d = 0, long e = 0) {
    st::step s;
    s.kernel = st::id_of<Kernel>;
    s.type = type;
    long const dims[] = {a, b, c, d, e};
    for (int i = 0; i < 5; ++i) s.dim[i] = dims[i];
    return s;
}
/// The step that starts the collective, on axis 0.
template <class Kernel>
constexpr st::step collective(st::dtype type, long a, long b = 0, long c = 0, long d = 0) {
    st::step s = kernel<Kernel>(type, a, b, c, d);
    s.kind = st::step_kind::collective_start;
    s.axis = 0;
    return s;
}

/// All names in schedule/kernels.hpp, read as text: one that is forgotten here is found.
std::vector<std::string> all_kernels() {
    std::ifstream file(std::string(SHARDTYPE_TEST_DATA) + "/../../include/shardtype/schedule/kernels.hpp");
    std::vector<std::string> names;
    for (std::string line; std::getline(file, line);) {
        auto const at = line.find("name = \"");
        if (at == std::string::npos) continue;
        names.push_back(line.substr(at + 8, line.find('"', at + 8) - at - 8));
    }
    return names;
}

struct long_axis final : st::axis<16> {};
struct short_axis final : st::axis<2> {};

}  // namespace

TEST_CASE("every kernel of the schedule has a cost") {
    auto const names = all_kernels();
    CHECK(names.size() >= 43);
    st::cluster const c = st::cluster_of<st::mesh<long_axis>>(st::h100_sxm);
    for (auto const& name : names) {
        CAPTURE(name);
        bool const moves = name.starts_with("all_") || name == "reduce_scatter";
        st::step s;
        s.kernel = st::name_id(name.c_str());
        for (long& d : s.dim) d = 1L << 12;
        CHECK((st::work_of(s).is == st::work_kind::unknown) == moves);
        CHECK((moves || st::work_of(s).bytes > 0));
        if (!moves) continue;
        s.axis = 0;
        s.kind = st::step_kind::collective_start;
        CHECK(st::step_time(c, s) > 0);
    }
    CHECK(st::work_of(kernel<st::kernels::adamw>(st::dtype::f32, 1)).is == st::work_kind::memory);
    st::step s;
    s.kernel = st::name_id("a kernel of the user's");
    CHECK(st::kernel_time(st::h100_sxm, s) == st::h100_sxm.launch);
}

TEST_CASE("kernels by hand") {
    st::hardware h = st::h100_sxm;
    h.launch = 0;
    h.matmul_efficiency = 500;
    h.memory_efficiency = 1000;
    // 2 * 8192 * 4096 * 4096 flops at 494.5 TFLOP/s
    CHECK(st::kernel_time(h, kernel<kernels::linear_forward>(st::dtype::bf16, 8192, 4096, 4096)) == 555'870);
    CHECK(st::kernel_time(h, kernel<kernels::linear_weight_gradient>(st::dtype::bf16, 8192, 4096, 4096)) == 555'870);
    // the same at 33.5
    CHECK(st::kernel_time(h, kernel<kernels::linear_forward>(st::dtype::f32, 8192, 4096, 4096)) == 8'205'310);
    // one row: (1 * 4096 + 4096 * 4096 + 1 * 4096) * 2 bytes at 3.35 TB/s
    CHECK(st::kernel_time(h, kernel<kernels::linear_forward>(st::dtype::bf16, 1, 4096, 4096)) == 10'021);
    // 28 bytes an element
    CHECK(st::kernel_time(h, kernel<kernels::adamw>(st::dtype::f32, 3'350'000'000)) == 28'000'000);
    // 2 * seq^2 * head_dim flops a head, 64 heads; 673 TFLOP/s is what cuDNN was measured with at 16,384
    double const flops = 2.0 * 16384 * 16384 * 128 * 64;
    long const t = st::kernel_time(h, kernel<kernels::attention_forward>(st::dtype::bf16, 1, 16384, 64, 8, 128));
    CHECK(flops / static_cast<double>(t) / 1e3 == doctest::Approx(673).epsilon(0.005));
    st::hardware const stacked =
        st::with_stack(h, {.name = "eager", .matmul_efficiency = 250, .memory_efficiency = 500});
    CHECK(st::kernel_time(stacked, kernel<kernels::linear_forward>(st::dtype::bf16, 8192, 4096, 4096)) == 1'111'740);
    CHECK(st::kernel_time(stacked, kernel<kernels::adamw>(st::dtype::f32, 3'350'000'000)) == 56'000'000);
    h.launch = 7'000;
    CHECK(st::kernel_time(h, kernel<kernels::add>(st::dtype::bf16, 3'350'000)) == 6'000 + 7'000);
}

namespace {
constexpr st::hardware with_f32(long rate) {
    st::hardware h = st::h100_sxm;
    h.f32_flops = rate, h.launch = 0;
    return h;
}
constexpr long years = 1L << 56;  // ns, two of them
}  // namespace

TEST_CASE("no rate makes work free, or its time more than a number holds") {
    auto const product = [](st::dtype type) { return kernel<kernels::linear_forward>(type, 8192, 4096, 4096); };
    auto const forward = [](st::dtype type) { return kernel<kernels::attention_forward>(type, 1, 16384, 64, 8, 128); };
    long const of_bf16 = st::kernel_time(with_f32(0), product(st::dtype::bf16));
    CHECK(st::kernel_time(with_f32(0), product(st::dtype::f32)) == of_bf16);
    CHECK(st::kernel_time(with_f32(0), product(st::dtype::f64)) == 2 * of_bf16);
    CHECK(st::kernel_time(with_f32(0), forward(st::dtype::f32)) ==
          st::kernel_time(with_f32(0), forward(st::dtype::bf16)));
    static constexpr long slowest =
        st::kernel_time(with_f32(1), kernel<kernels::linear_forward>(st::dtype::f64, 8192, 4096, 4096));
    CHECK(slowest == years);
    CHECK(st::kernel_time(with_f32(1), product(st::dtype::f32)) == years);
    st::hardware h = st::h100_sxm;
    h.memory_bandwidth = 1;
    CHECK(st::kernel_time(h, kernel<kernels::adamw>(st::dtype::f32, 1L << 40)) == years + h.launch);
    st::hardware links;
    links.link_bandwidth = 1;  // a ring of eight sums at 8 / 14 of it
    st::cluster const c{links, 1, {8}};
    CHECK(st::collective_time(c, collective<kernels::all_reduce>(st::dtype::f32, 1024)) == years);
}

TEST_CASE("attention is as fast as it was measured, over lengths") {
    struct row {
        long sequence;
        double forward, backward;  // TFLOP/s
    };
    st::hardware h = st::h200_sxm;
    h.launch = 0;
    for (row const& r : {row{2048, 484, 370}, row{4096, 591, 474}, row{8192, 644, 541}, row{16384, 673, 579}}) {
        CAPTURE(r.sequence);
        auto const rate = [&](st::step const& s) {
            return st::work_of(s).flops / static_cast<double>(st::kernel_time(h, s)) / 1e3;
        };
        auto const f = kernel<kernels::attention_forward>(st::dtype::bf16, 4, r.sequence, 64, 8, 128);
        auto const b = kernel<kernels::attention_backward>(st::dtype::bf16, 4, r.sequence, 64, 8, 128);
        CHECK(rate(f) == doctest::Approx(r.forward).epsilon(0.07));
        CHECK(rate(b) == doctest::Approx(r.backward).epsilon(0.07));
    }
}

namespace {

constexpr st::gpt2_config small_gpt2{.dim = 64, .layers = 4, .heads = 4, .vocabulary = 256, .sequence = 32};
template <class Compute, class... Roles>
struct gpt2_job {
    using mesh = st::mesh<short_axis>;
    using strategy = st::strategy<Roles...>;
    using model = st::gpt2<small_gpt2>;
    using compute = Compute;
    static constexpr st::batch_shape batch{.global = 4, .sequence = 32};
};

/// Bytes of a step's operands, each as often as it is read or written.
long operand_bytes(st::schedule_view const& s, st::step const& t) {
    long sum = 0;
    for (int k = 0; k < t.args; ++k)
        sum += s.buffers[t.arg[k].buffer].bytes * ((t.reads >> k & 1) + (t.writes >> k & 1));
    return sum;
}

template <class Job>
int compare_bytes() {
    static constexpr auto const& schedule = st::lowered<Job, st::buffers_only>::value;
    auto const s = st::view_of(schedule);
    int compared = 0;
    for (int i = 0; i < s.step_count; ++i) {
        st::step const& t = s.steps[i];
        if (t.kind == st::step_kind::kernel) {
            // of tables and of a region only a part is used; a padded cut may use less than its operand has
            if (t.kernel == st::id_of<kernels::embedding_forward> ||
                t.kernel == st::id_of<kernels::embedding_backward> || t.kernel == st::id_of<kernels::square_sum> ||
                t.kernel == st::id_of<kernels::clip>)
                continue;
            CAPTURE(i);
            CAPTURE(t.kernel);
            long const bytes = operand_bytes(s, t);
            CHECK(std::abs(st::work_of(t).bytes - bytes) <= bytes / 500 + 64);
            ++compared;
        } else if (st::detail::starts_collective(t)) {
            CAPTURE(i);
            int const ranks = Job::mesh::axis_size[t.axis];
            long const source = s.buffers[t.arg[0].buffer].bytes, target = s.buffers[t.arg[1].buffer].bytes;
            CHECK(st::detail::traffic_bytes(t, ranks) == (source > target ? source : target));
            ++compared;
        }
    }
    return compared;
}

}  // namespace

TEST_CASE("the bytes of kernels and collectives are those of their operands") {
    using namespace llama3_jobs;
    CHECK(compare_bytes<m8b_fsdp_8>() > 60);
    CHECK(compare_bytes<m8b_fsdp_8_float>() > 60);
    CHECK(compare_bytes<m8b_fsdp_16_tp_8>() > 80);
    CHECK(compare_bytes<m70b_hsdp_2_16_tp_8>() > 100);
    CHECK(compare_bytes<gpt2_job<float, st::ddp<short_axis>>>() > 40);
    CHECK(compare_bytes<gpt2_job<st::bf16, st::tensor_parallel<short_axis>>>() > 40);
}

namespace {
/// Flops of matrix products and attention in a step on all ranks; of attention's backward twice its forward, not 2.5 times.
template <class Job>
double flops_of(bool scores_again) {
    auto const& s = st::lowered<Job, st::buffers_only>::value;
    double sum = 0;
    for (auto const& g : s.segments)
        for (int i = g.begin; i < g.end; ++i) {
            st::kernel_work const w = st::work_of(s.steps[i]);
            bool const twice = w.is == st::work_kind::attention_backward && !scores_again;
            sum += w.flops * (twice ? 0.8 : 1) * g.trips;
        }
    return sum * Job::mesh::size;
}
template <class Job>
double tokens = static_cast<double>(Job::batch.global) * 8192;
}  // namespace

TEST_CASE("the flops of a lowered step are those of its model") {
    using namespace llama3_jobs;
    // The reader of the model counts the operations before they are lowered, over the whole mesh.
    auto const same = [](double a, double b) { return std::fabs(a - b) < 1e-9 * b; };
    CHECK(same(flops_of<m8b_fsdp_8>(true), st::checked<m8b_fsdp_8>::value.step_flops));
    CHECK(same(flops_of<m8b_fsdp_16_tp_8>(true), st::checked<m8b_fsdp_16_tp_8>::value.step_flops));
    CHECK(same(flops_of<m70b_hsdp_2_16_tp_8>(true), st::checked<m70b_hsdp_2_16_tp_8>::value.step_flops));
    // The usual count, 6 (N - N_embedding) + 6 layers hidden sequence: its N has the norms, 0.001 % of it.
    CHECK(flops_of<m8b_fsdp_8>(false) / tokens<m8b_fsdp_8> == doctest::Approx(51.47e9).epsilon(2e-4));
    CHECK(flops_of<m70b_hsdp_2_16_tp_8>(false) / tokens<m70b_hsdp_2_16_tp_8> == doctest::Approx(449.2e9).epsilon(2e-4));
    // Recomputed blocks make their forward again, without the last product of each branch, which nothing reads.
    double const again = flops_of<m8b_fsdp_8_recompute>(true) / (2 * flops_of<m8b_fsdp_8>(true));
    CHECK(again > 1.2);
    CHECK(again < 1.31);
}

namespace {

/// GB/s and us of a collective for large operands, from two times.
struct measured {
    double bandwidth, latency;
};
template <class Kernel>
measured speed(int nodes, int per_node, st::hardware const& h = st::h100_sxm) {
    st::cluster const c{h, 2, {nodes * per_node, 8 / per_node}};
    long const bytes = 1L << 45, part = st::id_of<Kernel> == st::id_of<kernels::all_reduce> ? 1 : nodes * per_node;
    auto const at = [&](long n) {
        return st::collective_time(c, collective<Kernel>(st::dtype::bf16, n / 2 / part, 1, 1, 1));
    };
    double const slope = static_cast<double>(at(2 * bytes) - at(bytes)) / static_cast<double>(bytes);
    return {1 / slope, (static_cast<double>(at(bytes)) - slope * static_cast<double>(bytes)) * 1e-3};
}
void check(measured const& m, double bandwidth, double latency) {
    CHECK(std::round(m.bandwidth) == bandwidth);
    CHECK(std::fabs(m.latency - latency) < 0.51);
}

}  // namespace

TEST_CASE("collectives on H100 take what the table of NCCL 2.27.5 says") {
    // GB/s and us
    check(speed<kernels::all_gather>(1, 2), 537, 8);
    check(speed<kernels::all_gather>(1, 4), 434, 17);
    check(speed<kernels::reduce_scatter>(1, 8), 394, 30);
    check(speed<kernels::all_reduce>(1, 2), 324, 10);
    check(speed<kernels::all_reduce>(1, 4), 236, 15);
    check(speed<kernels::all_reduce>(1, 8), 267, 31);
    check(speed<kernels::all_to_all>(1, 2), 380, 50);
    check(speed<kernels::all_to_all>(1, 8), 380, 50);
    int const nodes[] = {2, 4, 8, 16, 32};
    double const eight[][2] = {{410, 70}, {396, 146}, {390, 297}, {387, 599}, {386, 1204}};
    double const one[][2] = {{96, 22}, {64, 50}, {55, 106}, {51, 218}, {50, 442}};
    for (int i = 0; i < 5; ++i) {
        CAPTURE(nodes[i]);
        check(speed<kernels::all_gather>(nodes[i], 8), eight[i][0], eight[i][1]);
        check(speed<kernels::reduce_scatter>(nodes[i], 1), one[i][0], one[i][1]);
    }
}

TEST_CASE("between the table's rows") {
    measured const three{(537 + 434) / 2.0, 12.5};
    st::cluster c{st::h100_sxm, 1, {3}};
    long const n = 1L << 30;
    double const t =
        static_cast<double>(st::collective_time(c, collective<kernels::all_gather>(st::dtype::bf16, n, 1)));
    CHECK(t == doctest::Approx(3 * 2 * static_cast<double>(n) / three.bandwidth + three.latency * 1e3).epsilon(1e-4));
    // Small operands: LL's steps, 6.6 + 7 * 0.6 us; an all_reduce of 16 machines goes by LL's ring, one of 1,024 by the tree.
    c = {st::h100_sxm, 1, {8}};
    CHECK(st::collective_time(c, collective<kernels::all_gather>(st::dtype::bf16, 1)) == 10'800);
    c = {st::h100_sxm, 2, {16, 8}};
    CHECK(st::collective_time(c, collective<kernels::all_reduce>(st::dtype::f64, 1)) == 6'600 + 30 * 2'700);
    c = {st::h100_sxm, 2, {1024, 8}};
    CHECK(st::collective_time(c, collective<kernels::all_reduce>(st::dtype::f64, 1)) == 8'400 + 2 * 10 * 14'000);
    // Hardware of the user's without a table: a ring over its links.
    st::hardware plain;
    plain.link_bandwidth = 100'000'000'000;
    c = {plain, 1, {4}};
    CHECK(st::collective_time(c, collective<kernels::all_reduce>(st::dtype::bf16, 50'000'000)) == 1'500'000);
}

TEST_CASE("other devices' collectives follow their links") {
    check(speed<kernels::all_gather>(1, 8, st::b200_sxm), 788, 30);
    check(speed<kernels::all_reduce>(1, 8, st::a100_80gb), 131, 31);
    check(speed<kernels::all_gather>(4, 1, st::a100_80gb), 32, 50);
    CHECK(std::string(st::h200_sxm.name) == "h200_sxm");
    CHECK(std::string(st::b200_sxm.name) == "b200_sxm");
}

TEST_CASE("what costs nothing") {
    st::cluster const c{st::h100_sxm, 2, {1, 8}};
    st::step s = collective<kernels::all_gather>(st::dtype::bf16, 1 << 20, 1);
    CHECK(st::step_time(c, s) == 0);
    s.axis = 1;
    CHECK(st::step_time(c, s) > 0);
    s.kind = st::step_kind::materialize;
    CHECK(st::step_time(c, s) > 0);
    for (auto const kind : {st::step_kind::collective_wait, st::step_kind::collective_finish, st::step_kind::release}) {
        s.kind = kind;
        CHECK(st::step_time(c, s) == 0);
    }
}

TEST_CASE("how the ranks of an axis lie on machines of eight") {
    auto const per_node = [](st::cluster const& c, int axis) { return st::link_of(c, axis).ranks_per_node; };
    st::hardware const& h = st::h100_sxm;
    CHECK(per_node({h, 1, {128}}, 0) == 8);
    CHECK(per_node({h, 2, {16, 8}}, 0) == 1);
    CHECK(per_node({h, 2, {16, 8}}, 1) == 8);
    CHECK(per_node({h, 2, {8, 4}}, 0) == 2);
    CHECK(per_node({h, 3, {2, 4, 2}}, 1) == 4);
    CHECK(per_node({h, 3, {2, 4, 2}}, 0) == 1);
    CHECK(per_node({h, 2, {2, 2}}, 0) == 2);
    CHECK(per_node({h, 1, {12}}, 0) == 6);  // the largest part that is whole
    CHECK(per_node({h, 2, {4, 16}}, 1) == 8);
    CHECK(st::link_of({h, 2, {4, 16}}, 1).nodes() == 2);
    CHECK(per_node({st::hardware{}, 1, {16}}, 0) == 16);  // no network
}

namespace {
constexpr long times(int seed) {
    long sum = 0;
    st::cluster const c{st::h100_sxm, 2, {12, 4}};
    for (long i = 1; i < 40; ++i) {
        long const n = i * i * i * 977 + seed;
        sum = sum * 7 % 1'000'000'007 +
              st::step_time(c, kernel<kernels::linear_forward>(st::dtype::bf16, n, 77 * i, 4099));
        sum = sum * 7 % 1'000'000'007 +
              st::step_time(c, kernel<kernels::attention_backward>(st::dtype::f32, i, n, 7, 7, 24));
        sum = sum * 7 % 1'000'000'007 + st::step_time(c, collective<kernels::all_reduce>(st::dtype::f32, n));
        sum = sum * 7 % 1'000'000'007 + st::step_time(c, collective<kernels::reduce_scatter>(st::dtype::bf16, n, i));
    }
    return sum;
}
}  // namespace

TEST_CASE("compile time and run time agree to the bit") {
    static constexpr long compiled = times(3);
    int volatile seed = 3;
    CHECK(times(seed) == compiled);
}
