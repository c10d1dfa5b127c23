// Uneven parts: what each rank holds, against a plain subdivision; and a model whose vocabulary and width do not divide
// trains under padded FSDP as on one rank, its padding zero all the time.

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "../support/whole_tensors.hpp"

#include <shardtype/runtime.hpp>

namespace {

/// The rows of each rank: what the axes before the last one cut evenly, the last one rounded up.
struct rows {
    long begin = 0, real = 0, room = 0;
};
rows plain(long extent, int parts) { return {0, extent, (extent + parts - 1) / parts}; }
rows part_of(long begin, long extent, int parts, int index) {
    rows r = plain(extent, parts);
    r.begin = begin, r.real = 0;
    for (long i = 0; i < extent; ++i) {  // element by element
        if (i / r.room < index) ++r.begin;
        if (i / r.room == index) ++r.real;
    }
    return r;
}

}  // namespace

TEST_CASE("rows, offsets and runs of padded parts, element by element") {
    long runs = 0;
    for (long extent = 1; extent <= 26; ++extent)
        for (int major : {1, 2, 3})
            for (int minor : {2, 4, 5})
                for (int dim : {0, 1, 2}) {
                    if (extent % major != 0) continue;
                    st::layout x;
                    x.rank = 3, x.axes = 2;
                    for (int d = 0; d < 3; ++d) x.extent[d] = d == dim ? extent : 2 + d;
                    x.axis_size[0] = minor, x.axis_size[1] = major;
                    x = placed(placed(x, 1, st::on_shard(dim)), 0, st::on_padded_shard(dim));
                    REQUIRE(fault_of(x).what == st::code::ok);
                    CHECK((x.padded_axis() == 0) == (extent % (major * minor) != 0));
                    std::vector<int> held(static_cast<std::size_t>(x.count()));
                    for (int m = 0; m < major; ++m)
                        for (int n = 0; n < minor; ++n) {
                            int const at[] = {n, m};
                            rows const want = part_of(m * (extent / major), extent / major, minor, n);
                            CHECK(x.local(dim) == want.room);
                            CHECK(x.real(dim, at) == want.real);
                            CHECK(x.offset(dim, at) == want.begin);
                            std::vector<int> mine(static_cast<std::size_t>(x.local_count()));
                            for_each_run(x, at, [&](long global, long local, long count) {
                                for (long i = 0; i < count; ++i) {
                                    ++held[static_cast<std::size_t>(global + i)];
                                    ++mine[static_cast<std::size_t>(local + i)];
                                    // The same row-major place in the part as in the whole.
                                    long g = global + i, l = local + i;
                                    for (int d = 2; d >= 0; --d) {
                                        CHECK(g % x.extent[d] == l % x.local(d) + x.offset(d, at));
                                        g /= x.extent[d], l /= x.local(d);
                                    }
                                }
                                ++runs;
                            });
                            for (int const times : mine) CHECK(times <= 1);
                        }
                    for (int const times : held) REQUIRE(times == 1);
                }
    MESSAGE(runs, " runs");
}

