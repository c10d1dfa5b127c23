// What holds for every schedule, whatever the layout: nothing is read before it is written or after it was
// overwritten, the arena is as small as it can be, and depth costs no steps.

#include <doctest/doctest.h>

#include "../support/layouts.hpp"
#include "../support/schedule_walk.hpp"

#include <shardtype/ops/cpu_scratch.hpp>
#include <shardtype/runtime/mpi/back_end.hpp>

#include <cstdio>
#include <memory>

namespace {

struct size {
    st::batch_shape batch;
    st::graph (*read)(st::model_strategy const&, st::batch_shape);
    char const* name;
};
template <st::llama_config C>
st::graph read(st::model_strategy const& p, st::batch_shape batch) {
    return st::read_model<st::llama<C>>(p, batch, st::dtype::f32);
}
constexpr st::llama_config gold{64, 2, 4, 4, 192, 256, 500000};
constexpr st::llama_config grouped{128, 3, 8, 4, 192, 320, 500000};
constexpr st::llama_config grouped_6{128, 6, 8, 4, 192, 320, 500000};
constexpr st::llama_config grouped_126{128, 126, 8, 4, 192, 320, 500000};
constexpr st::llama_config single{128, 1, 8, 4, 192, 320, 500000};
constexpr size sizes[] = {{{8, 64}, &read<gold>, "2 layers"},
                          {{8, 32}, &read<grouped>, "3 layers, grouped heads"},
                          {{8, 32}, &read<single>, "1 layer"},
                          {{8, 256}, &read<st::llama3_debug>, "debug model"}};

// A schedule is lowered at run time here: the same function that the compiler runs, for hundreds of layouts.
std::unique_ptr<st::schedule_builder> lower(st::graph const& g, long staging = 0, st::room_bound room = nullptr) {
    return std::make_unique<st::schedule_builder>(
        st::detail::lower<st::library_operations>(g, st::cpu_back_end::scratch, true, staging, room));
}
st::schedule_view view_of(st::schedule_builder const& b) {
    return {b.steps,        b.buffers,       b.segments,        b.parameters, b.step_count,
            b.buffer_count, b.segment_count, b.parameter_count, b.at};
}

std::string text_of(st::placement_policy const& p) {
    char const* const names[] = {"none", "ddp", "zero1", "zero2", "fsdp", "tp", "sp"};
    std::string text;
    for (int a = 0; a < p.axes; ++a)
        text +=
            std::string(a == 0 ? "" : ", ") + names[static_cast<int>(p.on[a])] + ' ' + std::to_string(p.axis_size[a]);
    if (p.recomputes) text += ", recompute";
    return text;
}

/// Every assignment of sizes 1, 2, 4, 8 and roles to one, two or three axes, at most 8 ranks; of three axes, those of
/// sizes above 1.
std::vector<st::placement_policy> policies(bool recompute = false) {
    std::vector<st::placement_policy> all;
    int const choices = 4 * 6;
    for (int axes = 1; axes <= 3; ++axes)
        for (int code = 0, end = axes == 1   ? choices
                                 : axes == 2 ? choices * choices
                                             : choices * choices * choices;
             code < end; ++code) {
            st::placement_policy p;
            p.axes = axes;
            int ranks = 1;
            for (int a = 0, rest = code; a < axes; ++a, rest /= choices) {
                p.axis_size[a] = 1 << (rest % 4);
                p.on[a] = static_cast<st::role>(1 + rest / 4 % 6);
                ranks *= p.axis_size[a];
            }
            p.recomputes = recompute;
            bool const counts = axes < 3 || (p.axis_size[0] > 1 && p.axis_size[1] > 1 && p.axis_size[2] > 1);
            if (ranks <= 8 && counts) all.push_back(p);
        }
    return all;
}

/// Buffers whose first and last use overlap share no byte, except with the state region that they are part of.
bool lifetimes_are_disjoint(st::schedule_view const& s) {
    auto const unused = [](st::buffer const& b) { return b.is == st::buffer_class::local && b.first < 0; };
    auto const region = [](st::buffer const& b) { return b.is == st::buffer_class::region; };
    auto const part = [](st::buffer const& b) {
        return b.is == st::buffer_class::parameter || b.is == st::buffer_class::gradient;
    };
    struct bytes {
        long from, to;
        int last;
    };
    auto const stretch = [](st::buffer const& b, bool tail) {
        long const end = b.offset + b.stride * b.period, cut = b.tail >= 0 ? end - b.stride : end;
        return tail ? bytes{cut, end, b.tail} : bytes{b.offset, cut, b.last};
    };
    for (int i = 0; i < s.buffer_count; ++i)
        for (int j = 0; j < i; ++j) {
            st::buffer const &x = s.buffers[i], &y = s.buffers[j];
            if (unused(x) || unused(y)) continue;
            bool const in_region = (part(x) && region(y)) || (part(y) && region(x));
            bool const for_ever = part(x) || part(y);
            if (in_region) continue;
            for (bool const x_tail : {false, true})  // a buffer's last slot may end before the others
                for (bool const y_tail : {false, true}) {
                    auto const [x_from, x_to, x_last] = stretch(x, x_tail);
                    auto const [y_from, y_to, y_last] = stretch(y, y_tail);
                    bool const apart = !for_ever && (x_last < y.first || y_last < x.first);
                    if (!apart && x_from < y_to && y_from < x_to) return false;
                }
        }
    return true;
}

/// One release for each parameter that is gathered for its use, behind the last one.
bool releases_are_last(st::schedule_view const& s) {
    for (int g = 0; g < s.segment_count; ++g)
        for (int i = s.segments[g].begin; i < s.segments[g].end; ++i) {
            bool const kept = s.segments[g].when == st::segment_kind::begin_step;
            if (s.steps[i].kind != st::step_kind::materialize || kept) continue;
            short const made = s.steps[i].arg[1].buffer;
            int last = -1, released = -1, releases = 0;
            for (int j = i; j < s.step_count; ++j) {
                st::step const& t = s.steps[j];
                if (t.kind == st::step_kind::release) {
                    if (t.arg[0].buffer == made) released = j, ++releases;
                    continue;
                }
                for (int k = 0; k < t.args; ++k)
                    if (t.uses(k) && t.arg[k].buffer == made) last = j;
            }
            if (releases != 1 || released < last) return false;
        }
    return true;
}

struct job : layouts::fsdp_2_sp_4 {
    using model = st::llama<gold>;
    static constexpr st::batch_shape batch{8, 64};
};

}  // namespace

