// Moving the phases of collectives apart changes when ranks wait, and nothing else.

#include <doctest/doctest.h>

#include "../support/layouts.hpp"
#include "../support/schedule_walk.hpp"

#include <shardtype/runtime.hpp>

#include <chrono>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace st = shardtype;

namespace {

struct size {
    static constexpr st::llama_config config{64, 3, 4, 4, 96, 128, 500000};
    using model = st::llama<config>;
    static constexpr st::batch_shape batch{8, 16};
};

template <class Layout>
struct narrow : layouts::job<Layout, size, float> {
    using compute = st::bf16;
};

template <class Job>
std::unique_ptr<st::schedule_builder> built_job(bool overlap) {
    return std::make_unique<st::schedule_builder>(
        st::detail::lower<st::library_operations>(st::checked<Job>::value, st::cpu_back_end::scratch, overlap));
}
template <class Layout>
std::unique_ptr<st::schedule_builder> built(bool overlap) {
    return built_job<layouts::job<Layout, size, float>>(overlap);
}

int count(st::schedule_builder const& b, st::step_kind kind) {
    int n = 0;
    for (short i = 0; i < b.step_count; ++i) n += b.steps[i].kind == kind;
    return n;
}

template <class F>
void for_layouts(F f) {
    layouts::for_each<layouts::one, layouts::fsdp_8, layouts::ddp_8, layouts::tp_4, layouts::fsdp_2_sp_4,
                      layouts::hsdp_2_2_sp_2>(f);
}

}  // namespace

TEST_CASE("the same steps in another order; gathers of a loop's parameters run a trip ahead") {
    for_layouts([]<class Layout>() {
        CAPTURE(Layout::name);
        auto const plain = built<Layout>(false), moved = built<Layout>(true);
        REQUIRE(plain->says.legal());
        REQUIRE(moved->says.legal());
        CHECK(count(*plain, st::step_kind::kernel) == count(*moved, st::step_kind::kernel));
        CHECK(count(*plain, st::step_kind::collective_wait) == count(*moved, st::step_kind::collective_wait));
        int const more = count(*moved, st::step_kind::materialize) - count(*plain, st::step_kind::materialize);
        CHECK(more == moved->step_count - plain->step_count - more);  // a start and a finish each
        int ahead = 0, apart = 0;
        for (short s = 0; s < moved->segment_count; ++s)
            for (short i = moved->segments[s].begin; i < moved->segments[s].end; ++i) {
                st::step const& t = moved->steps[i];
                if (t.kind == st::step_kind::collective_finish && moved->steps[i - 1].slot != t.slot) ++apart;
                if (t.kind != st::step_kind::materialize || t.ahead == 0) continue;
                ++ahead;
                CHECK(moved->segments[s].trips == 3);
                CHECK(moved->buffers[t.arg[1].buffer].period == 2);
            }
        bool const shards = std::string(Layout::name).find("fsdp") != std::string::npos;
        CHECK(ahead == more);
        CHECK(ahead == (shards ? 2 * 9 : 0));  // nine parameters, forward and backward
        if (Layout::mesh::size > 1) CHECK(apart > 0);
        // The price: of one layer, two sets of gathered parameters instead of one in use, and one of gradients; and
        // of the stream, operands and targets that are in flight.
        long layer = 0;
        for (short k = 0; k < moved->parameter_count; ++k)
            if (moved->parameters[k].is.in_loop) layer += moved->parameters[k].is.used.local_bytes();
        long const stream = 4L * 64 * moved->buffers[moved->at.tokens].bytes;  // 64 floats for a token of four bytes
        MESSAGE(std::string(Layout::name), ": arena ", plain->at.arena_bytes, " -> ", moved->at.arena_bytes);
        CHECK(moved->at.arena_bytes <= plain->at.arena_bytes + 3 * layer + 2 * stream);
    });
}