namespace {

struct record {
    std::vector<double> loss, norm;
    whole_tensors weights;
    long padding = 0, padding_not_zero = 0;
};

/// Elements of the part that no run has.
template <class T>
void look_at_padding(st::layout const& x, int const* coordinate, T const* values, record& r) {
    std::vector<bool> real(static_cast<std::size_t>(x.local_count()));
    st::for_each_run(x, coordinate, [&](long, long local, long count) {
        for (long i = 0; i < count; ++i) real[static_cast<std::size_t>(local + i)] = true;
    });
    for (std::size_t i = 0; i < real.size(); ++i) {
        if (real[i]) continue;
        ++r.padding;
        if (values[i] != 0) ++r.padding_not_zero;
    }
}

template <class Mesh, class... Roles>
struct job {
    using mesh = Mesh;
    using strategy = st::strategy<Roles...>;
    using model =
        st::chain<st::named<"tokens", st::embedding<38, 10>>,
                  st::named<"layers", st::repeat<2, st::residual<st::named<"norm", st::rms_norm>, st::swiglu<14>>>>,
                  st::named<"norm", st::rms_norm>, st::named<"output", st::linear<38>>, st::cross_entropy>;
    using element = double;
    static constexpr st::batch_shape batch{6, 8};
};

template <class Job>
void train(record& r, int steps) {
    std::mutex one_at_a_time;
    st::run<Job>([&](st::trainer<Job>& t) {
        t.initialise(7);
        for (int s = 0; s < steps; ++s) {
            st::step_numbers n;
            n.adamw.lr = 0.05;
            n.adamw.step = s + 1;
            auto const result = t.step(n, [&](long row, int* in, int* out) {
                for (int i = 0; i < 8; ++i) {
                    in[i] = static_cast<int>((row * 31 + i * 7 + s * 3) % 38);
                    out[i] = static_cast<int>((in[i] * 5 + 1) % 38);
                }
            });
            if (t.rank() == 0) r.loss.push_back(result.loss), r.norm.push_back(result.gradient_norm);
        }
        std::lock_guard const lock(one_at_a_time);
        r.weights.template add_weights<double>(t.walk());
        for_each_parameter(t.walk(), [&](int k, int layer, st::parameter_record const& p) {
            look_at_padding(p.stored, t.coordinate(), st::parameter_values<double>(t.walk(), k, layer), r);
            look_at_padding(p.stored, t.coordinate(), st::parameter_gradient<double>(t.walk(), k, layer), r);
        });
    });
}

using alone = job<st::mesh<st::dp_shard<1>>>;

template <class Job>
void compare() {
    record one, many;
    train<alone>(one, 12);
    train<Job>(many, 12);
    REQUIRE(one.loss.size() == 12);
    REQUIRE(many.loss.size() == 12);
    CHECK(one.loss.back() < 0.8 * one.loss.front());
    for (std::size_t i = 0; i < 12; ++i) {
        CHECK(std::abs(many.loss[i] - one.loss[i]) < 1e-11 * one.loss[i]);
        CHECK(std::abs(many.norm[i] - one.norm[i]) < 1e-10 * one.norm[i]);
    }
    auto const apart = many.weights.from(one.weights.values());
    CAPTURE(apart.at);
    CHECK(apart.worst < 1e-9);
    CHECK(many.weights.unequal() == 0);
    CHECK(one.padding == 0);
    CHECK(many.padding > 0);
    CHECK(many.padding_not_zero == 0);
}

}  // namespace

TEST_CASE("a vocabulary and a width that do not divide train as on one rank") {
    using st::dp_replicate, st::dp_shard, st::mesh, st::padded_fsdp, st::tp;
    compare<job<mesh<dp_shard<6>>, padded_fsdp<dp_shard<6>>>>();
    compare<job<mesh<dp_replicate<2>, dp_shard<3>>, st::ddp<dp_replicate<2>>, padded_fsdp<dp_shard<3>>>>();
    compare<job<mesh<dp_shard<3>, tp<2>>, padded_fsdp<dp_shard<3>>, st::sequence_parallel<tp<2>>>>();
}

TEST_CASE("where rows divide, padded FSDP stores what FSDP stores") {
    using st::dp_shard, st::mesh;
    using plain_policy = st::strategy<st::fsdp<dp_shard<4>>>;
    using padded_policy = st::strategy<st::padded_fsdp<dp_shard<4>>>;
    constexpr auto p = st::policy<mesh<dp_shard<4>>, plain_policy>, q = st::policy<mesh<dp_shard<4>>, padded_policy>;
    for (long e = 1; e < 20; ++e) {
        long const extent[] = {e, 3};
        auto const x = p.stored(st::dtype::f32, 2, extent, st::split::rows);
        auto const y = q.stored(st::dtype::f32, 2, extent, st::split::rows);
        CHECK((x == y) == (e % 4 == 0));
        CHECK(fault_of(y).what == st::code::ok);
        CHECK((fault_of(x).what == st::code::ok) == (e % 4 == 0));
    }
}
