// Views: redistributions between two layouts on 2 x 3 ranks, forward and backward, on numbers; the single
// collectives, their room, what a debug check of the caller's word finds, and the escape hatches.

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <stdexcept>

#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

#include "../rules/simulator.hpp"
#include "../support/allocations.hpp"

namespace {

namespace st = shardtype;
using simulator::array;
using simulator::locals;
using st::layout;
using ranks_of_mesh = st::thread::rank_communicators;

struct dp final : st::axis<2> {};
struct tp final : st::axis<3> {};
using grid = st::mesh<dp, tp>;
template <class... P>
using matrix = st::tensor<double, st::shape<12, 6>, grid, P...>;

constexpr double guard = 12345;

/// Memory of exactly `count` elements, with a guard behind them.
struct memory {
    std::vector<double> all;
    explicit memory(long count) : all(static_cast<std::size_t>(count) + 1, guard) {}
    explicit memory(array const& x) : all(x.v) { all.push_back(guard); }
    std::span<double> span() { return {all.data(), all.size() - 1}; }
    bool intact() const { return all.back() == guard; }
};

/// A rank's memory as an array with the local shape of the layout.
array as_array(std::span<double const> values, layout const& x) {
    long extent[st::max_rank]{};
    for (int d = 0; d < x.rank; ++d) extent[d] = x.local(d);
    array out = simulator::zeros(x.rank, extent);
    for (std::size_t i = 0; i < out.v.size(); ++i) out.v[i] = values[i];
    return out;
}
array whole_matrix(simulator::random_source& source) {
    long const extent[] = {12, 6};
    return simulator::random_like(simulator::zeros(2, extent), source);
}

/// Runs f(ranks, this rank's part) on every rank and puts the views it returns together.
template <class From, class F>
locals run(array const& x, simulator::random_source& source, F f) {
    auto const parts = simulator::scatter(x, From::value, source);
    locals out(parts.size());
    st::thread::world(grid{}).run([&](ranks_of_mesh const& ranks) {
        auto const r = static_cast<std::size_t>(ranks.rank);
        memory mine(parts[r]);
        auto const y = f(ranks, mine);
        out[r] = as_array(y.span(), decltype(y)::tensor_type::value);
    });
    return out;
}

/// A communicator by its concept alone, not inlined: the pairs are many.
class far_communicator {
  public:
    explicit far_communicator(st::thread::communicator const& near) : near_(near) {}
    int rank() const { return near_.rank(); }
    int size() const { return near_.size(); }
    void barrier() const { near_.barrier(); }
#define FORWARD(name)                                                                \
    template <class T, class... Shape>                                               \
    [[gnu::noinline]] void name(T const* source, T* target, Shape... shape) const {  \
        near_.name(source, target, shape...);                                        \
    }                                                                                \
    template <class T, class... Shape>                                               \
    void name##_start(int slot, T const* source, T* target, Shape... shape) const {  \
        near_.name##_start(slot, source, target, shape...);                          \
    }                                                                                \
    template <class T, class... Shape>                                               \
    void name##_wait(int slot, T const* source, T* target, Shape... shape) const {   \
        near_.name##_wait(slot, source, target, shape...);                           \
    }                                                                                \
    template <class T, class... Shape>                                               \
    void name##_finish(int slot, T const* source, T* target, Shape... shape) const { \
        near_.name##_finish(slot, source, target, shape...);                         \
    }
    FORWARD(all_reduce)
    FORWARD(all_gather)
    FORWARD(reduce_scatter)
    FORWARD(all_to_all)
#undef FORWARD
    void broadcast(float*, long, int) const {}
    void broadcast_start(int, float*, long, int) const {}
    void broadcast_wait(int, float*, long, int) const {}
    void broadcast_finish(int, float*, long, int) const {}

  private:
    st::thread::communicator const& near_;
};
struct far_communicators {
    far_communicator on[2];
};
static_assert(st::communicator<far_communicator> && st::mesh_communicators<far_communicators>);
static_assert(!st::mesh_communicators<far_communicator>);