namespace {

bool same_memory(st::schedule_builder const& b, short x, short y) {
    auto const home = [&](short i) {
        return b.buffers[i].is == st::buffer_class::parameter  ? b.at.weights
               : b.buffers[i].is == st::buffer_class::gradient ? b.at.gradients
                                                               : i;
    };
    return x == y || (home(x) == home(y) && (x == home(x) || y == home(y)));
}

// Is `buffer` used (or only: written) by another collective or a kernel in steps (from, to)?
bool used_between(st::schedule_builder const& b, short buffer, short slot, short from, short to, bool written) {
    for (short i = static_cast<short>(from + 1); i < to; ++i) {
        st::step const& t = b.steps[i];
        if (t.kind == st::step_kind::release || t.slot == slot) continue;
        for (short k = 0; k < t.args; ++k) {
            bool const writes = ((t.writes >> k) & 1U) != 0, reads = ((t.reads >> k) & 1U) != 0;
            if ((writes || (reads && !written)) && same_memory(b, t.arg[k].buffer, buffer)) return true;
        }
    }
    return false;
}

void check_operands_are_left_alone(st::schedule_builder const& b) {
    REQUIRE(b.says.legal());
    int checked = 0;
    for (short s = 0; s < b.segment_count; ++s)
        for (short i = b.segments[s].begin; i < b.segments[s].end; ++i) {
            st::step const& t = b.steps[i];
            if (t.kind != st::step_kind::collective_start && t.kind != st::step_kind::materialize) continue;
            short const source = t.arg[0].buffer, target = t.arg[1].buffer;
            CAPTURE(i);
            if (t.to < 1000) {  // runs ahead: the source is the same all the time, the target has a slot of its own
                if (b.buffers[source].period == 1)  // 2: a cast's result, which has a slot of its own too
                    CHECK_FALSE(used_between(b, source, t.slot, static_cast<short>(b.segments[s].begin - 1),
                                             b.segments[s].end, true));
                continue;
            }
            short wait = i, finish = i;
            while (b.steps[wait].slot != t.slot || b.steps[wait].kind != st::step_kind::collective_wait) ++wait;
            while (b.steps[finish].slot != t.slot || b.steps[finish].kind != st::step_kind::collective_finish) ++finish;
            CHECK_FALSE(used_between(b, source, t.slot, i, finish, true));
            CHECK_FALSE(used_between(b, target, t.slot, i, wait, false));
            ++checked;
        }
    CHECK(checked >= 5);
}

struct accumulating {
    using mesh = st::mesh<st::dp_replicate<2>, st::dp_shard<2>>;
    using strategy = st::strategy<st::ddp<st::dp_replicate<2>>, st::fsdp<st::dp_shard<2>>>;
    using model = size::model;
    static constexpr st::batch_shape batch{.global = 16, .sequence = 16, .micro_batches = 2};
};

}  // namespace

TEST_CASE("from start to finish nobody writes a source, from start to wait nobody touches a target") {
    for_layouts([]<class Layout>() {
        if constexpr (Layout::mesh::size > 1) {
            CAPTURE(Layout::name);
            check_operands_are_left_alone(*built<Layout>(true));
        }
    });
    auto const b = std::make_unique<st::schedule_builder>(
        st::detail::lower<st::library_operations>(st::checked<accumulating>::value, st::cpu_back_end::scratch, true));
    REQUIRE(b->says.legal());
    check_operands_are_left_alone(*b);
}

TEST_CASE("phases move up to the first step that needs them, and no further") {
    auto const b = std::make_unique<st::schedule_builder>();
    b->at.gradients = b->add_buffer(64, st::buffer_class::region);
    short const gradient = b->add_buffer(64, st::buffer_class::gradient), source = b->add_buffer(64),
                other = b->add_buffer(64);
    b->open(1);
    auto const add = [&](st::step_kind kind, unsigned name, short from, short to) {
        st::step& t = b->add_step();
        t.kind = kind;
        t.kernel = name;
        t.args = 2;
        t.reads = 1;
        t.writes = 2;
        t.arg[0].buffer = from;
        t.arg[1].buffer = to;
        if (kind != st::step_kind::kernel) t.slot = 0, t.axis = 0;
    };
    add(st::step_kind::kernel, 1, other, source);
    add(st::step_kind::kernel, 2, other, other);
    add(st::step_kind::collective_start, 9, source, gradient);
    add(st::step_kind::collective_wait, 9, source, gradient);
    add(st::step_kind::collective_finish, 9, source, gradient);
    add(st::step_kind::kernel, 3, source, other);           // only reads the source
    add(st::step_kind::kernel, 4, b->at.gradients, other);  // the region that holds the target
    add(st::step_kind::kernel, 5, other, source);           // the next value of the source
    add(st::step_kind::kernel, 6, other, other);
    b->at.slots = 1;
    b->close();
    st::overlap_collectives(*b);
    st::check_steps(*b);
    REQUIRE(b->says.legal());
    std::string order;
    for (short i = 0; i < b->step_count; ++i)
        order += b->steps[i].kind == st::step_kind::collective_start    ? 'S'
                 : b->steps[i].kind == st::step_kind::collective_wait   ? 'W'
                 : b->steps[i].kind == st::step_kind::collective_finish ? 'F'
                                                                        : static_cast<char>('0' + b->steps[i].kernel);
    CHECK(order == "1S23W4F56");
}

