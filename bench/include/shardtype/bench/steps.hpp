#pragma once

#include <shardtype/bench/measure.hpp>
#include <shardtype/comm/thread/world.hpp>
#include <shardtype/runtime/cpu/implementation.hpp>
#include <shardtype/runtime/walker.hpp>

namespace shardtype::bench::detail {

/// Bytes that a step reads and writes at least, on one rank. A collective counts where it is waited for.
template <class Schedule>
constexpr double bytes_moved(Schedule const& of, step const& s, int ranks_of_axis) {
    double const element = static_cast<double>(bytes_of(s.type));
    auto const values = [&](int first, int last) {
        double n = element;
        for (int i = first; i <= last; ++i) n *= static_cast<double>(s.dim[i]);
        return n;
    };
    bool const works = s.kind == step_kind::kernel || s.kind == step_kind::collective_wait;
    if (!works) return 0;
    if (s.kernel == id_of<kernels::all_gather>) return 2 * ranks_of_axis * values(0, 1);
    if (s.kernel == id_of<kernels::reduce_scatter>) return (ranks_of_axis + 1) * values(0, 1);
    if (s.kernel == id_of<kernels::slice>) return 2 * values(0, 1);
    if (s.kernel == id_of<kernels::mask>) return (1 + 1.0 / ranks_of_axis) * values(0, 0);  // only one rank reads
    double n = 0;
    for (int k = 0; k < s.args; ++k) {
        int buffer = s.arg[k].buffer;
        if (s.kernel == id_of<kernels::embedding_forward> && k == 1) buffer = s.arg[2].buffer;  // rows, not the table
        bool const reads = ((s.reads >> k) & 1U) != 0, writes = ((s.writes >> k) & 1U) != 0;
        int const times = (reads ? 1 : 0) + (writes ? 1 : 0) + (writes && s.arg[k].mode == accumulate::add ? 1 : 0);
        n += times * static_cast<double>(of.buffers[buffer].bytes);
    }
    return n;
}

/// Maker::build() is a schedule of two segments: what comes before, walked once, and what is measured.
template <class Maker>
struct steps_of {
    static constexpr schedule_builder built = Maker::build();
    static_assert(built.says.legal(), "an operation of this benchmark has no schedule");
    static constexpr auto value = shardtype::detail::trim<built.step_count, built.buffer_count, built.segment_count, 1>(
        built, lay_out_arena(built));

    static constexpr double moved() {
        double n = 0;
        for (int i = value.segments[1].begin; i < value.segments[1].end; ++i) {
            int const axis = value.steps[i].axis;
            n += bytes_moved(value, value.steps[i], axis < 0 ? 1 : Maker::mesh::axis_size[axis]);
        }
        return n;
    }
};

template <class Maker, class Kernel>
constexpr bool runs() {
    for (step const& s : steps_of<Maker>::value.steps)
        if (s.kernel == id_of<Kernel>) return true;
    return false;
}
template <class Kernel, bool Runs>
struct one_if {
    using type = type_list<>;
};
template <class Kernel>
struct one_if<Kernel, true> {
    using type = type_list<Kernel>;
};
/// Only the kernels that run are compiled.
template <class Maker, class... Kernels>
shardtype::detail::concat_t<typename one_if<Kernels, runs<Maker, Kernels>()>::type...> kernels_run(
    type_list<Kernels...>);

template <class Maker, class T>
struct bound_steps {
    static constexpr auto& schedule = steps_of<Maker>::value;
    static constexpr int count = static_cast<int>(sizeof(schedule.steps) / sizeof(step));
    struct table {
        bound_step of[count]{};
        bool complete = true;
    };
    static constexpr table bind() {
        table t;
        for (int i = 0; i < count; ++i) {
            t.of[i] =
                shardtype::detail::bind_step<T>(decltype(kernels_run<Maker>(library_kernels{})){}, schedule.steps[i]);
            t.complete = t.complete && t.of[i].found;
        }
        return t;
    }
    static constexpr table bound = bind();
    static_assert(bound.complete, "the CPU back end has no kernel for this benchmark");
    static constexpr program_on<> view{{view_of(schedule), bound.of}};
};

/// Walks Maker's schedule on the ranks of its mesh, memory filled with noise. Ids are below Maker::ids.
template <class Maker, class T>
class walked_steps {
  public:
    explicit walked_steps(thread::rank_communicators const& me) : rank_(bound_steps<Maker, T>::view, me) {
        auto const& at = bound_steps<Maker, T>::schedule.at;
        fill_with_noise(walker_.at<T>(0), at.arena_bytes / static_cast<long>(sizeof(T)), 1);
        for (int operand = 0; operand < Maker::operands; ++operand)
            if (Maker::operand[operand].type == dtype::i32)
                for (long i = 0; i < Maker::operand[operand].local_count(); ++i)
                    walker_.at<int>(static_cast<short>(operand))[i] = static_cast<int>(i * 7919 % Maker::ids);
        walker_.step_once(1, [](int) {});
    }
    void operator()() {
        walker_.step_once(0, [](int) {});
    }

  private:
    walker_on<thread::rank_communicators> rank_;
    walker& walker_ = rank_;
};

/// @param flops of one call on all ranks; where there are none, bytes are counted and `streams` is the limit
template <class Maker, class T>
void measure_steps(benchmark::State& state, double flops, limit streams) {
    constexpr double moved = steps_of<Maker>::moved() * Maker::mesh::size;
    work const w = flops > 0 ? work{limit::fma, flops} : work{streams, moved};
    measure<T, typename Maker::mesh>(state, 2 * steps_of<Maker>::value.at.slots, w,
                                     [](auto& me) { return walked_steps<Maker, T>(me); });
}

/// Every buffer has memory of its own, in the order of the builder: operands first.
constexpr void lay_out_apart(schedule_builder& b) {
    b.close();
    for (short k = 0; k < b.buffer_count; ++k) b.buffers[k].is = buffer_class::input;
    find_lifetimes(b);
}

}  // namespace shardtype::bench::detail