// ---- all layouts of the matrix, as types ----
struct layouts {
    layout at[64]{};
    int count = 0;
    constexpr layouts() {
        st::placement const one[] = {st::on_invariant, st::on_replicate, st::on_partial, st::on_shard(0),
                                     st::on_shard(1)};
        for (auto const& a : one)
            for (auto const& b : one) {
                layout x = matrix<>::value;
                x.on[0] = a, x.on[1] = b;
                bool const twice = a.is == st::kind::shard && a == b;
                if (twice) x.on[1].order = 1;
                if (st::fault_of(x).what == st::code::ok) at[count++] = x;
                if (!twice) continue;
                x.on[0].order = 1, x.on[1].order = 0;
                if (st::fault_of(x).what == st::code::ok) at[count++] = x;
            }
    }
};
constexpr layouts all{};
template <int I>
struct layout_number {
    static constexpr layout value = all.at[I];
};
template <int I>
using matrix_number = st::tensor_of<double, grid, layout_number<I>>;

int within_count = 0;

/// One rank's memory for a pair of layouts: what it gives, and where it wants the results.
struct work {
    memory x, dz, z, dx, between, back;
    double const *within = nullptr, *back_within = nullptr;  // where the forms in place leave their results
};

/// What is tried of a pair of layouts; `run` is all that is compiled for each.
struct pair {
    layout from, to;
    long scratch, back_scratch;
    void (*run)(far_communicators const&, work&);
};

/// What the forms with a destination left behind; no template, as everything that may be compiled once.
struct operands_before {
    memory x, dz;
    explicit operands_before(work const& w) : x(w.x), dz(w.dz) { allocations::now = allocations::watching::us; }
    void check(work const& w, double const* z, double const* dx) const {
        allocations::now = allocations::watching::nothing;
        if (w.x.all != x.all || w.dz.all != dz.all) throw std::runtime_error("an operand has changed");
        if (z != w.z.all.data() || dx != w.dx.all.data()) throw std::runtime_error("not the destination");
    }
};

template <class From, class To>
void run_pair(far_communicators const& ranks, work& w) {
    using gradient = st::gradient_t<To>;
    auto const x = st::view<From>(static_cast<double const*>(w.x.all.data()), ranks);
    auto const dz = st::view<gradient>(static_cast<double const*>(w.dz.all.data()), ranks);
    operands_before const before(w);
    auto const z = st::redistribute_to<To>(x, w.z.span(), w.between.span());
    auto const dx = st::redistribute_backward<From, To>(dz, w.dx.span(), w.back.span());
    before.check(w, z.data(), dx.data());
    static_assert(st::same<typename decltype(z)::tensor_type, To>);
    static_assert(st::same<typename decltype(dx)::tensor_type, st::gradient_t<From>>);
    if constexpr (st::detail::forward_hops<From, To>::value.in_place)
        w.within = st::redistribute_to<To>(st::view<From>(w.x.span(), ranks)).data();
    if constexpr (st::detail::backward_hops<From, To>::value.in_place)
        w.back_within = st::redistribute_backward<From, To>(st::view<gradient>(w.dz.span(), ranks)).data();
}

template <int From, int To>
constexpr pair pair_of() {
    using from = matrix_number<From>;
    using to = matrix_number<To>;
    return {from::value, to::value, st::redistribution_scratch<from, to>, st::redistribution_backward_scratch<from, to>,
            &run_pair<from, to>};
}
// Every third pair: with 27 layouts each row and column of the table has nine, and each is compiled (rules/ has all pairs
// as values).
template <int From, int To>
void add_pair(std::vector<pair>& out) {
    if constexpr ((From + To) % 3 == 0) out.push_back(pair_of<From, To>());
}
template <int From, int... To>
void add_row(std::vector<pair>& out, st::int_list<To...>) {
    (add_pair<From, To>(out), ...);
}
template <int... From>
std::vector<pair> all_pairs(st::int_list<From...>) {
    std::vector<pair> out;
    (add_row<From>(out, st::detail::make_ints<all.count>{}), ...);
    return out;
}

