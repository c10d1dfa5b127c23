// The layers are not one model in disguise: GPT-2 trains as well, in every layout as its own float64 run on one device
// (tests/data/gold_gpt2, made by make.py there).

#include <doctest/doctest.h>

#include "../support/bare_program.hpp"
#include "../support/forgotten.hpp"
#include "../support/gold.hpp"

#include <cstdio>

namespace {

struct size {
    static constexpr st::gpt2_config config{32, 2, 4, 64, 16};
    using model = st::gpt2<config>;
    static constexpr st::batch_shape batch{8, 16};
};
template <class Layout, class Size = size>
using job = layouts::job<Layout, Size>;
/// The same rows in two parts.
struct in_micro_batches : size {
    static constexpr st::batch_shape batch{8, 16, 2};
};

struct fsdp_4 {
    static constexpr char const* name = "[4] fsdp";
    using mesh = st::mesh<st::dp_shard<4>>;
    using strategy = st::strategy<st::fsdp<st::dp_shard<4>>>;
};
struct ddp_2_tp_2 {
    static constexpr char const* name = "[2, 2] ddp, tp";
    using mesh = st::mesh<st::dp_replicate<2>, st::tp<2>>;
    using strategy = st::strategy<st::ddp<st::dp_replicate<2>>, st::tensor_parallel<st::tp<2>>>;
};

struct recomputed_sp_2_zero1_2 {
    static constexpr char const* name = "[2, 2] ZeRO-1, tp sequence parallel, recomputed";
    using mesh = st::mesh<st::dp_shard<2>, st::tp<2>>;
    using strategy = st::strategy<st::zero1<st::dp_shard<2>>, st::sequence_parallel<st::tp<2>>, st::recompute>;
};

gold::reference const& reference() {
    static gold::reference const r = gold::load("gold_gpt2");
    return r;
}

/// A constant added to all keys moves no weight of the softmax: this gradient is zero, and there is nothing to be
/// relative to.
bool is_bias_of_keys(std::string const& name) { return name.find("c_attn.k.bias") != std::string::npos; }

double length(std::vector<double> const& x) {
    double squares = 0;
    for (double const v : x) squares += v * v;
    return std::sqrt(squares);
}

/// The worst |x - reference| / |reference| over tensors.
template <class V>
difference apart(std::map<std::string, std::vector<double>> const& got, std::map<std::string, V> const& want) {
    difference d;
    if (got.size() != want.size()) d.note(NAN, "another set of tensors");
    for (auto const& [name, x] : got) {
        if (is_bias_of_keys(name)) continue;
        auto const found = want.find(name);
        if (found == want.end() || found->second.size() != x.size()) {
            d.note(NAN, name + " (missing or of another size)");
            continue;
        }
        std::vector<double> const r(found->second.begin(), found->second.end());
        std::vector<double> rest(x);
        for (std::size_t i = 0; i < x.size(); ++i) rest[i] -= r[i];
        d.note(length(rest) / length(r), name);
    }
    return d;
}

template <class V>
gold::verdict judge(gold::outcome const& o, std::map<std::string, V> const& end) {
    gold::verdict v = gold::judge(o, reference(), end);
    v.gradient = apart(o.gradients.values(), reference().gradients);
    return v;
}

template <class Layout, class Size = size>
void run(gold::outcome& o, bool poisoned = false) {
    st::run<job<Layout, Size>>([&](st::trainer<job<Layout, Size>>& t) {
        gold::train(t.walk(), reference(), reference().steps(), o, poisoned,
                    [&](st::step_numbers const& n, auto row) { return t.step(n, row); });
    });
}

template <class Layout, class Size = size>
void check() {
    SUBCASE(Layout::name) {
        gold::outcome o;
        run<Layout, Size>(o);
        gold::check_verdict(Layout::name, o, judge(o, reference().end), Layout::mesh::size, 5, 36);
        auto const gradients = o.gradients.values();
        for (int layer = 0; layer < 2; ++layer) {
            auto const part = "h." + std::to_string(layer) + ".attn.c_attn.";
            CHECK(length(gradients.at(part + "k.bias")) < 1e-6 * length(gradients.at(part + "q.bias")));
        }
    }
}

}  // namespace

TEST_CASE("GPT-2: every layout gives the reference's losses, gradients and weights") {
    check<layouts::one>();
    check<fsdp_4>();
    check<layouts::sp_4>();
    check<ddp_2_tp_2>();
    check<layouts::hsdp_2_2_sp_2>();
}

