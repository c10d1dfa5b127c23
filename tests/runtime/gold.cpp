// The main claim: whatever the layout, training gives the numbers of an independent float64 run on one device.

#include <doctest/doctest.h>

#include "../support/bare_program.hpp"
#include "../support/forgotten.hpp"
#include "../support/gold.hpp"

#include <cstdio>

namespace {

gold::reference const& reference() {
    static gold::reference const r = gold::load();
    return r;
}

template <class Layout>
void run(gold::outcome& o, bool poisoned = false) {
    st::run<gold::job<Layout>>([&](st::trainer<gold::job<Layout>>& t) {
        gold::train(t.walk(), reference(), reference().steps(), o, poisoned,
                    [&](st::step_numbers const& n, auto row) { return t.step(n, row); });
    });
}

template <class Layout>
void check() {
    SUBCASE(Layout::name) {
        gold::outcome o;
        run<Layout>(o);
        gold::check_verdict(Layout::name, o, gold::judge(o, reference(), reference().end), Layout::mesh::size, 10, 21);
    }
}

// Four heads cannot be split over eight ranks: this size has no [8] tp, and says so.
using tp_8 = st::mesh<st::tp<8>>;
constexpr st::graph heads_over_8 = st::read_model<gold::size::model>(
    st::policy<tp_8, st::strategy<st::tensor_parallel<st::tp<8>>>>, gold::size::batch, st::dtype::f32);
static_assert(heads_over_8.says.what == st::code::layer_not_divisible);

}  // namespace

TEST_CASE("every layout gives the reference's losses, gradients and weights") {
    check<layouts::one>();
    check<layouts::fsdp_8>();
    check<layouts::ddp_8>();
    check<layouts::tp_4>();
    check<layouts::sp_4>();
    check<layouts::fsdp_2_tp_4>();
    check<layouts::fsdp_2_sp_4>();
    check<layouts::hsdp_2_2_sp_2>();
    check<layouts::zero1_8>();
    check<layouts::zero2_8>();
    check<layouts::zero1_2_sp_4>();
    check<layouts::zero2_4_tp_2>();
    check<layouts::fsdp_4_recompute>();
    check<layouts::ddp_2_zero1_2_fsdp_2>();
    check<layouts::mixed_2_4>();
}

TEST_CASE("no value depends on what the arena held before the step") {
    layouts::for_each<layouts::one, layouts::fsdp_2_sp_4, layouts::hsdp_2_2_sp_2, layouts::mixed_2_4>(
        []<class Layout>() {
            CAPTURE(Layout::name);
            gold::outcome clean, poisoned;
            run<Layout>(clean);
            run<Layout>(poisoned, true);
            for (std::size_t s = 0; s < clean.loss.size(); ++s) CHECK(clean.loss[s] == poisoned.loss[s]);
            CHECK(clean.norm == poisoned.norm);
            CHECK(clean.gradients.values() == poisoned.gradients.values());
            CHECK(clean.weights.values() == poisoned.weights.values());
        });
}

// The comparison is worth something only if it fails when a reduction is missing. So every collective of a schedule is
// forgotten, one after the other, and each time the comparison must say so.

namespace {

gold::verdict two_steps(bare_program& program, gold::outcome& o,
                        std::map<std::string, std::vector<double>> const& end) {
    program.run([&](st::walker& w, auto step) { gold::train(w, reference(), 2, o, false, step); });
    return gold::judge(o, reference(), end);
}

template <class Layout>
void forget_each() {
    SUBCASE(Layout::name) {
        bare_program program = bare_program::of<gold::job<Layout>>();
        auto const whole = program.bound;
        gold::outcome right;
        two_steps(program, right, {});
        auto const end = right.weights.values();  // of two steps: the reference keeps those of ten

        int collectives = 0, caught = 0, by_loss = 0, by_gradient = 0, by_weight = 0, by_ranks = 0;
        for (std::size_t i = 0; i < program.steps.size(); ++i) {
            st::step const& s = program.steps[i];
            if (s.kind != st::step_kind::collective_wait) continue;
            program.bound = whole;
            for (std::size_t j = 0; j < program.steps.size(); ++j)
                if (program.steps[j].slot == s.slot) program.bound[j].run = &forgotten::collective;
            gold::outcome o;
            gold::verdict const v = two_steps(program, o, end);
            ++collectives;
            by_loss += !v.loss_holds();
            by_gradient += !v.gradient_holds();
            by_weight += !v.weight_holds();
            by_ranks += !v.ranks_agree();
            bool const fails = !v.loss_holds() || !v.gradient_holds() || !v.weight_holds();
            caught += fails;
            INFO("step ", i, ", ", forgotten::name_of(s), " of ", s.dim[0], " x ", s.dim[1]);
            INFO("loss ", v.loss.worst, ", gradient ", v.gradient.worst, ", weight ", v.weight.worst);
            CHECK(forgotten::name_of(s) != nullptr);
            CHECK(fails);
        }
        std::printf(
            "%-42s %d of %d forgotten collectives caught; by loss %d, gradients %d, weights %d, "
            "by ranks that disagree %d\n",
            Layout::name, caught, collectives, by_loss, by_gradient, by_weight, by_ranks);
        CHECK(collectives == program.view.schedule.at.slots);

        program.bound = whole;
        gold::outcome o;
        gold::verdict const v = two_steps(program, o, end);
        CHECK((v.loss_holds() && v.gradient_holds() && v.ranks_agree()));
        CHECK(v.weight.worst == 0);
    }
}

}  // namespace

TEST_CASE("a forgotten reduction is caught, whichever it is") {
    forget_each<layouts::fsdp_2_sp_4>();
    forget_each<layouts::ddp_8>();
    forget_each<layouts::tp_4>();
    forget_each<layouts::hsdp_2_2_sp_2>();
}