void try_pair(pair const& p, simulator::random_source& source) {
    array const x = whole_matrix(source), dz = whole_matrix(source);
    auto const parts = simulator::scatter(x, p.from, source);
    auto const gradients = simulator::scatter(dz, dual(p.to), source);
    locals forward(6), within(6), backward(6), back_within(6);
    bool in_place = false, back_in_place = false;
    auto const name = simulator::text(p.from) + " to " + simulator::text(p.to);
    st::thread::world(grid{}).run([&](ranks_of_mesh const& ranks) {
        auto const r = static_cast<std::size_t>(ranks.rank);
        work w{memory(parts[r]),  memory(gradients[r]),  memory(p.to.local_count()), memory(p.from.local_count()),
               memory(p.scratch), memory(p.back_scratch)};
        allocations::ours = 0;
        far_communicators const far{{far_communicator(ranks.on[0]), far_communicator(ranks.on[1])}};
        p.run(far, w);
        if (allocations::ours != 0) throw std::runtime_error(name + " allocates");
        for (memory const* m : {&w.x, &w.dz, &w.z, &w.dx, &w.between, &w.back})
            if (m->all.back() != guard) throw std::runtime_error(name + " writes past its memory");
        forward[r] = as_array(w.z.span(), p.to);
        backward[r] = as_array(w.dx.span(), dual(p.from));
        if (w.within != nullptr) within[r] = as_array({w.within, w.z.span().size()}, p.to);
        if (w.back_within != nullptr) back_within[r] = as_array({w.back_within, w.dx.span().size()}, dual(p.from));
        if (r == 0) in_place = w.within != nullptr, back_in_place = w.back_within != nullptr;
    });
    CHECK_MESSAGE(simulator::assembles(forward, p.to, x), name);
    CHECK_MESSAGE(simulator::assembles(backward, dual(p.from), dz), name << ", backward");
    if (in_place) CHECK_MESSAGE(simulator::assembles(within, p.to, x), name << ", in place");
    if (back_in_place) CHECK_MESSAGE(simulator::assembles(back_within, dual(p.from), dz), name << ", back in place");
    within_count += in_place ? 1 : 0;
}

/// The message of what f throws, or "".
template <class F>
std::string message(F f) {
    try {
        f();
    } catch (std::exception const& error) {
        return error.what();
    }
    return "";
}
std::string message_of_rank(void (*f)(ranks_of_mesh const&)) {
    return message([&] { st::thread::world(grid{}).run([&](ranks_of_mesh const& ranks) { f(ranks); }); });
}

}  // namespace

TEST_CASE("every third redistribution between two layouts on 2 x 3, forward and backward") {
    simulator::random_source source(1);
    auto const pairs = all_pairs(st::detail::make_ints<all.count>{});
    int several = 0;
    for (pair const& p : pairs) {
        try_pair(p, source);
        several += p.scratch > 0 ? 1 : 0;
    }
    std::printf("redistributions of views on 2 x 3: %d pairs, %d with scratch, %d within the view's memory\n",
                static_cast<int>(pairs.size()), several, within_count);
    CHECK(pairs.size() == 27 * 9);
    CHECK(several > 0);
    CHECK(within_count > 9);
}

TEST_CASE("an all_reduce is in place; a view of the same memory has the new type") {
    simulator::random_source source(2);
    array const x = whole_matrix(source);
    auto const out = run<matrix<st::partial<tp>>>(x, source, [](ranks_of_mesh const& ranks, memory& mine) {
        auto y = st::view<matrix<st::partial<tp>>>(mine.span(), ranks);
        auto const z = st::all_reduce<tp, st::to_invariant>(std::move(y));
        static_assert(st::same<decltype(z)::tensor_type, matrix<>>);
        if (z.data() != mine.all.data()) throw std::runtime_error("another address");
        auto const used = st::redistribute<st::replicate<tp>>(z);  // nothing moves
        if (used.data() != z.data()) throw std::runtime_error("something moved");
        return used;
    });
    CHECK(simulator::assembles(out, matrix<st::replicate<tp>>::value, x));
}

