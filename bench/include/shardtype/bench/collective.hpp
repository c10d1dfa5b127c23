#pragma once

#include <vector>

#include <shardtype/bench/measure.hpp>
#include <shardtype/tensor/tensor.hpp>

namespace shardtype::bench {

/// The communicator's collectives. `run(group, a, b, count)` is one call, `count` elements being the larger of what a
/// rank gives and gets; `moved(n)`: how often each of n ranks reads or writes that many bytes. A type of one's own
/// with these two is as good.
struct all_reduce {
    static constexpr double moved(int) { return 2; }
    template <class Group, class T>
    static void run(Group const& group, T const* a, T* b, long count) {
        group.all_reduce(a, b, count);  // not in place: a sum of sums would soon overflow
    }
};
struct all_reduce_max {
    static constexpr double moved(int) { return 2; }
    template <class Group, class T>
    static void run(Group const& group, T* a, T*, long count) {
        group.all_reduce(a, a, count, reduction::max);
    }
};
struct all_gather {
    static constexpr double moved(int) { return 2; }
    template <class Group, class T>
    static void run(Group const& group, T* a, T* b, long count) {
        group.all_gather(a, b, 1, count / group.size());
    }
};
struct reduce_scatter {
    static constexpr double moved(int n) { return 1 + 1.0 / n; }
    template <class Group, class T>
    static void run(Group const& group, T* a, T* b, long count) {
        group.reduce_scatter(a, b, 1, count / group.size());
    }
};
/// Added to what the target holds, as gradients are.
struct reduce_scatter_added {
    static constexpr double moved(int n) { return 1 + 2.0 / n; }
    template <class Group, class T>
    static void run(Group const& group, T* a, T* b, long count) {
        group.reduce_scatter(a, b, 1, count / group.size(), true);
    }
};
struct all_to_all {
    static constexpr double moved(int) { return 2; }
    template <class Group, class T>
    static void run(Group const& group, T* a, T* b, long count) {
        group.all_to_all(a, b, exchange{1, 1, 1, count / group.size(), false});
    }
};
struct broadcast {
    static constexpr double moved(int n) { return 2.0 * (n - 1) / n; }
    template <class Group, class T>
    static void run(Group const& group, T* a, T*, long count) {
        group.broadcast(a, count, 0);
    }
};

namespace detail {

template <class Which, class T>
class collective_call {
  public:
    collective_call(thread::communicator const& group, long count)
        : group_(group), count_(count), a_(static_cast<std::size_t>(count)), b_(a_) {
        fill_with_noise(a_.data(), count, static_cast<std::uint64_t>(group.rank()));
    }
    void operator()() { Which::run(group_, a_.data(), b_.data(), count_); }

  private:
    thread::communicator group_;
    long count_;
    std::vector<T> a_, b_;
};

/// The group that a rank is in: of one axis, or the whole mesh.
template <class Mesh, class... Axis>
struct group_of {
    static constexpr int size = Mesh::size;
    static thread::communicator const& in(thread::rank_communicators const& me) { return me.all; }
};
template <class Mesh, class Axis>
struct group_of<Mesh, Axis> {
    static constexpr int size = Axis::size;
    static thread::communicator const& in(thread::rank_communicators const& me) {
        return me.on[Mesh::template index_of<Axis>()];
    }
};

template <class T, long Bytes, class... Axis, class... Axes>
constexpr bool divides(mesh<Axes...>) {
    static_assert(same<T, float> || same<T, double> || same<T, int>, "collectives move float, double or int");
    using elements = shape<Bytes / static_cast<long>(sizeof(T))>;
    if constexpr (sizeof...(Axis) == 0)
        return sizeof(tensor<T, elements, mesh<Axes...>, shard<0, Axes...>>) != 0;
    else
        return sizeof(tensor<T, elements, mesh<Axes...>, shard<0, Axis...>>) != 0;
}

}  // namespace detail

/// A collective of `Bytes` on each rank (the larger of what it gives and gets), among all ranks of a mesh, or in every
/// group of one axis at once: `BENCHMARK(bench::collective<bench::all_gather, float, 1 << 20, grid, tp>)`.
/// Limit: a copying stream over the bytes that the ranks must read and write; it comes from memory, while ranks find in
/// the cache what another has just written: a reference, not a bound.
/// @pre the bytes are whole elements that divide over the ranks [ST-T201], at least one [ST-T203]; Axis is in the mesh
/// [ST-M003]
template <class Which, class T, long Bytes, class Mesh, class... Axis>
void collective(benchmark::State& state) {
    static_assert(sizeof...(Axis) <= 1, "a collective runs over one axis, or over the whole mesh");
    static_assert(Bytes % static_cast<long>(sizeof(T)) == 0, "Bytes are whole elements");
    using group = detail::group_of<Mesh, Axis...>;
    if constexpr (detail::divides<T, Bytes, Axis...>(Mesh{})) {
        double const bytes = Which::moved(group::size) * static_cast<double>(Bytes) * Mesh::size;
        measure<T, Mesh>(state, 1, {limit::copy, bytes}, [](auto& me) {
            return detail::collective_call<Which, T>(group::in(me), Bytes / static_cast<long>(sizeof(T)));
        });
    }
}

/// All ranks of a mesh meet. Limit: the round trip of one cache line between two threads.
template <class Mesh>
void barrier(benchmark::State& state) {
    measure<float, Mesh>(state, 1, {limit::handover, 1}, [](auto& me) { return [&me] { me.all.barrier(); }; });
}

}  // namespace shardtype::bench