TEST_CASE("every legal layout of every size has a sound schedule in a tight arena") {
    int legal = 0, illegal = 0, refused = 0;
    double worst = 1, worst_needed = 1;
    std::string worst_at, worst_needed_at;
    std::vector<st::placement_policy> every = policies();
    for (auto const& p : policies(true)) every.push_back(p);
    for (size const& z : sizes)
        for (auto const& p : every) {
            if (p.axes == 3 && &z != &sizes[0] && &z != &sizes[1]) continue;
            auto const g = std::make_unique<st::graph>(z.read(p, z.batch));
            std::string const at = std::string(z.name) + ", " + text_of(p);
            CAPTURE(at);
            if (!g->ok()) {
                ++illegal;
                continue;
            }
            auto const built = lower(*g);
            if (!built->says.legal()) {  // too many steps: refused, with S604
                CHECK(built->says.what == st::code::capacity);
                ++refused;
                continue;
            }
            ++legal;
            auto const s = view_of(*built);
            CHECK(lifetimes_are_disjoint(s));
            CHECK(releases_are_last(s));
            schedule_walk walk(s);
            walk.training_step(1);
            walk.training_step(1);
            CHECK_MESSAGE(walk.faults().empty(), walk.text());

            double const ratio = static_cast<double>(s.at.arena_bytes) / static_cast<double>(s.at.live_bytes);
            double const needed = static_cast<double>(s.at.arena_bytes) / static_cast<double>(walk.needed_bytes());
            if (ratio > worst) worst = ratio, worst_at = at;
            if (needed > worst_needed) worst_needed = needed, worst_needed_at = at;
            CHECK(ratio >= 1);
            CHECK(ratio <= 1.06);
        }
    std::printf(
        "%d legal layouts, %d illegal, %d too long; arena at most %.4f of its live bytes (%s), %.3f of what is "
        "ever needed at once (%s)\n",
        legal, illegal, refused, worst, worst_at.c_str(), worst_needed, worst_needed_at.c_str());
    CHECK(legal > 2000);
    CHECK(refused <= 2);
}

TEST_CASE("gradients summed over micro-batches: a sound schedule too") {
    std::vector<st::placement_policy> every = policies();
    for (auto const& p : policies(true)) every.push_back(p);
    for (auto const& p : every) {
        if (p.axes != 2) continue;
        auto const g = std::make_unique<st::graph>(read<gold>(p, {24, 64, 3}));
        if (!g->ok()) continue;
        CAPTURE(text_of(p));
        auto const built = lower(*g);
        auto const s = view_of(*built);
        schedule_walk walk(s);
        walk.training_step(3);
        walk.training_step(3);
        CHECK_MESSAGE(walk.faults().empty(), walk.text());
    }
}

