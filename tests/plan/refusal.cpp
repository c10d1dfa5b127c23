// What a planner at run time says where it gives no plan: the words of the compiler's errors.
#include <shardtype/plan/pins.hpp>
#include <shardtype/plan/plan_refusal.hpp>
#include <shardtype/plan/unit_fault.hpp>
#include <shardtype/shardtype.hpp>
#include <shardtype/train/explain.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <memory>
#include <string>

namespace st = shardtype;

namespace {

constexpr st::llama_config small_llama{
    .dim = 64, .layers = 16, .heads = 8, .kv_heads = 8, .ffn_dim = 128, .vocabulary = 256};
using model = st::llama<small_llama>;
using unnamed = st::chain<st::embedding<256, 64>, st::rms_norm, st::linear<256>, st::cross_entropy>;
constexpr st::batch_shape rows{.global = 16, .sequence = 64};

st::cluster eight() {
    st::cluster c;
    c.on = st::h100_sxm, c.axes = 1, c.axis_size[0] = 8;
    return c;
}
template <class Model, int Stretches = 4>
struct planned_one {
    using planner_type = st::run_time_planner<Model, 1, st::buffers_only, st::library_operations, Stretches>;
    std::unique_ptr<planner_type> planner = std::make_unique<planner_type>();
    st::model_plan plan{};

    explicit planned_one(st::constraints const& bound) {
        planner->prepare(eight(), bound, rows, st::dtype::f32, st::dtype::f32);
    }
    void pin(char const* layers, st::role r) {
        st::detail::layer_pin p;
        p.layers.append(layers), p.on[0] = r;
        st::detail::add_pin(planner->of, p);
    }
    std::string said() {
        planner->state();
        plan = planner->find();
        CHECK(plan.optimal == (plan.outcome == st::chain_outcome::optimal));
        st::plan_refusal const r = refusal_of(*planner, plan);
        CHECK(bool(r) == (plan.outcome == st::chain_outcome::invalid));
        return st::explain(r);
    }
};
std::string said_of(st::constraints const& bound) { return planned_one<model>(bound).said(); }
std::string trip(int i) { return "layers." + std::to_string(i); }
constexpr char const* no_room = "the planner has no room for this job, or cannot tell its layers apart: ";

}  // namespace

