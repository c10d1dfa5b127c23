#pragma once

#include <cuda_runtime.h>

#include <shardtype/comm/communicator.hpp>
#include <shardtype/tensor/dtype.hpp>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

/// Every collective of a GPU rank against a plain computation. All is given to the rank's stream and nothing waits on
/// the host in between: operands are written by the stream just before, and spoilt just after, so a missing edge
/// between streams gives wrong numbers.
namespace lab {

using namespace shardtype;

// A fault of memory protection for each operation would cost minutes here; FAKE_CUDA_PROTECT=1 asks for it.
[[gnu::constructor(101), gnu::used]] static void without_protection() { setenv("FAKE_CUDA_PROTECT", "0", 0); }

inline std::size_t at(long i) { return static_cast<std::size_t>(i); }

/// The values of a rank of a group, which all its ranks can make. `exact`: small whole numbers, whose sums are the same
/// in any order and in any type.
template <class T>
std::vector<T> values(long tag, int r, long count, bool exact) {
    std::mt19937 random(static_cast<unsigned>(tag * 1000 + r));
    std::vector<T> v(at(count));
    for (T& x : v)
        x = exact || std::is_integral_v<T>
                ? static_cast<T>(static_cast<int>(random() % 41) - 20)
                : static_cast<T>(static_cast<float>(static_cast<int>(random() % 20001) - 10000) / 977.F);
    return v;
}
template <class T>
using ranks_values = std::vector<std::vector<T>>;
template <class T>
ranks_values<T> all_values(long tag, int n, long count, bool exact) {
    ranks_values<T> all;
    for (int r = 0; r < n; ++r) all.push_back(values<T>(tag, r, count, exact));
    return all;
}
/// In rank order, in float for bf16, on top of `old` after all.
template <class T>
T sum(ranks_values<T> const& in, long i, T const* old = nullptr) {
    wide_t<T> s = in[0][at(i)];
    for (std::size_t r = 1; r < in.size(); ++r) s = static_cast<wide_t<T>>(s + in[r][at(i)]);
    return old ? static_cast<T>(*old + s) : static_cast<T>(s);
}
template <class T>
T largest(ranks_values<T> const& in, long i) {
    T m = in[0][at(i)];
    for (auto const& v : in) m = m < v[at(i)] ? v[at(i)] : m;
    return m;
}

inline void must(cudaError_t result, char const* what) {
    if (result != cudaSuccess) throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(result));
}

/// A rank's memory on the device, and what it must hold at the end.
class memory {
  public:
    explicit memory(cudaStream_t on) : on_(on) {
        must(cudaMalloc(&device_.at, room), "cudaMalloc");
        must(cudaMallocHost(&pinned_.at, room), "cudaMallocHost");
    }
    memory(memory const&) = delete;
    memory& operator=(memory const&) = delete;
    ~memory() {
        (void)cudaStreamSynchronize(on_);
        (void)cudaFree(device_.at);
        (void)cudaFreeHost(pinned_.at);
    }

    /// Holds these values when the stream comes here. `shift`: elements behind an address of 256 bytes' alignment.
    template <class T>
    T* with(std::vector<T> const& v, long shift = 0) {
        T* const mine = static_cast<T*>(device_.take((v.size() + at(shift)) * sizeof(T))) + shift;
        if (!v.empty())
            must(cudaMemcpyAsync(mine, v.data(), v.size() * sizeof(T), cudaMemcpyHostToDevice, on_), "cudaMemcpyAsync");
        return mine;
    }
    template <class T>
    T* of(long count, long shift = 0) {
        return with(std::vector<T>(at(count), T(77)), shift);
    }
    /// From here on it holds something else.
    template <class T>
    void spoil(T* p, long count) {
        if (count > 0) must(cudaMemsetAsync(p, 0x5a, at(count) * sizeof(T), on_), "cudaMemsetAsync");
    }
    /// It must hold this here.
    template <class T>
    void expect(T const* p, std::vector<T> const& v, std::string what) {
        if (v.empty()) return;
        std::size_t const bytes = v.size() * sizeof(T);
        void* const seen = pinned_.take(bytes);
        must(cudaMemcpyAsync(seen, p, bytes, cudaMemcpyDeviceToHost, on_), "cudaMemcpyAsync");
        expected_.push_back({seen, std::vector<char>(bytes), sizeof(T), std::move(what)});
        std::memcpy(expected_.back().bytes.data(), v.data(), bytes);
    }
    /// After the stream has come to its end.
    void compare() {
        for (expectation const& e : expected_)
            for (std::size_t i = 0; i < e.bytes.size(); ++i)
                if (static_cast<char const*>(e.seen)[i] != e.bytes[i])
                    throw std::runtime_error("wrong numbers: element " + std::to_string(i / e.element) + " of " +
                                             e.what);
        expected_.clear();
    }

