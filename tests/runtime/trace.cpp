// The walk as a trace: what it says is the schedule, rank by rank, in order and nested.

#include <doctest/doctest.h>

#include "../support/layouts.hpp"

#include <shardtype/runtime.hpp>
#include <shardtype/runtime/trace.hpp>

#include <nlohmann/json.hpp>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace st = shardtype;

namespace {

struct small {
    static constexpr st::llama_config config{32, 2, 4, 4, 48, 64, 500000};
    using model = st::llama<config>;
    static constexpr st::batch_shape batch{.global = 8, .sequence = 16, .micro_batches = 2};
};
// Layer 1 has roles of its own: the repeat is two loops.
struct job : layouts::job<layouts::fsdp_2_sp_4, small> {
    using strategy = st::strategy<st::fsdp<st::dp_shard<2>>, st::sequence_parallel<st::tp<4>>,
                                  st::in_layers<"layers.1", st::recompute>>;
};
constexpr int ranks = job::mesh::size;

struct traced {
    nlohmann::json events;
    long lost = 0;
    long per_step = 0;
};

// Records the training steps [2, 4) of 4.
traced trace(long most = 1L << 18) {
    st::schedule_view const& s = st::program_of<job>.schedule;
    std::vector<st::trace_recorder> recorders;
    for (int r = 0; r < ranks; ++r) recorders.emplace_back(s, 2, 4, job::batch.micro_batches, most);
    st::run<job>([&](st::trainer<job>& t) {
        t.initialise(1);
        auto& mine = recorders[static_cast<std::size_t>(t.rank())];
        t.walk().record(&mine);
        for (int n = 1; n <= 4; ++n) {
            mine.begin_step(n);
            st::step_numbers numbers;
            numbers.adamw.step = n;
            (void)t.step(numbers, [](long row, int* in, int* out) {
                for (int i = 0; i < 16; ++i) in[i] = static_cast<int>(row + i), out[i] = in[i] + 1;
            });
        }
    });
    st::trace_writer writer;
    constexpr std::string_view axes[] = {"dp_shard", "tp"};
    writer.begin_run("a \"run\"", axes, &st::kernel_name_of<job>);
    for (int r = 0; r < ranks; ++r) writer.add(r, recorders[static_cast<std::size_t>(r)]);
    return {nlohmann::json::parse(writer.text())["traceEvents"], writer.lost(),
            st::trace_recorder::events_of(s, job::batch.micro_batches)};
}

// Names of what runs in one training step on one rank, by walking the schedule here.
std::vector<std::string> expected_names() {
    std::vector<std::string> names;
    st::schedule_view const& s = st::program_of<job>.schedule;
    using enum st::segment_kind;
    for (st::segment_kind const kind : {begin_step, forward, backward, forward, backward, report, update})
        for (int g = 0; g < s.segment_count; ++g)
            for (int k = 0; k < s.segments[g].trips * (s.segments[g].end - s.segments[g].begin); ++k) {
                int const size = s.segments[g].end - s.segments[g].begin, t = k / size,
                          i = s.segments[g].begin + k % size;
                if (s.segments[g].when != kind) break;
                st::step const& is = s.steps[i];
                if (is.kind == st::step_kind::release || t < is.from || t >= is.to) continue;
                names.emplace_back(st::kernel_name_of<job>(is.kernel));
                if (is.kind == st::step_kind::collective_wait)
                    names.back() += " wait";
                else if (is.kind == st::step_kind::collective_finish)
                    names.back() += " finish";
                else if (is.kind != st::step_kind::kernel)
                    names.back() += " start";
            }
    return names;
}

}  // namespace

TEST_CASE("a trace is the schedule: a track per rank, in order, nested") {
    traced const t = trace();
    CHECK(t.lost == 0);
    std::vector<std::string> const wanted = expected_names();
    std::map<int, std::vector<nlohmann::json>> tracks;
    std::set<std::string> names;
    for (auto const& e : t.events) {
        if (e["ph"] == "M") {
            names.insert(e["args"]["name"].get<std::string>());
            continue;
        }
        REQUIRE(e["ph"] == "X");
        tracks[e["tid"].get<int>()].push_back(e);
    }
    CHECK(names.count("a \"run\"") == 1);
    CHECK(names.count("rank 7") == 1);
    REQUIRE(tracks.size() == ranks);
    for (auto const& [rank, events] : tracks) {
        CAPTURE(rank);
        // Slices come as a tree in preorder: each lies within the innermost one that is still open, or behind it.
        std::vector<nlohmann::json> open;
        std::vector<std::string> leaves;
        int steps = 0, starts = 0, waits = 0;
        std::set<int> layers, batches;
        double last_end = -1;
        for (auto const& e : events) {
            double const begin = e["ts"], end = begin + e["dur"].get<double>(), slack = 0.002;
            while (!open.empty() &&
                   begin > open.back()["ts"].get<double>() + open.back()["dur"].get<double>() - slack &&
                   e["cat"] != "kernel" && e["cat"] != "collective")
                open.pop_back();
            for (auto const& o : open)
                if (o["cat"] == "step" && e["cat"] != "step") {
                    CHECK(begin >= o["ts"].get<double>() - slack);
                    CHECK(end <= o["ts"].get<double>() + o["dur"].get<double>() + slack);
                }
            std::string const category = e["cat"], name = e["name"];
            if (category == "kernel" || category == "collective") {
                CHECK(begin >= last_end - slack);
                last_end = end;
                leaves.push_back(name);
                CHECK(name[0] != '?');
                bool const started = name.ends_with(" start"), waited = name.ends_with(" wait");
                bool const finished = name.ends_with(" finish");
                CHECK((category == "collective") == (started || waited || finished));
                starts += started, waits += waited;
                if (category == "collective") CHECK(e["args"].contains("axis"));
                if (e["args"].contains("layer")) layers.insert(e["args"]["layer"].get<int>());
                REQUIRE(!open.empty());
            } else {
                if (category == "step") open.clear(), ++steps;
                if (category == "layer") layers.insert(std::stoi(name.substr(6)));
                if (e.contains("args") && e["args"].contains("micro_batch"))
                    batches.insert(e["args"]["micro_batch"].get<int>());
                open.push_back(e);
            }
        }
        CHECK(steps == 2);
        CHECK(events[0]["name"] == "step 2");
        CHECK(starts == waits);
        CHECK(starts > 0);
        CHECK(layers == std::set<int>{0, 1});
        CHECK(batches == std::set<int>{0, 1});
        REQUIRE(leaves.size() == 2 * wanted.size());
        for (std::size_t i = 0; i < leaves.size(); ++i) CHECK(leaves[i] == wanted[i % wanted.size()]);
    }
}

TEST_CASE("a trace without room says what it lost, and keeps the first events") {
    traced const all = trace(), some = trace(10);
    CHECK(some.lost == ranks * (2 * static_cast<long>(expected_names().size()) - 10));
    long leaves = 0;
    for (auto const& e : some.events)
        leaves += e["ph"] == "X" && e.contains("args") && e["args"].contains("step") ? 1 : 0;
    CHECK(leaves == 10 * ranks);
    CHECK(static_cast<long>(expected_names().size()) <= all.per_step);
}