TEST_CASE("the collectives by name, to destinations") {
    simulator::random_source source(3);
    array const x = whole_matrix(source);
    using summands = matrix<st::shard<0, dp>, st::partial<tp>>;
    auto const out = run<summands>(x, source, [](ranks_of_mesh const& ranks, memory& mine) {
        static thread_local double rows[12], columns[12], whole[36], sum[36];
        auto const y = st::view<summands>(mine.all.data(), ranks);
        auto const scattered = st::reduce_scatter<tp, 0>(y, rows);
        auto const turned = st::all_to_all<tp, 1>(scattered, columns);
        static_assert(decltype(turned)::tensor_type::value == matrix<st::shard<0, dp>, st::shard<1, tp>>::value);
        auto const gathered = st::all_gather<tp, st::to_invariant>(turned, std::span<double>(whole));
        auto const summed = st::all_reduce<tp, st::to_invariant>(y, sum);
        for (int i = 0; i < 36; ++i)
            if (!simulator::close(sum[i], whole[i])) throw std::runtime_error("the two ways differ");
        static_assert(st::same<decltype(gathered)::tensor_type, decltype(summed)::tensor_type>);
        return gathered;
    });
    CHECK(simulator::assembles(out, matrix<st::shard<0, dp>>::value, x));
}

// What the views refuse without a number, and what they take.
using row = st::tensor<double, st::shape<3>, st::mesh<tp>, st::shard<0, tp>>;
template <class Data>
concept viewed = requires(Data&& data, st::thread::communicator const& ranks) {
    st::view<row>(static_cast<Data&&>(data), ranks);
};
static_assert(viewed<double*> && viewed<double const*> && viewed<double (&)[3]> && viewed<std::vector<double>&>);
static_assert(viewed<std::span<double>> && viewed<std::span<double const, 3>> && viewed<std::vector<double> const&>);
static_assert(!viewed<std::vector<double>> && !viewed<std::vector<double> const> && !viewed<std::array<double, 3>>);
static_assert(!viewed<double (&&)[3]>);
using row_view = st::tensor_view<row, st::thread::communicator>;
static_assert(std::is_trivially_copyable_v<row_view>);
static_assert(!std::is_constructible_v<row_view, double*, st::thread::communicator const&>);
static_assert(!std::is_constructible_v<
              st::tensor_view<st::tensor<double, st::shape<3>, st::mesh<tp>>, st::thread::communicator>, row_view>);

TEST_CASE("in place: what is kept is read only where a part of it is seen, what is given up is written") {
    simulator::random_source source(6);
    array const x = whole_matrix(source);
    auto const out = run<matrix<>>(x, source, [](ranks_of_mesh const& ranks, memory& mine) {
        auto whole = st::view<matrix<>>(mine.span(), ranks);
        auto const kept = st::redistribute<st::shard<0, dp>>(whole);
        static_assert(st::same<decltype(kept.data()), double const*>);
        auto const used = st::redistribute<st::replicate<tp>>(whole);
        static_assert(st::same<decltype(used.data()), double*>);
        auto const given = st::redistribute<st::shard<0, dp>>(std::move(whole));
        static_assert(st::same<decltype(given.data()), double*>);
        if (kept.data() != given.data()) throw std::runtime_error("another part");
        return given;
    });
    CHECK(simulator::assembles(out, matrix<st::shard<0, dp>>::value, x));
    st::thread::world({2, 3}, 1).run([](ranks_of_mesh const& ranks) {
        double mine[72], sum[72];
        for (int i = 0; i < 72; ++i) mine[i] = i + ranks.coordinate[1];
        auto summands = st::view<matrix<st::partial<tp>>>(mine, ranks);
        (void)st::all_reduce<tp, st::to_invariant>(summands, sum);
        auto pending = st::all_reduce_start<tp, st::to_invariant>(std::move(summands));
        auto const z = pending.wait();
        if (z.data() != mine) throw std::runtime_error("another place");
        for (int i = 0; i < 72; ++i)
            if (mine[i] != 3 * i + 3 || sum[i] != mine[i]) throw std::runtime_error("not the sum");
    });
    CHECK(message_of_rank([](ranks_of_mesh const& ranks) {
              std::vector<double> y(72);
              auto const summands = st::view<matrix<st::partial<tp>>>(y, ranks);
              (void)st::all_reduce<tp, st::to_invariant>(summands, y);  // in place, and kept
          }).find("all_reduce: the view and the destination overlap") != std::string::npos);
}