  private:
    struct expectation {
        void* seen;
        std::vector<char> bytes;
        std::size_t element;
        std::string what;
    };
    static constexpr std::size_t room = std::size_t{12} << 20;
    struct pile {
        void* at = nullptr;
        std::size_t used = 0;
        void* take(std::size_t bytes) {
            if (used + bytes > room) throw std::runtime_error("the test has too little room");
            void* const p = static_cast<char*>(at) + used;
            used = (used + bytes + 511) / 256 * 256;
            return p;
        }
    };
    cudaStream_t on_;
    pile device_, pinned_;
    std::vector<expectation> expected_;
};

template <class T>
char const* name_of() {
    return dtype_of<T> == dtype::f64    ? " f64"
           : dtype_of<T> == dtype::bf16 ? " bf16"
           : dtype_of<T> == dtype::i32  ? " i32"
                                        : " f32";
}

inline long const counts[] = {0, 1, 7, 64, 515};

template <class T, class C>
void all_reduces(C const& c, memory& m, long tag, bool exact, int slot) {
    for (long const count : counts)
        for (long const shift : {0L, 1L}) {
            auto const in = all_values<T>(tag, c.size(), count, exact);
            auto const& mine = in[at(c.rank())];
            std::vector<T> total(at(count)), most(at(count));
            for (long i = 0; i < count; ++i) total[at(i)] = sum(in, i), most[at(i)] = largest(in, i);
            std::string const what = "all_reduce" + std::string(name_of<T>()) + " count " + std::to_string(count);
            T *const a = m.with(mine, shift), *const b = m.of<T>(count), *const inside = m.with(mine),
                     *const d = m.of<T>(count);
            c.all_reduce_start(slot, a, b, count);
            c.all_reduce_wait(slot, a, b, count);
            c.all_reduce_finish(slot, a, b, count);
            m.expect(b, total, what);
            c.all_reduce(a, d, count, reduction::max);
            m.spoil(a, count);
            m.expect(d, most, what + " max");
            c.all_reduce(inside, inside, count);
            m.expect(inside, total, what + " in place");
        }
}

template <class T, class C>
void all_gathers(C const& c, memory& m, long tag, bool exact, int slot) {
    long const n = c.size();
    for (long const outer : {1L, 3L})
        for (long const block : counts) {
            auto const in = all_values<T>(tag + 1, c.size(), outer * block, exact);
            std::vector<T> whole;
            for (long o = 0; o < outer; ++o)
                for (auto const& v : in) whole.insert(whole.end(), v.begin() + o * block, v.begin() + (o + 1) * block);
            std::string const what = "all_gather" + std::string(name_of<T>()) + " outer " + std::to_string(outer) +
                                     " block " + std::to_string(block);
            T *const a = m.with(in[at(c.rank())]), *const b = m.of<T>(outer * n * block);
            c.all_gather_start(slot, a, b, outer, block);
            c.all_gather_wait(slot, a, b, outer, block);
            c.all_gather_finish(slot, a, b, outer, block);
            m.spoil(a, outer * block);
            m.expect(b, whole, what);
            if (outer > 1) continue;
            std::vector<T> own(at(n * block), T(5));
            std::copy(in[at(c.rank())].begin(), in[at(c.rank())].end(), own.begin() + c.rank() * block);
            T* const inside = m.with(own);
            c.all_gather(inside + c.rank() * block, inside, 1, block);
            m.expect(inside, whole, what + " in place");
        }
}