namespace {

/// A schedule by hand, of steps with one operand and one result, and its order after the pass as text: kernels by their
/// letters, S start, M gather of a parameter, W wait, F finish, with their slots; + of another trip, < in the first trip
/// only, > in the last only; | between segments.
struct by_hand {
    std::unique_ptr<st::schedule_builder> b = std::make_unique<st::schedule_builder>();
    short weight, gradient, v[8];  // state, and values of a layer

    explicit by_hand(int trips = 1) {
        b->at.weights = b->add_buffer(128, st::buffer_class::region);
        b->at.gradients = b->add_buffer(128, st::buffer_class::region);
        weight = b->add_buffer(64, st::buffer_class::parameter);
        gradient = b->add_buffer(64, st::buffer_class::gradient);
        for (short& value : v) value = b->add_buffer(64);
        b->open(trips);
    }
    st::step& add(st::step_kind kind, char letter, short from, short to) const {
        st::step& t = b->add_step();
        t.kind = kind;
        t.args = 2;
        t.reads = 1;
        t.writes = 2;
        t.arg[0].buffer = from;
        t.arg[1].buffer = to;
        t.dim[0] = letter;
        return t;
    }
    st::step& kernel(char letter, short from, short to) const { return add(st::step_kind::kernel, letter, from, to); }
    void product(char letter, short from, short to) const {
        kernel(letter, from, to).kernel = st::id_of<st::kernels::linear_weight_gradient>;
    }
    void collective(short from, short to, signed char axis = 0,
                    st::step_kind start = st::step_kind::collective_start) const {
        for (auto const kind : {start, st::step_kind::collective_wait, st::step_kind::collective_finish}) {
            st::step& t = add(kind, kind == start ? start == st::step_kind::materialize ? 'M' : 'S' : 'W', from, to);
            if (kind == st::step_kind::collective_finish) t.dim[0] = 'F';
            t.slot = b->at.slots;
            t.axis = axis;
        }
        ++b->at.slots;
    }
    void gather(short from, short to) const { collective(from, to, 0, st::step_kind::materialize); }

    std::string order() const {
        b->close();
        st::overlap_collectives(*b);
        st::check_steps(*b);
        CHECK(b->says.legal());
        std::string text;
        for (short s = 0; s < b->segment_count; ++s) {
            if (s > 0) text += '|';
            for (short i = b->segments[s].begin; i < b->segments[s].end; ++i) {
                st::step const& t = b->steps[i];
                text += t.ahead != 0 ? "+" : t.to == 1 ? "<" : t.from > 0 ? ">" : "";
                text += static_cast<char>(t.dim[0]);
                if (t.slot >= 0) text += static_cast<char>('0' + t.slot);
            }
        }
        return text;
    }
};

}  // namespace

TEST_CASE("gathers of parameters stay in the order of their use") {
    by_hand const s;
    s.kernel('a', s.v[0], s.v[1]);
    s.gather(s.weight, s.v[2]);
    s.kernel('b', s.v[2], s.v[1]);
    s.gather(s.weight, s.v[3]);
    s.kernel('c', s.v[3], s.v[1]);
    CHECK(s.order() == "M0M1aW0bW1cF0F1");
}

TEST_CASE("a finish goes behind the wait of a collective of its axis that started behind its own wait") {
    by_hand const s;
    s.kernel('a', s.v[0], s.v[1]);
    s.collective(s.v[1], s.v[2], 0);
    s.kernel('b', s.v[2], s.v[3]);
    s.collective(s.v[3], s.v[4], 1);
    s.kernel('c', s.v[4], s.v[5]);
    s.collective(s.v[5], s.v[6], 0);
    s.kernel('d', s.v[6], s.v[0]);
    CHECK(s.order() == "aS0W0bS1W1cS2W2F0dF1F2");
}