TEST_CASE("start and wait: several at once, each in its slot") {
    simulator::random_source source(4);
    array const x = whole_matrix(source);
    using part = matrix<st::shard<0, dp>, st::shard<1, tp>>;
    auto const parts = simulator::scatter(x, part::value, source);
    locals out(6);
    st::thread::world({2, 3}, 2).run([&](ranks_of_mesh const& ranks) {
        auto const r = static_cast<std::size_t>(ranks.rank);
        memory mine(parts[r]), rows(36), columns(24), sum(12);
        auto const y = st::view<part>(mine.span(), ranks);
        auto over_tp = st::all_gather_start<tp, st::to_replicate>(y, rows.span(), 0);
        auto over_dp = st::all_gather_start<dp, st::to_replicate>(y, columns.span(), 1);
        auto const b = over_dp.wait();
        auto const a = over_tp.wait();
        static_assert(decltype(b)::local_shape == st::shape<12, 2>{});
        auto const summands =
            st::unchecked::assume<matrix<st::shard<0, dp>, st::partial<tp>>>(a);  // the sum is 3 times the rows
        auto over_tp_again = st::reduce_scatter_start<tp, 1>(summands, sum.span());
        auto const c = over_tp_again.wait();
        for (int i = 0; i < 12; ++i)
            if (!simulator::close(c.data()[i], 3 * y.data()[i])) throw std::runtime_error("not three times");
        out[r] = as_array(a.span(), decltype(a)::tensor_type::value);
    });
    CHECK(simulator::assembles(out, matrix<st::shard<0, dp>, st::replicate<tp>>::value, x));
}

TEST_CASE("elements without sums, axes of one device, one communicator") {
    struct alone final : st::axis<1> {};
    using line = st::mesh<tp>;
    st::thread::world(line{}).run([](ranks_of_mesh const& ranks) {
        int const mine[2] = {ranks.rank, 10 + ranks.rank};
        int ids[6] = {};
        auto const part = st::view<st::tensor<int, st::shape<6>, line, st::shard<0, tp>>>(mine, ranks.on[0]);
        auto const all_ids = st::all_gather<tp, st::to_invariant>(part, ids);
        for (int r = 0; r < 3; ++r)
            if (ids[2 * r] != r || ids[2 * r + 1] != 10 + r) throw std::runtime_error("wrong ids");
        st::verify(all_ids);
        st::bf16 halves[2] = {}, gathered[6];
        auto const h = st::view<st::tensor<st::bf16, st::shape<6>, line, st::shard<0, tp>>>(halves, ranks.on[0]);
        (void)st::all_gather<tp, st::to_invariant>(h, gathered);
    });
    st::thread::world({1}, 0).run([](ranks_of_mesh const& ranks) {
        float const mine[4] = {1, 2, 3, 4};
        float copy[4] = {};
        using small = st::tensor<float, st::shape<4>, st::mesh<alone>, st::shard<0, alone>>;
        auto const x = st::view<small>(mine, ranks.on[0]);
        auto const same = st::all_gather<alone, st::to_invariant>(x);  // nothing moves: no destination needed
        auto const copied = st::all_gather<alone, st::to_invariant>(x, copy);
        if (same.data() != mine || copied.data() != copy || copy[3] != 4) throw std::runtime_error("wrong place");
    });
}