template <class T, class C>
void reduce_scatters(C const& c, memory& m, long tag, bool exact, int slot) {
    long const n = c.size();
    for (long const outer : {1L, 3L})
        for (long const block : counts)
            for (bool const add : {false, true}) {
                auto const in = all_values<T>(tag + 2, c.size(), outer * n * block, exact);
                std::vector<T> out = values<T>(tag + 3, 100 + c.rank(), outer * block, exact), expected = out;
                for (long o = 0; o < outer; ++o)
                    for (long i = 0; i < block; ++i) {
                        T& e = expected[at(o * block + i)];
                        e = sum(in, (o * n + c.rank()) * block + i, add ? &e : nullptr);
                    }
                std::string const what = "reduce_scatter" + std::string(name_of<T>()) + (add ? " adding" : "") +
                                         " outer " + std::to_string(outer) + " block " + std::to_string(block);
                T *const a = m.with(in[at(c.rank())]), *const b = m.with(out), *const d = m.with(out, 1);
                c.reduce_scatter_start(slot, a, b, outer, block);
                c.reduce_scatter_wait(slot, a, b, outer, block, add);
                c.reduce_scatter_finish(slot, a, b, outer, block);
                c.reduce_scatter(a, d, outer, block, add);
                m.spoil(a, outer * n * block);
                m.expect(b, expected, what);
                m.expect(d, expected, what + " at once");
            }
}

template <class T, class C>
void all_to_alls(C const& c, memory& m, long tag, bool exact, int slot) {
    int const n = c.size();
    for (exchange x : {exchange{1, 1, 1, 5, false}, exchange{2, 3, 2, 1, false}, exchange{1, 4, 1, 64, false},
                       exchange{3, 2, 1, 8, false}, exchange{3, 0, 1, 4, false}, exchange{1, 1, 1, 1024, false}})
        for (bool const back : {false, true}) {
            x.trailing_to_leading = back;
            long const inner = x.split * x.middle, count = x.outer * n * inner * x.block;
            auto const in = all_values<T>(tag + 4, n, count, exact);
            std::vector<T> expected(at(count));
            for (long o = 0; o < x.outer; ++o)
                for (long i = 0; i < inner; ++i)
                    for (long r = 0; r < n; ++r)
                        for (long b = 0; b < x.block; ++b) {
                            auto const trailing = [&](long k) { return ((o * inner + i) * n + k) * x.block + b; };
                            auto const leading = [&](long k) { return ((o * n + k) * inner + i) * x.block + b; };
                            expected[at(back ? trailing(r) : leading(r))] =
                                in[at(r)][at(back ? leading(c.rank()) : trailing(c.rank()))];
                        }
            T *const a = m.with(in[at(c.rank())]), *const out = m.of<T>(count);
            c.all_to_all_start(slot, a, out, x);
            c.all_to_all_wait(slot, a, out, x);
            c.all_to_all_finish(slot, a, out, x);
            m.spoil(a, count);
            m.expect(out, expected,
                     std::string(back ? "all_to_all back" : "all_to_all") + name_of<T>() + " block " +
                         std::to_string(x.block));
        }
}

template <class T, class C>
void broadcasts(C const& c, memory& m, long tag, bool exact, int slot) {
    for (int root = 0; root < c.size(); ++root)
        for (long const count : counts) {
            T* const a = m.with(values<T>(tag + 5, c.rank(), count, exact));
            c.broadcast_start(slot, a, count, root);
            c.broadcast_wait(slot, a, count, root);
            c.broadcast_finish(slot, a, count, root);
            m.expect(a, values<T>(tag + 5, root, count, exact),
                     "broadcast" + std::string(name_of<T>()) + " root " + std::to_string(root));
        }
}

/// Everything in flight at once, and the slots used again and again.
template <class T, class C>
void flights(C const& c, memory& m, long tag, bool exact) {
    long const n = c.size(), count = 67;
    exchange const x{1, 1, 1, count, false};
    for (int round = 0; round < 4; ++round) {
        auto const in = all_values<T>(tag + 10 + round, c.size(), n * count, exact);
        auto const& mine = in[at(c.rank())];
        std::vector<T> total(at(n * count)), whole, turned, out = values<T>(tag + 20, c.rank(), count, exact),
                                                            part = out;
        for (long i = 0; i < n * count; ++i) total[at(i)] = sum(in, i);
        for (auto const& v : in) whole.insert(whole.end(), v.begin(), v.end());
        for (auto const& v : in)
            turned.insert(turned.end(), v.begin() + c.rank() * count, v.begin() + (c.rank() + 1) * count);
        for (long i = 0; i < count; ++i) part[at(i)] = sum(in, c.rank() * count + i, &part[at(i)]);
        T* const a[4] = {m.with(mine), m.with(mine), m.with(mine), m.with(mine)};
        T *const t0 = m.of<T>(n * count), *const t1 = m.with(out), *const t2 = m.of<T>(n * n * count),
                 *const t3 = m.of<T>(n * count);
        c.all_reduce_start(0, a[0], t0, n * count);
        c.reduce_scatter_start(1, a[1], t1, 1, count);
        c.all_gather_start(2, a[2], t2, 1, n * count);
        c.all_to_all_start(3, a[3], t3, x);
        c.all_gather_wait(2, a[2], t2, 1, n * count);
        m.expect(t2, whole, "all_gather in flight" + std::string(name_of<T>()));
        c.all_gather_finish(2, a[2], t2, 1, n * count);
        m.spoil(a[2], n * count);
        c.all_reduce_wait(0, a[0], t0, n * count);
        m.expect(t0, total, "all_reduce in flight" + std::string(name_of<T>()));
        c.reduce_scatter_wait(1, a[1], t1, 1, count, true);
        m.expect(t1, part, "reduce_scatter in flight" + std::string(name_of<T>()));
        c.all_reduce_finish(0, a[0], t0, n * count);
        m.spoil(a[0], n * count);
        c.all_to_all_wait(3, a[3], t3, x);
        m.expect(t3, turned, "all_to_all in flight" + std::string(name_of<T>()));
        c.reduce_scatter_finish(1, a[1], t1, 1, count);
        c.all_to_all_finish(3, a[3], t3, x);
        m.spoil(a[1], n * count);
        m.spoil(a[3], n * count);
    }
}