TEST_CASE("products of weight gradients fill the gaps of collectives that nothing else parts, one each") {
    by_hand const s;
    s.product('g', s.v[0], s.v[1]);
    s.product('h', s.v[0], s.v[2]);
    s.kernel('a', s.v[0], s.v[3]);
    s.collective(s.v[3], s.gradient);  // nobody needs it soon: it is apart anyway
    s.collective(s.v[3], s.v[4]);
    s.kernel('b', s.v[4], s.v[5]);
    s.collective(s.v[5], s.v[6]);
    s.kernel('c', s.v[6], s.v[7]);
    CHECK(s.order() == "aS1S0hW1bS2gW2F1cW0F0F2");
}

TEST_CASE("a gather runs a trip ahead where the loop leaves its source and only this loop sees its target") {
    auto const of = [](auto... steps) {
        by_hand const s(3);
        (steps(s), ...);
        return s.order();
    };
    auto const gather = [](by_hand const& s) { s.gather(s.weight, s.v[1]); };
    auto const use = [](by_hand const& s) { s.kernel('a', s.v[1], s.v[2]); };
    CHECK(of(gather, use) == "<M0W0+F0+M0a>F0");
    CHECK(of(gather, use, [](by_hand const& s) { s.kernel('b', s.v[2], s.weight); }) == "M0W0aF0b");
    CHECK(of(gather, use, [](by_hand const& s) { s.b->open(1), s.kernel('b', s.v[1], s.v[3]); }) == "M0W0aF0|b");
    CHECK(of(gather, use, [](by_hand const& s) { s.kernel('b', s.v[2], s.b->at.weights); }) == "M0W0aF0b");
    CHECK(of(gather, use, [](by_hand const& s) { s.b->open(1), s.kernel('b', s.v[2], s.weight); }) ==
          "<M0W0+F0+M0a>F0|b");
    CHECK(of(gather, use, [](by_hand const& s) { s.collective(s.v[2], s.v[3]), s.kernel('b', s.v[3], s.v[4]); }) ==
          "<M0W0+F0+M0aS1W1bF1>F0");
    CHECK(of([](by_hand const& s) { s.gather(s.v[0], s.gradient); }) == "M0W0F0");
    CHECK(of([](by_hand const& s) { s.gather(s.v[0], s.b->at.gradients); }) == "M0W0F0");
    CHECK(of([](by_hand const& s) { s.collective(s.weight, s.v[1]); }, use) == "S0W0aF0");
    by_hand const once(1);
    gather(once), use(once);
    CHECK(once.order() == "M0W0aF0");
}

TEST_CASE("the cast that a gather sends runs ahead with it, where it is for this gather alone") {
    auto const of = [](auto... steps) {
        by_hand const s(3);
        (steps(s), ...);
        return s.order();
    };
    auto const cast = [](by_hand const& s) { s.kernel('c', s.weight, s.v[0]); };
    auto const gather = [](by_hand const& s) { s.gather(s.v[0], s.v[1]); };
    auto const use = [](by_hand const& s) { s.kernel('a', s.v[1], s.v[2]); };
    CHECK(of(cast, gather, use) == "<c<M0W0+F0+c+M0a>F0");
    CHECK(of([](by_hand const& s) { s.kernel('c', s.v[2], s.v[0]); }, gather, use) == "cM0W0aF0");  // 'a' writes it
    CHECK(of(cast, gather, use, [](by_hand const& s) { s.kernel('b', s.v[0], s.v[3]); }) == "cM0W0abF0");
    CHECK(of(cast, cast, gather, use) == "ccM0W0aF0");
    CHECK(of(gather, use, cast) == "M0W0aF0c");
    CHECK(of(cast, gather, use, [](by_hand const& s) { s.b->open(1), s.kernel('b', s.v[0], s.v[3]); }) == "cM0W0aF0|b");
    CHECK(of([](by_hand const& s) { s.kernel('c', s.weight, s.v[0]).scratch = s.v[7]; }, gather, use) == "cM0W0aF0");
}

namespace {

// Takes one step out of its segment.
void drop(st::schedule_builder& b, short at) {
    for (short i = at; i + 1 < b.step_count; ++i) b.steps[i] = b.steps[i + 1];
    --b.step_count;
    for (short s = 0; s < b.segment_count; ++s) {
        if (b.segments[s].begin > at) --b.segments[s].begin;
        if (b.segments[s].end > at) --b.segments[s].end;
    }
}

template <class Damage>
void check_found(bool overlap, Damage damage) {
    auto const whole = built<layouts::fsdp_2_sp_4>(overlap);
    int tried = 0;
    for (short i = 0; i < whole->step_count; ++i) {
        if (whole->steps[i].slot < 0) continue;
        auto b = std::make_unique<st::schedule_builder>(*whole);
        if (!damage(*b, i)) continue;
        ++tried;
        st::check_steps(*b);
        CAPTURE(i);
        CHECK(b->says.what == st::code::collective_pairing);
    }
    CHECK(tried >= 50);
}

}  // namespace