TEST_CASE("with rooms for what collectives receive: a sound schedule too, and the same steps") {
    double worst = 1, most = 0;
    int rooms = 0;
    for (bool const recomputes : {false, true})
        for (auto const& p : policies(recomputes)) {
            if (p.axes == 3 && recomputes) continue;
            auto const g = std::make_unique<st::graph>(read<grouped>(p, {8, 32}));
            if (!g->ok()) continue;
            CAPTURE(text_of(p));
            auto const plain = lower(*g), built = lower(*g, 0, st::mpi_back_end::room);
            if (!plain->says.legal()) continue;
            REQUIRE(built->says.legal());
            REQUIRE(built->step_count == plain->step_count);
            auto const s = view_of(*built);
            for (int i = 0; i < s.step_count; ++i) {
                st::step const &x = s.steps[i], &y = plain->steps[i];
                CHECK((x.kernel == y.kernel && x.kind == y.kind && x.slot == y.slot && x.from == y.from));
                rooms += x.args > y.args && x.kind == st::step_kind::collective_wait ? 1 : 0;
            }
            CHECK(lifetimes_are_disjoint(s));
            schedule_walk walk(s);
            walk.training_step(1);
            walk.training_step(1);
            CHECK_MESSAGE(walk.faults().empty(), walk.text());
            worst = std::max(worst, static_cast<double>(s.at.arena_bytes) / static_cast<double>(s.at.live_bytes));
            most = std::max(most, static_cast<double>(s.at.arena_bytes) / static_cast<double>(plain->at.arena_bytes));
        }
    std::printf("%d rooms; arena at most %.4f of its live bytes, %.3f of one without rooms\n", rooms, worst, most);
    CHECK(rooms > 1000);
    CHECK(worst <= 1.05);
    CHECK(most <= 1.2);
}

TEST_CASE("depth costs no steps and no buffers, only slots") {
    for (auto const& p : policies()) {
        if (p.axes == 3) continue;
        CAPTURE(text_of(p));
        st::graph const shallow = read<grouped>(p, {8, 32});
        if (!shallow.ok()) continue;
        auto const few = lower(shallow), some = lower(read<grouped_6>(p, {8, 32})),
                   many = lower(read<grouped_126>(p, {8, 32}));
        for (auto const* other : {some.get(), many.get()}) {
            REQUIRE(other->step_count == few->step_count);
            CHECK(other->buffer_count == few->buffer_count);
            CHECK(other->segment_count == few->segment_count);
            CHECK(other->at.slots == few->at.slots);
            bool equal = true;
            for (int i = 0; i < few->step_count; ++i) {
                st::step const &x = few->steps[i], &y = other->steps[i];
                equal = equal && x.kernel == y.kernel && x.kind == y.kind && x.slot == y.slot && x.args == y.args;
                for (int k = 0; k < x.args; ++k) equal = equal && x.arg[k].buffer == y.arg[k].buffer;
            }
            CHECK(equal);
        }
        if (p.axes == 1) {
            auto const s = view_of(*many);
            schedule_walk walk(s);
            walk.training_step(1);
            CHECK_MESSAGE(walk.faults().empty(), walk.text());
            CHECK(static_cast<double>(s.at.arena_bytes) <= 1.05 * static_cast<double>(s.at.live_bytes));
        }
    }
}

TEST_CASE("fully sharded state adds up to the parameters") {
    st::placement_policy p;
    p.axes = 1;
    p.axis_size[0] = 8;
    p.on[0] = st::role::fully_sharded;
    auto const built = lower(read<st::llama3_debug>(p, {8, 256}));
    long elements = 0;
    for (int k = 0; k < built->parameter_count; ++k)
        elements += 8 * built->parameters[k].is.stored.local_count() * built->parameters[k].is.layers;
    CHECK(elements == 6139136);
    CHECK(built->at.state_bytes * 8 == 6139136 * 4);  // no padding: every shard is whole cache lines

    p.on[0] = st::role::data_parallel;
    CHECK(lower(read<st::llama3_debug>(p, {8, 256}))->at.state_bytes == 6139136 * 4);
}

// A configuration's memory on a back end: with what its collectives copy; the scratch of its kernels lies where other
// buffers are dead.
using on_64 = st::training_job<st::job{.model = st::llama3_8b,
                                       .parallel = {.data_parallel_shard_degree = -1, .tensor_parallel_degree = 4},
                                       .world_size = 64,
                                       .seq_len = 8192,
                                       .local_batch_size = 2}>;
static_assert(st::memory_of<on_64, st::cpu_back_end>.total() ==
              st::lowered<on_64::type, st::cpu_back_end>::arena_bytes);
static_assert(st::memory_of<on_64, st::cpu_back_end>.total() ==
              st::memory_of<on_64>.total() + st::cpu_back_end::staging_bytes(2));
static_assert(st::fits<on_64, st::h100_sxm, st::cpu_back_end>);

TEST_CASE("the compiler's schedule is the one lowered at run time") {
    constexpr auto const& made = st::lowered<job, st::cpu_back_end>::value;
    st::schedule_view const s = st::view_of(made);
    auto const built = lower(read<gold>(st::policy<job::mesh, job::strategy>, {8, 64}),
                             st::cpu_back_end::staging_bytes(job::mesh::axes));
    REQUIRE(s.step_count == built->step_count);
    REQUIRE(s.buffer_count == built->buffer_count);
    for (int k = 0; k < s.buffer_count; ++k) CHECK(s.buffers[k].offset == built->buffers[k].offset);
    CHECK(s.at.arena_bytes == built->at.arena_bytes);
    static_assert(st::lowered<job, st::cpu_back_end>::arena_bytes * 100 <= 105 * made.at.live_bytes);
}