/// f(communicator, tag of the group): of every axis, and of all.
template <class Ranks, class F>
void on_groups(Ranks const& me, std::vector<int> const& sizes, F f) {
    f(me.all, 1000L);
    int stride = 1;
    for (std::size_t a = sizes.size(); a-- > 0; stride *= sizes[a])
        f(me.on[a], 2000L + 100 * static_cast<long>(a) + 200 * (me.rank - me.coordinate[a] * stride));
}

template <class T, class Ranks>
void collectives(Ranks const& me, std::vector<int> const& sizes, bool exact) {
    memory m(me.stream());
    typename Ranks::in_use const guard(me);
    on_groups(me, sizes, [&](auto const& c, long tag) {
        all_reduces<T>(c, m, tag, exact, 0);
        all_gathers<T>(c, m, tag, exact, 1);
        reduce_scatters<T>(c, m, tag, exact, 2);
        all_to_alls<T>(c, m, tag, exact, 3);
        broadcasts<T>(c, m, tag, exact, 0);
    });
    me.synchronise();
    m.compare();
}

/// Axes one after the other and within each other, for ever other numbers.
template <class T, class Ranks>
void crossing(Ranks const& me, std::vector<int> const& sizes, bool exact) {
    memory m(me.stream());
    typename Ranks::in_use const guard(me);
    for (int round = 0; round < 3; ++round)
        on_groups(me, sizes, [&](auto const& c, long tag) { flights<T>(c, m, tag + 7000 * round, exact); });
    if (sizes.size() > 1) {  // an all_reduce of one axis within that of the other, of its own result
        long const count = 33;
        auto const& c0 = me.on[0];
        auto const& c1 = me.on[1];
        long const first = me.rank / (sizes[0] * sizes[1]) * (sizes[0] * sizes[1]);
        auto const world = all_values<T>(9, me.all.size(), count, true);
        std::vector<T> total(at(count)), along(at(count));
        for (long i = 0; i < count; ++i) {
            ranks_values<T> all, one;
            for (int r = 0; r < sizes[0] * sizes[1]; ++r) {
                all.push_back(world[at(first + r)]);
                if (r % sizes[1] == me.coordinate[1]) one.push_back(world[at(first + r)]);
            }
            total[at(i)] = sum(all, i), along[at(i)] = sum(one, i);
        }
        T *const a = m.with(world[at(me.rank)]), *const b = m.of<T>(count), *const d = m.of<T>(count),
                 *const e = m.of<T>(count);
        c0.all_reduce_start(0, a, b, count);
        c1.all_reduce_start(0, a, e, count);
        c0.all_reduce_wait(0, a, b, count);
        c1.all_reduce_start(1, b, d, count);
        c1.all_reduce_wait(0, a, e, count);
        c1.all_reduce_wait(1, b, d, count);
        c0.all_reduce_finish(0, a, b, count);
        c1.all_reduce_finish(0, a, e, count);
        c1.all_reduce_finish(1, b, d, count);
        m.expect(b, along, "all_reduce of axis 0");
        m.expect(d, total, "all_reduce of axis 1 of the result of axis 0");
    }
    me.synchronise();
    m.compare();
}

}  // namespace lab