TEST_CASE("too little memory, memory that overlaps, communicators of another mesh") {
    CHECK(message_of_rank([](ranks_of_mesh const& ranks) {
              double few[5];
              (void)st::view<matrix<st::shard<0, dp>>>(std::span<double>(few), ranks);
          }).find("view: the memory has 5 elements, 36 are needed") != std::string::npos);
    CHECK(message_of_rank([](ranks_of_mesh const& ranks) {
              std::vector<double> x(36), y(71);
              (void)st::all_gather<dp, st::to_invariant>(st::view<matrix<st::shard<0, dp>>>(x, ranks), y);
          }).find("all_gather: the destination has 71 elements, 72 are needed") != std::string::npos);
    CHECK(message_of_rank([](ranks_of_mesh const& ranks) {
              std::vector<double> x(36);
              double* const nowhere = nullptr;
              (void)st::all_gather<dp, st::to_invariant>(st::view<matrix<st::shard<0, dp>>>(x, ranks), nowhere);
          }).find("all_gather: the destination is a null pointer") != std::string::npos);
    CHECK(message_of_rank([](ranks_of_mesh const& ranks) {
              std::vector<double> x(100);
              (void)st::all_gather<dp, st::to_invariant>(st::view<matrix<st::shard<0, dp>>>(x.data(), ranks),
                                                         x.data() + 20);
          }).find("all_gather: the view and the destination overlap") != std::string::npos);
    using block = matrix<st::shard<0, dp>, st::shard<1, tp>>;
    static_assert(st::redistribution_scratch<block, matrix<>> == 24);  // first dp, the cheaper, then tp
    CHECK(message_of_rank([](ranks_of_mesh const& ranks) {
              std::vector<double> x(12), y(72), scratch(23);
              (void)st::redistribute_to<matrix<>>(st::view<block>(x, ranks), y, scratch);
          }).find("redistribute: the scratch has 23 elements, 24 are needed") != std::string::npos);
    CHECK(message_of_rank([](ranks_of_mesh const& ranks) {
              std::vector<double> x(12), y(96);
              (void)st::redistribute_to<matrix<>>(st::view<block>(x, ranks), y, y.data() + 71);
          }).find("redistribute: the destination and the scratch overlap") != std::string::npos);
    CHECK(message([] {
              st::thread::world({3, 2}, 0).run([](ranks_of_mesh const& ranks) {
                  double x[72];
                  (void)st::view<matrix<>>(x, ranks);
              });
          }).find("view: axis dp has 2 devices, its communicator 3") != std::string::npos);
}

TEST_CASE("verify finds a rank that holds other numbers, or another tensor") {
    CHECK(message_of_rank([](ranks_of_mesh const& ranks) {
              std::vector<double> x(36, 1.0 + ranks.coordinate[0]);  // differs on dp, where it is sharded
              auto const y = st::view<matrix<st::shard<0, dp>, st::replicate<tp>>>(x, ranks);
              long const before = allocations::ours = 0;
              allocations::now = allocations::watching::us;
              st::verify(y);
              allocations::now = allocations::watching::nothing;
              if (allocations::ours != before) throw std::runtime_error("verify allocates");
          }) == "");
    for (int bit : {0, 17, 63}) {
        static int flipped;
        flipped = bit;
        auto const found = message_of_rank([](ranks_of_mesh const& ranks) {
            std::vector<double> x(36, 1.0);
            if (ranks.coordinate[0] == 1 && ranks.coordinate[1] == 2) {
                std::uint64_t bits = 0;
                std::memcpy(&bits, &x[35], 8);
                bits ^= std::uint64_t{1} << flipped;
                std::memcpy(&x[35], &bits, 8);
            }
            st::verify(st::view<matrix<st::shard<0, dp>, st::replicate<tp>>>(x, ranks));
        });
        CHECK_MESSAGE(found.find("verify: the tensor is replicate on tp, but the rank at dp 1, tp 2 holds other "
                                 "numbers than tp 0") != std::string::npos,
                      found);
    }
    auto const other = message_of_rank([](ranks_of_mesh const& ranks) {
        std::vector<double> x(72, 1.0);
        if (ranks.rank == 4)
            st::verify(st::view<matrix<st::replicate<tp>>>(x, ranks));
        else
            st::verify(st::view<matrix<>>(x, ranks));
    });
    CHECK_MESSAGE(other.find("has a view of another tensor than") != std::string::npos, other);
    CHECK(message_of_rank([](ranks_of_mesh const& ranks) {
              std::vector<double> x(72, 1.0 + ranks.rank);
              (void)st::view<matrix<>, true>(x, ranks);
          }).find("verify: the tensor is invariant on dp") != std::string::npos);
}