TEST_CASE("a collective that is not started, waited for or finished, or out of order, is an error of the schedule") {
    for (bool const overlap : {false, true}) {
        CAPTURE(overlap);
        auto whole = built<layouts::fsdp_2_sp_4>(overlap);
        st::check_steps(*whole);
        CHECK(whole->says.legal());
        check_found(overlap, [](st::schedule_builder& b, short i) {
            drop(b, i);
            return true;
        });
        check_found(overlap, [](st::schedule_builder& b, short i) {  // swapped with the same collective's next phase
            for (short j = static_cast<short>(i + 1); j < b.step_count; ++j) {
                if (b.steps[j].slot != b.steps[i].slot) continue;
                st::step const t = b.steps[i];
                b.steps[i] = b.steps[j];
                b.steps[j] = t;
                return true;
            }
            return false;
        });
        check_found(overlap, [](st::schedule_builder& b, short i) {  // on another buffer
            b.steps[i].arg[0].buffer = b.at.tokens;
            return true;
        });
    }
    check_found(true, [](st::schedule_builder& b, short i) {  // for the wrong trip
        b.steps[i].arg[1].shift = static_cast<short>(b.steps[i].arg[1].shift + 1);
        return true;
    });
    check_found(true, [](st::schedule_builder& b, short i) {  // left out on a trip
        b.steps[i].from += 1;
        return true;
    });
}

namespace {

struct bound_program {
    std::unique_ptr<st::schedule_builder> built;
    std::vector<st::bound_step> bound;
    st::program_on<> view{};

    template <class Narrow = st::type_list<>>
    explicit bound_program(std::unique_ptr<st::schedule_builder> from, Narrow = {}) : built(std::move(from)) {
        st::schedule_builder const& s = *built;
        REQUIRE(s.says.legal());
        for (short i = 0; i < s.step_count; ++i)
            bound.push_back(s.steps[i].kind == st::step_kind::release
                                ? st::bound_step{}
                                : st::detail::bind_step<float, Narrow>(st::library_kernels{}, s.steps[i]));
        view.schedule = {s.steps,        s.buffers,       s.segments,        s.parameters, s.step_count,
                         s.buffer_count, s.segment_count, s.parameter_count, s.at};
        view.bound = bound.data();
    }
};

// Collectives of ranks that are late at random: every phase runs through here.
std::vector<st::bound_step> on_time;
st::step const* first_step = nullptr;

void late(st::rank_context& c, st::step const& s, void* const* a, st::prepared const* p) {
    thread_local std::mt19937 random(static_cast<unsigned>(c.rank));
    unsigned const draw = random() % 64;
    if (draw == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 300));
    if (draw == 1) std::this_thread::yield();
    on_time[static_cast<std::size_t>(&s - first_step)].run(c, s, a, p);
}

// Every rank's reports and state after three steps, from a state of random numbers.
template <class Layout>
std::vector<std::vector<char>> train(bound_program& program, bool with_delays) {
    if (with_delays) {
        on_time = program.bound;
        first_step = program.built->steps;
        for (short i = 0; i < program.built->step_count; ++i)
            if (program.built->steps[i].slot >= 0) program.bound[static_cast<std::size_t>(i)].run = &late;
    }
    st::landmarks const& at = program.built->at;
    std::vector<std::vector<char>> result(static_cast<std::size_t>(Layout::mesh::size));
    st::thread::world world(typename Layout::mesh{}, 2 * at.slots);
    world.run([&](st::thread::rank_communicators& me) {
        st::walker_on<st::thread::rank_communicators> w(program.view, me);
        // Padding between parameters stays as it is, wherever it lies: only its own values are compared.
        std::memset(w.at<char>(at.gradients), 0, static_cast<std::size_t>(at.state_bytes));
        std::memset(w.at<char>(at.moment1), 0, static_cast<std::size_t>(at.state_bytes));
        std::memset(w.at<char>(at.moment2), 0, static_cast<std::size_t>(at.state_bytes));
        for (long i = 0; i < at.state_bytes / 4; ++i)
            w.at<float>(at.weights)[i] = static_cast<float>(i * 7919 % 1001 - 500) * 1e-4f;
        std::vector<char>& mine = result[static_cast<std::size_t>(me.rank)];
        auto const keep = [&](short buffer, long bytes) {
            char const* const begin = w.at<char>(buffer);
            mine.insert(mine.end(), begin, begin + bytes);
        };
        for (int s = 0; s < 3; ++s) {
            st::step_numbers numbers;
            numbers.adamw.step = s + 1;
            w.context().numbers = numbers;
            w.step_once(1, [&](int) {
                for (long i = 0; i < program.built->buffers[at.tokens].bytes / 4; ++i) {
                    w.at<int>(at.tokens)[i] = static_cast<int>((i * 37 + s) % 128);
                    w.at<int>(at.targets)[i] = static_cast<int>((i * 53 + s) % 128);
                }
            });
            keep(at.report, 24);
        }
        for (short region : {at.weights, at.gradients, at.moment1, at.moment2}) keep(region, at.state_bytes);
    });
    return result;
}

}  // namespace