TEST_CASE("bounds that nothing keeps to") {
    CHECK(said_of({}) == "");
    CHECK(said_of({.device_memory = 80'000'000'000}) == "");
    CHECK(said_of({.device_memory = 80'000'000'001}) ==
          "constraints::device_memory of 80000000001 bytes is more than the 80000000000 bytes of h100_sxm [ST-J728]");
    CHECK(
        said_of({.device_memory = -1}) ==
        "constraints::device_memory of -1 bytes is negative; 0: what the hardware leaves, 78926258176 bytes [ST-J728]");
    CHECK(said_of({.parameter_memory = {0.3, 0.3}}) == "");  // no share of a layer: that is no such fault
    CHECK(said_of({.parameter_memory = {0.4, 0.3}}) ==
          "constraints::parameter_memory is from 0.400 to 0.300: low is more than high [ST-J728]");
    CHECK(said_of({.parameter_memory = {0.125, 0}}) == "");
    CHECK(said_of({.parameter_memory = {0.126, 0}}) ==
          "constraints::parameter_memory is from 0.126 to 0.000, one over 8 ranks: low is more than high [ST-J728]");
    CHECK(said_of({.parameter_memory = {-0.1, 1}}) ==
          "constraints::parameter_memory is from -0.100 to 1.000: a share is from 0 to 1 [ST-J728]");
    CHECK(said_of({.parameter_memory = {0, 1.5}}).find("a share is from 0 to 1") != std::string::npos);
    double const nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
    for (double const x : {nan, inf, -inf}) {
        CHECK(said_of({.parameter_memory = {x, 1}}).find("a share is from 0 to 1") != std::string::npos);
        CHECK(said_of({.parameter_memory = {0, x}}).find("a share is from 0 to 1") != std::string::npos);
    }
}

TEST_CASE("roles of axes that the mesh does not have") {
    st::constraints bound;
    bound.on_axis[0] = st::only(st::role::fully_sharded);
    CHECK(said_of(bound) == "");
    bound.on_axis[2] = st::only(st::role::fully_sharded);
    CHECK(said_of(bound) == "constraints::on_axis[2] would have no effect: the mesh has 1 axis [ST-J728]");
    st::plan_refusal const two = st::detail::refused_bounds(bound, st::h100_sxm, 4, 2);
    CHECK(st::explain(two) == "constraints::on_axis[2] would have no effect: the mesh has 2 axes [ST-J728]");
    st::plan_refusal const none = st::detail::refused_bounds(bound, st::h100_sxm, 1, 0);
    CHECK(st::explain(none) == "constraints::on_axis[0] would have no effect: the mesh has 0 axes [ST-J728]");
}

TEST_CASE("numbers that nothing can be reckoned with") {
    auto const said = [](st::cluster const& on, st::batch_shape const& batch) {
        planned_one<model> one({});
        one.planner->prepare(on, {}, batch, st::dtype::f32, st::dtype::f32);
        return one.said();
    };
    auto const of_batch = [&](long rows_, long tokens, int parts) {
        return said(eight(), {.global = rows_, .sequence = tokens, .micro_batches = parts});
    };
    CHECK(of_batch(16, 64, 1) == "");
    CHECK(of_batch(0, 64, 1) == "batch_shape::global is 0: it must be at least 1 [ST-J726]");
    CHECK(of_batch(-16, 64, 1) == "batch_shape::global is -16: it must be at least 1 [ST-J726]");
    CHECK(of_batch(16, 0, 1) == "batch_shape::sequence is 0: it must be at least 1 [ST-J726]");
    CHECK(of_batch(16, 64, 0) == "batch_shape::micro_batches is 0: it must be at least 1 [ST-J726]");
    CHECK(of_batch(16, 64, -2) == "batch_shape::micro_batches is -2: it must be at least 1 [ST-J726]");
    CHECK(of_batch(16, 64, 3) == "batch_shape::micro_batches is 3: it must be a divisor of `global` [ST-J726]");
    constexpr long most = 1L << 40, all = std::numeric_limits<long>::max();
    CHECK(fault_of(st::batch_shape{most / 64, 64, 1}) == st::batch_fault::none);
    CHECK(fault_of(st::batch_shape{1, most, 1}) == st::batch_fault::none);
    CHECK(of_batch(most / 64 + 1, 64, 1) ==
          "batch_shape::global is 17179869185: it must be at most 2^40 over `sequence` [ST-J726]");
    CHECK(of_batch(all, all - 1, 1).find("batch_shape::sequence is 9223372036854775806: it must be at most") == 0);
    CHECK(of_batch(all, 1, 1).find("batch_shape::global is 9223372036854775807: it must be at most") == 0);

    auto const of_mesh = [&](int axes, int size) {
        st::cluster c = eight();
        c.axes = axes, c.axis_size[0] = size;
        return said(c, rows);
    };
    for (int const size : {0, -8})
        CHECK(of_mesh(1, size) == "cluster::axis_size is " + std::to_string(size) +
                                      ": each must be at least 1, and their product less than 2^31 [ST-J726]");
    CHECK(of_mesh(2, 8) == "cluster::axes is 2: it must be from 0 to 1 [ST-J726]");
    CHECK(of_mesh(-1, 8) == "cluster::axes is -1: it must be from 0 to 1 [ST-J726]");

    auto const of_device = [&](auto change) {
        st::cluster c = eight();
        change(c.on);
        return said(c, rows);
    };
    using device = st::hardware;
    CHECK(of_device([](device& h) { h.memory = 0; }) == "hardware::memory is 0: it must be above 0 [ST-J726]");
    CHECK(of_device([](device& h) { h.reserved = -1; }) == "hardware::reserved is -1: it must be at least 0 [ST-J726]");
    CHECK(of_device([](device& h) { h.reserved = h.memory; }) ==
          "hardware::reserved is 80000000000: it must be less than `memory` [ST-J726]");
    CHECK(of_device([](device& h) { h.bf16_flops = 0; }) == "hardware::bf16_flops is 0: it must be above 0 [ST-J726]");
    CHECK(of_device([](device& h) { h.memory_bandwidth = -5; }) ==
          "hardware::memory_bandwidth is -5: it must be above 0 [ST-J726]");
    CHECK(of_device([](device& h) { h.link_bandwidth = 0; }) ==
          "hardware::link_bandwidth is 0: it must be above 0 [ST-J726]");
    CHECK(of_device([](device& h) { h.network_bandwidth = 0; }) == "");
    CHECK(of_device([](device& h) { h.network_bandwidth = -1; }) ==
          "hardware::network_bandwidth is -1: it must be at least 0 [ST-J726]");
    CHECK(of_device([](device& h) { h.f32_flops = 0; }) == "");
    CHECK(of_device([](device& h) { h.f32_flops = -1; }) ==
          "hardware::f32_flops is -1: it must be at least 0 [ST-J726]");
    CHECK(of_device([](device& h) { h.devices_per_node = 0; }) ==
          "hardware::devices_per_node is 0: it must be at least 1 [ST-J726]");
    CHECK(of_device([](device& h) { h.launch = 0; }) == "");
    CHECK(of_device([](device& h) { h.launch = 1'000'000'000; }) == "");
    for (long const ns : {-1L, 1'000'000'001L, std::numeric_limits<long>::max()})
        CHECK(of_device([&](device& h) { h.launch = ns; }) ==
              "hardware::launch is " + std::to_string(ns) + ": it must be from 0 to 1000000000 [ST-J726]");
    for (int const share : {0, 1001}) {
        std::string const is = " is " + std::to_string(share) + ": it must be from 1 to 1000 [ST-J726]";
        CHECK(of_device([&](device& h) { h.matmul_efficiency = share; }) == "hardware::matmul_efficiency" + is);
        CHECK(of_device([&](device& h) { h.memory_efficiency = share; }) == "hardware::memory_efficiency" + is);
    }
    CHECK(of_device([](device& h) { h.measured = nullptr; }) ==
          "hardware::measured is nullptr: it must be the address of an object [ST-J726]");
}

TEST_CASE("what was measured of devices has a price, each of it") {
    auto const said = [](auto change) {
        st::measured_rates rates = st::h100_rates;
        change(rates);
        st::hardware h = st::h100_sxm;
        h.measured = &rates;
        planned_one<model> one({});
        st::cluster c = eight();
        c.on = h;
        one.planner->prepare(c, {}, rows, st::dtype::f32, st::dtype::f32);
        std::string const words = one.said();
        h.network_bandwidth = 0;
        bool const alone = fault_of(h) == st::hardware_fault::none;  // one machine needs none of a network's
        return words + (alone && !words.empty() ? " or no network" : "");
    };
    using rates = st::measured_rates;
    auto const must = [](char const* member, long is, char const* be) {
        return std::string(member) + " is " + std::to_string(is) + ": it must be " + be + " [ST-J726]";
    };
    CHECK(said([](rates&) {}) == "");
    for (int const share : {0, -5}) {
        CHECK(said([&](rates& r) { r.attention.forward = share; }) ==
              must("attention_rate::forward", share, "above 0"));
        CHECK(said([&](rates& r) { r.attention.backward = share; }) ==
              must("attention_rate::backward", share, "above 0"));
        CHECK(said([&](rates& r) { r.network_efficiency = share; }) ==
              must("measured_rates::network_efficiency", share, "from 1 to 1000"));
        CHECK(said([&](rates& r) {
                  r.kernels[0] = {st::id_of<st::kernels::add>, 800}, r.kernels[1] = {7, share};
              }) == must("kernel_share::per_mille", share, "above 0"));
    }
    CHECK(said([](rates& r) { r.kernels[1].per_mille = -1; }) == "");  // behind the last entry
    CHECK(said([](rates& r) { r.attention.forward_half = -1; }) ==
          must("attention_rate::forward_half", -1, "at least 0"));
    CHECK(said([](rates& r) { r.attention.backward_half = -1; }) ==
          must("attention_rate::backward_half", -1, "at least 0"));
    CHECK(said([](rates& r) { r.product_memory = -1; }) == must("measured_rates::product_memory", -1, "at least 0"));

    CHECK(said([](rates& r) { r.small_in_node = 0; }) ==
          must("measured_rates::small_in_node", 0, "above 0 beside `small_ring`"));
    CHECK(said([](rates& r) { r.small_between_nodes = 0; }) ==
          must("measured_rates::small_between_nodes", 0, "above 0 beside `small_ring`") + " or no network");
    CHECK(said([](rates& r) { r.small_ring = {}, r.small_in_node = r.small_between_nodes = 0; }) == "");

    char const *const rows_of = "bandwidths above 0, or 0 in the first row", *const ns =
                                                                                 "latencies from 0 to 1000000000";
    CHECK(said([](rates& r) { r.in_node = {}; }) == "");
    CHECK(said([](rates& r) { r.in_node.gather[1].bandwidth = 0; }) == must("collective_table::gather", 0, rows_of));
    CHECK(said([](rates& r) { r.in_node.reduce[2].bandwidth = 0; }) == must("collective_table::reduce", 0, rows_of));
    CHECK(said([](rates& r) { r.in_node.exchange[0].bandwidth = -1; }) ==
          must("collective_table::exchange", -1, rows_of));
    CHECK(said([](rates& r) { r.in_node.gather[0].bandwidth = 0; }) == "");  // a ring over the links
    CHECK(said([](rates& r) { r.in_node.gather[2].latency = -1; }) == must("collective_table::gather", -1, ns));
    CHECK(said([](rates& r) { r.ring.network = 2'000'000'000; }) == must("measured_rates::ring", 2'000'000'000, ns));
    CHECK(said([](rates& r) { r.small_ring.link = -1; }) == must("measured_rates::small_ring", -1, ns));
    CHECK(said([](rates& r) { r.tree.base = -1; }) == must("measured_rates::tree", -1, ns));
    for (st::hardware const& h : {st::a100_80gb, st::h100_sxm, st::h200_sxm, st::b200_sxm})
        CHECK(fault_of(h) == st::hardware_fault::none);
    CHECK(st::detail::fault_of_measured(st::not_measured, true).of == st::measured_member::none);
    CHECK(st::detail::fault_of_measured(st::h100_flash_attention_2_rates, true).of == st::measured_member::none);
}

TEST_CASE("sums of times that a number does not hold are refused") {
    auto const said = [](auto change, st::batch_shape const& batch) {
        planned_one<model> one({});
        st::cluster c = eight();
        change(c.on);
        one.planner->prepare(c, {}, batch, st::dtype::f32, st::dtype::f32);
        return one.said();
    };
    std::string const sums = std::string(no_room) + "sum_of_times is 57; write fewer_layers [ST-J725]";
    CHECK(said([](st::hardware& h) { h.bf16_flops = h.f32_flops = h.memory_bandwidth = 1; }, rows) == sums);
    CHECK(said([](st::hardware& h) { h.bf16_flops = h.f32_flops = 1; },
               {.global = 1 << 20, .sequence = 1024, .micro_batches = 1 << 17}) == sums);
}

TEST_CASE("a layer's ways that there was no room for are not taken for none") {
    planned_one<model> one({});
    for (int i = 0; i < 12; ++i) one.pin("output", st::role::fully_sharded);
    st::detail::planned_case const& of = one.planner->of;
    int const last = of.units.count - 1;
    auto const fault = [&](int masks, unsigned also) {  // of that many sets of six of the pins, and one more
        st::detail::class_ways all;
        for (st::detail::ways_left& left : all.unit) left.legal = left.allowed = left.shared = true;
        for (st::detail::ways_left& left : all.unit) left.add(0U);
        for (unsigned m = 0, n = 0; m < 1U << 12 && n < static_cast<unsigned>(masks); ++m)
            if (__builtin_popcount(m) == 6) all.unit[last].add(m), ++n;
        all.unit[last].add(also);
        unsigned others = 0;
        int unit = 0;
        return fault_of_units(of, all, others, unit);
    };
    unsigned const every = of.all_pins(), odd = 0b101010101010;
    CHECK(fault(12, every).what == st::code::ok);
    CHECK(fault(40, every).what == st::code::ok);  // what keeps to all of them takes the place of the others
    CHECK(fault(12, odd).what == st::code::plan_pinned);
    CHECK(fault(24, odd).what == st::code::plan_room);
    CHECK(fault(24, odd).room == st::plan_room::masks);
}

TEST_CASE("pins that pin nothing") {
    auto const said = [](char const* layers) {
        planned_one<model> one({});
        one.pin(layers, st::role::fully_sharded);
        return one.said();
    };
    CHECK(said("") == "");  // all layers
    CHECK(said("layers.*.attention") == "");
    CHECK(
        said("layers.*.atention") ==
        "a strategy is pinned to layers.*.atention, which the model does not have; write layers.*.attention [ST-J723]");
    CHECK(said("layers.14-15") == "");
    CHECK(said("layers.14-16").find("a strategy is pinned to layers.14-16, which the model does not have") == 0);
    CHECK(said("nothing").find("a strategy is pinned to nothing, which the model does not have") == 0);
    auto const recomputed = [](char const* layers, bool again) {
        planned_one<model> one({});
        st::detail::layer_pin p;
        p.layers.append(layers), p.decides = true, p.recomputes = again;
        st::detail::add_pin(one.planner->of, p);
        return one.said();
    };
    CHECK(recomputed("layers.*", true) == "");
    CHECK(recomputed("layers.0-7", false) == "");
    CHECK(recomputed("layers.*.attention", true) ==
          "whether layers are recomputed is pinned to layers.*.attention, which is no whole block; write layers.* "
          "[ST-J722]");
    CHECK(recomputed("output", true).find("[ST-J722]") != std::string::npos);
    CHECK(recomputed("output", false) == "");
}

TEST_CASE("rooms") {
    planned_one<model> pins({});
    for (int i = 0; i < 12; ++i) pins.pin("output", st::role::fully_sharded);
    CHECK(pins.said() == "");
    CHECK(pins.plan.optimal);
    pins.pin("output", st::role::fully_sharded);
    CHECK(pins.said() == std::string(no_room) + "max_pins is 12; write fewer_pins [ST-J725]");
    planned_one<unnamed> first({});
    CHECK(first.said() == std::string(no_room) + "write name_first_layer [ST-J725]");
    planned_one<st::chain<>> empty({});
    CHECK(empty.said() == std::string(no_room) + "write named_layers [ST-J725]");
    planned_one<model> stretches({});
    for (int i = 0; i < 4; ++i) stretches.pin(trip(2 * i).c_str(), st::role::fully_sharded);
    CHECK(stretches.said() == std::string(no_room) + "Stretches is 4; write fewer_pins [ST-J725]");
    // Every second trip otherwise, with plain names: more exceptions than a strategy holds.
    planned_one<model, 24> exceptions({});
    for (int i = 0; i < 12; ++i)
        exceptions.pin((trip(i) + (i % 2 == 0 ? ".attention" : ".feed_forward")).c_str(),
                       i % 2 == 0 ? st::role::data_parallel : st::role::sequence_parallel);
    CHECK(exceptions.said() == std::string(no_room) + "max_exceptions is 12; write fewer_roles [ST-J725]");
}

TEST_CASE("the best mesh") {
    using planner_type = st::run_time_mesh_planner<model>;
    auto const planner = std::make_unique<planner_type>();
    auto const said_on = [&](int world, st::hardware const& on, st::constraints const& bound,
                             st::batch_shape const& batch) {
        st::mesh_choice const found = planner->find(world, on, bound, batch, st::dtype::f32, st::dtype::f32);
        st::plan_refusal const r = refusal_of(*planner, found);
        CHECK(bool(r) == (found.plan.outcome == st::chain_outcome::invalid));
        return st::explain(r);
    };
    auto const said = [&](int world, st::constraints const& bound) {
        return said_on(world, st::h100_sxm, bound, rows);
    };
    CHECK(said(8, {}) == "");
    for (int const world : {0, -4})
        CHECK(said(world, {}) == "world_size is " + std::to_string(world) + ": it must be at least 1 [ST-J726]");
    CHECK(said_on(8, st::h100_sxm, {}, {.global = 16, .sequence = 64, .micro_batches = 0}) ==
          "batch_shape::micro_batches is 0: it must be at least 1 [ST-J726]");
    CHECK(said_on(8, st::h100_sxm, {}, {.global = -16, .sequence = 64}) ==
          "batch_shape::global is -16: it must be at least 1 [ST-J726]");
    st::hardware no_nodes = st::h100_sxm;
    no_nodes.devices_per_node = 0;
    CHECK(said_on(8, no_nodes, {}, rows) == "hardware::devices_per_node is 0: it must be at least 1 [ST-J726]");
    CHECK(said(8, {.device_memory = -1}).find("constraints::device_memory of -1 bytes is negative") == 0);
    CHECK(said(8, {.parameter_memory = {0.126, 0}}).find("one over 8 ranks: low is more than high") !=
          std::string::npos);
    auto const empty = std::make_unique<st::run_time_mesh_planner<st::chain<>>>();
    st::mesh_choice const none = empty->find(8, st::h100_sxm, {}, rows, st::dtype::f32, st::dtype::f32);
    CHECK(none.plan.outcome == st::chain_outcome::invalid);
    CHECK(st::explain(refusal_of(*empty, none)) == std::string(no_room) + "write named_layers [ST-J725]");
    CHECK(said(8, {.on_axis = {st::usual_roles}}) ==
          "constraints::on_axis would have no effect: the axes of the best mesh are not known [ST-J729]");
    CHECK(said(8, {}) == "");
}

TEST_CASE("a job that the rules refuse however it lies has no path: that is not for want of room") {
    auto const outcome = [](st::batch_shape const& batch, st::role_set roles) {
        planned_one<model> one({.roles = roles});
        one.planner->prepare(eight(), {.roles = roles}, batch, st::dtype::f32, st::dtype::f32);
        CHECK(one.said() == "");
        return one.plan.outcome;
    };
    CHECK(outcome({.global = 17, .sequence = 64}, st::only(st::role::data_parallel)) == st::chain_outcome::no_path);
    CHECK(outcome({.global = 16, .sequence = 31}, st::only(st::role::sequence_parallel)) == st::chain_outcome::no_path);
    CHECK(outcome({.global = 16, .sequence = 64}, st::role_set{}) == st::chain_outcome::no_path);
    CHECK(outcome({.global = 16, .sequence = 64}, st::usual_roles) == st::chain_outcome::optimal);
}

TEST_CASE("the kinds of layers of a chain are all its layers, wherever its repeat is and its pins are") {
    using block = st::residual<st::named<"attention", st::chain<st::rms_norm, st::attention<8, 8>>>>;
    using first = st::named<"tok_embeddings", st::embedding<256, 64>>;
    using trips = st::named<"layers", st::repeat<4, block>>;
    using last = st::named<"output", st::chain<st::rms_norm, st::linear<256>>>;
    auto const check = [](auto one, int wanted) {
        one.pin("layers.1", st::role::data_parallel);
        auto const& of = one.planner->of;
        int layers = 0;
        for (int k = 0, trip = 0; k < st::detail::kinds_of(of); ++k) {
            st::detail::layer_kind const kind = st::detail::kind_at(of, k);
            layers += kind.count;
            if (kind.is_block) CHECK(kind.first_trip == trip);
            if (kind.is_block) trip += kind.count;
        }
        CHECK(layers == wanted);
    };
    check(planned_one<st::chain<first, trips>>({}), 5);
    check(planned_one<st::chain<first, trips, last, st::cross_entropy>>({}), 6);
}