TEST_CASE("GPT-2 in micro-batches, recomputed, with a sharded optimizer") {
    check<layouts::one, in_micro_batches>();
    check<layouts::sp_4, in_micro_batches>();
    check<recomputed_sp_2_zero1_2>();
    check<recomputed_sp_2_zero1_2, in_micro_batches>();
}

namespace {
struct job_in_bf16 : job<layouts::fsdp_2_sp_4> {
    using compute = st::bf16;
};
}  // namespace

TEST_CASE("GPT-2 with activations and used weights in bf16 is near the reference") {
    gold::outcome o;
    st::run<job_in_bf16>([&](st::trainer<job_in_bf16>& t) {
        gold::train(t.walk(), reference(), reference().steps(), o, false,
                    [&](st::step_numbers const& n, auto row) { return t.step(n, row); });
    });
    gold::verdict const v = judge(o, reference().end);
    std::printf("%-42s worst: loss %.2g, gradient %.2g (%s)\n", "bf16, [2, 4] fsdp, tp sequence parallel", v.loss.worst,
                v.gradient.worst, v.gradient.at.c_str());
    CHECK(v.loss.worst < 2e-3);  // bf16 has 8 bits: 4e-3 of each number
    CHECK(v.gradient.worst < 5e-2);
    CHECK(v.loss.worst > 1e-6);  // and float32 it is not
    CHECK(v.unequal == 0);
}

TEST_CASE("GPT-2: no value depends on what the arena held before the step") {
    layouts::for_each<layouts::one, ddp_2_tp_2, layouts::hsdp_2_2_sp_2>([]<class Layout>() {
        CAPTURE(Layout::name);
        gold::outcome clean, poisoned;
        run<Layout>(clean);
        run<Layout>(poisoned, true);
        for (std::size_t s = 0; s < clean.loss.size(); ++s) CHECK(clean.loss[s] == poisoned.loss[s]);
        CHECK(clean.gradients.values() == poisoned.gradients.values());
        CHECK(clean.weights.values() == poisoned.weights.values());
    });
}

namespace {

/// Whether a collective only moves the bias of keys or its gradient: whatever that is, the model computes the same.
bool moves_bias_of_keys(st::schedule_view const& schedule, st::step const& s) {
    for (int k = 0; k < schedule.parameter_count; ++k) {
        st::scheduled_parameter const& p = schedule.parameters[k];
        if (is_bias_of_keys(p.is.name.data) && (s.arg[0].buffer == p.weight || s.arg[1].buffer == p.gradient))
            return true;
    }
    return false;
}

/// Two steps with one collective forgotten, for each: the comparison must say so.
template <class Layout>
void forget_each() {
    SUBCASE(Layout::name) {
        bare_program program = bare_program::of<job<Layout>>();
        auto const whole = program.bound;
        auto const two_steps = [&](gold::outcome& o) {
            program.run([&](st::walker& w, auto step) { gold::train(w, reference(), 2, o, false, step); });
        };
        gold::outcome right;
        two_steps(right);
        auto const end = right.weights.values();
        int collectives = 0, caught = 0, without_effect = 0;
        for (std::size_t i = 0; i < program.steps.size(); ++i) {
            st::step const& s = program.steps[i];
            if (s.kind != st::step_kind::collective_wait) continue;
            program.bound = whole;
            for (std::size_t j = 0; j < program.steps.size(); ++j)
                if (program.steps[j].slot == s.slot) program.bound[j].run = &forgotten::collective;
            gold::outcome o;
            two_steps(o);
            gold::verdict const v = judge(o, end);
            bool const fails = !v.loss_holds() || !v.gradient_holds() || !v.weight_holds();
            bool const neutral = moves_bias_of_keys(program.view.schedule, s);
            ++collectives, caught += fails ? 1 : 0, without_effect += neutral ? 1 : 0;
            INFO("step ", i, ", ", forgotten::name_of(s), " of ", s.dim[0], " x ", s.dim[1]);
            CHECK((fails || neutral));
        }
        std::printf("%-42s %d of %d forgotten collectives caught, %d only move the bias of keys\n", Layout::name,
                    caught, collectives, without_effect);
        CHECK(without_effect <= 2);
        CHECK(collectives == program.view.schedule.at.slots);
    }
}

}  // namespace

TEST_CASE("GPT-2: a forgotten reduction is caught, whichever it is") {
    forget_each<fsdp_4>();
    forget_each<layouts::sp_4>();
    forget_each<ddp_2_tp_2>();
}