TEST_CASE("every bit of losses, gradients and state is as without it, ranks late or not") {
    for_layouts([]<class Layout>() {
        CAPTURE(Layout::name);
        bound_program plain(built<Layout>(false)), moved(built<Layout>(true));
        auto const expected = train<Layout>(plain, false);
        CHECK(expected == train<Layout>(moved, false));
        CHECK(expected == train<Layout>(moved, true));
    });
}

namespace {

void check_walk(st::schedule_builder const& b) {
    st::schedule_view const view{b.steps,        b.buffers,       b.segments,        b.parameters, b.step_count,
                                 b.buffer_count, b.segment_count, b.parameter_count, b.at};
    schedule_walk walk(view);
    walk.training_step(b.micro_batches ? 2 : 1);
    walk.training_step(b.micro_batches ? 2 : 1);
    CHECK_MESSAGE(walk.faults().empty(), walk.text());
}

struct narrow_accumulating : accumulating {
    using compute = st::bf16;
};

}  // namespace

TEST_CASE("micro-batches in bfloat16: nothing is read too soon, no source changes under way") {
    auto const b = built_job<narrow_accumulating>(true);
    REQUIRE(b->says.legal());
    check_operands_are_left_alone(*b);
    check_walk(*b);
}

TEST_CASE("the cast of a shard to bfloat16 runs ahead with its gather") {
    layouts::for_each<layouts::fsdp_8, layouts::fsdp_2_sp_4, layouts::hsdp_2_2_sp_2>([]<class Layout>() {
        CAPTURE(Layout::name);
        using job = narrow<Layout>;
        using kernels =
            typename st::detail::narrow_kernels<st::lowered<job, st::cpu_back_end>, st::library_kernels>::type;
        bound_program plain(built_job<job>(false), kernels{}), moved(built_job<job>(true), kernels{});
        REQUIRE(moved.built->says.legal());
        check_operands_are_left_alone(*moved.built);
        int ahead = 0, casts = 0;
        for (short i = 0; i < moved.built->step_count; ++i) {
            st::step const& t = moved.built->steps[i];
            ahead += t.kind == st::step_kind::materialize && t.ahead != 0;
            casts += t.kind == st::step_kind::kernel && t.ahead != 0;
        }
        CHECK(ahead == 18);
        CHECK(casts == 18);
        check_walk(*moved.built);
        auto const expected = train<Layout>(plain, false);
        CHECK(expected == train<Layout>(moved, false));
        CHECK(expected == train<Layout>(moved, true));
    });
}

TEST_CASE("at run time a forgotten wait or finish ends the run") {
    for (auto const kind : {st::step_kind::collective_wait, st::step_kind::collective_finish}) {
        bound_program program(built<layouts::fsdp_2_sp_4>(true));
        bool planted = false;
        for (short i = 0; i < program.built->step_count && !planted; ++i)
            if (program.built->steps[i].kind == kind && program.built->steps[i].ahead == 0 &&
                program.built->steps[i].to > 1000) {
                program.bound[static_cast<std::size_t>(i)].run = [](st::rank_context&, st::step const&, void* const*,
                                                                    st::prepared const*) {};
                planted = true;
            }
        REQUIRE(planted);
        CHECK_THROWS_WITH(train<layouts::fsdp_2_sp_4>(program, false),
                          doctest::Contains(kind == st::step_kind::collective_wait ? "has not been waited for"
                                                                                   : "has not been finished"));
    }
}