TEST_CASE("verify finds padding that is not zero, on its rank alone") {
    using padded = st::tensor<double, st::shape<4, 5>, grid, st::padded_shard<0, tp>, st::padded_shard<1, dp>>;
    static_assert(padded::local_count == 2 * 3);
    // tp 1 holds 2 rows, tp 2 none; dp 1 holds 2 of 3 columns.
    struct fault {
        int dp, tp, element;
        char const* said;
    };
    static fault now;
    auto const found = [](fault const& f) {
        now = f;
        return message_of_rank([](ranks_of_mesh const& ranks) {
            std::vector<double> part(6, 0.0);
            st::for_each_run(padded::value, ranks.coordinate, [&](long, long here, long count) {
                for (long i = here; i < here + count; ++i) part[static_cast<std::size_t>(i)] = 7;
            });
            if (ranks.coordinate[0] == now.dp && ranks.coordinate[1] == now.tp)
                part[static_cast<std::size_t>(now.element)] = 0.5;
            st::verify(st::view<padded>(part, ranks));
        });
    };
    CHECK(found({0, 1, 5, ""}) == "");  // an element that is real
    for (fault const& f : {fault{1, 0, 2, "dp 1, tp 0 is not zero, at its element 2"},
                           fault{1, 1, 5, "dp 1, tp 1 is not zero, at its element 5"},
                           fault{0, 2, 0, "dp 0, tp 2 is not zero, at its element 0"},
                           fault{1, 2, 4, "dp 1, tp 2 is not zero, at its element 4"}}) {
        auto const said = found(f);
        CHECK_MESSAGE(said.find(std::string("verify: the padding of the rank at ") + f.said) != std::string::npos,
                      said);
    }
}

TEST_CASE("escape hatches: the value, and the gradient that they promise") {
    simulator::random_source source(5);
    array const x = whole_matrix(source);
    namespace back = st::unchecked::backward;
    using R = matrix<st::replicate<tp>>;
    using P = matrix<st::partial<tp>>;
    using I = matrix<>;
    using S = matrix<st::shard<0, dp>, st::shard<1, tp>>;
    // Forward and, as the doc of each says, backward: R to I by I to P and the reverse.
    auto const r_to_i = run<R>(x, source, [](ranks_of_mesh const& ranks, memory& m) {
        return st::unchecked::replicate_to_invariant<tp, back::invariant_to_partial>(st::view<R>(m.span(), ranks));
    });
    CHECK(simulator::assembles(r_to_i, I::value, x));
    auto const i_to_p = run<I>(x, source, [](ranks_of_mesh const& ranks, memory& m) {
        return st::unchecked::invariant_to_partial<tp, back::replicate_to_invariant>(st::view<I>(m.span(), ranks));
    });
    CHECK(simulator::assembles(i_to_p, P::value, x));
    auto const s_to_p = run<S>(x, source, [](ranks_of_mesh const& ranks, memory& m) {
        static thread_local double out[36];
        return st::unchecked::shard_to_partial<tp, back::replicate_to_shard>(st::view<S>(m.span(), ranks), out);
    });
    CHECK(simulator::assembles(s_to_p, matrix<st::shard<0, dp>, st::partial<tp>>::value, x));
    auto const r_to_p = run<R>(x, source, [](ranks_of_mesh const& ranks, memory& m) {
        return st::unchecked::replicate_to_partial_as_is<tp, back::replicate_to_partial_as_is>(
            st::view<R>(m.span(), ranks));
    });
    array three = x;
    for (double& e : three.v) e *= 3;
    CHECK(simulator::assembles(r_to_p, P::value, three));
    // The gradients' types.
    static_assert(st::same<st::gradient_t<R>, P>);
    static_assert(
        st::same<decltype(st::unchecked::invariant_to_partial<tp, back::replicate_to_invariant>(st::gradient_t<I>{})),
                 st::gradient_t<R>>);
    static_assert(st::same<decltype(st::redistribute<st::shard<1, tp>>(
                               st::gradient_t<matrix<st::shard<0, dp>, st::partial<tp>>>{})),
                           st::gradient_t<S>>);
    static_assert(st::same<decltype(st::unchecked::assume<P>(R{})), P>);
}
