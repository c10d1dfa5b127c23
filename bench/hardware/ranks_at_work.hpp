#pragma once

#include <ctime>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <vector>

#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/cpu_kernels.hpp>
#include <shardtype/plan/kernel_cost.hpp>
#include <shardtype/runtime/peak.hpp>
#include <shardtype/schedule/kernels.hpp>

namespace machine {

namespace st = shardtype;

/// A kernel of the library on operands of given sizes.
struct kernel_probe {
    st::step does{};
    st::kernel_function run = nullptr;
    st::prepare_function prepare = nullptr;
    int ids = -1;     ///< the operand of token ids
    long within = 0;  ///< bytes of the pools that its operands move through; 0: all
};

template <class Kernel, class T>
kernel_probe probe_of(std::initializer_list<long> dims) {
    kernel_probe p;
    p.does.kernel = st::id_of<Kernel>;
    p.does.reads = Kernel::reads, p.does.writes = Kernel::writes;
    p.does.type = sizeof(T) == 2 ? st::dtype::bf16 : st::dtype::f32;
    p.does.real = 1e-5;
    std::copy(dims.begin(), dims.end(), p.does.dim);
    while (((Kernel::reads | Kernel::writes) >> p.does.args) != 0) ++p.does.args;
    p.run = &st::cpu_kernel<Kernel>::template run<T>;
    if constexpr (requires { &st::cpu_kernel<Kernel>::template prepare<T>; })
        p.prepare = &st::cpu_kernel<Kernel>::template prepare<T>;
    return p;
}

/// Which collective: those that a training step of the library starts.
enum class collective { all_gather, reduce_scatter, all_reduce, all_to_all };

/// Threads that take turns on the CPUs as a job's ranks do, each with memory of its own in which operands move on from
/// call to call: as in training, what a kernel reads was not read just before.
class ranks_at_work {
  public:
    static constexpr long pool_bytes = 48L << 20;  ///< of a rank's inputs, and as many of its outputs
    static constexpr long near_bytes = 8L << 20;   ///< of these, those that collectives move through
    static constexpr long scratch_bytes = 4L << 20;

    explicit ranks_at_work(int ranks) : cpus_(std::min(ranks, st::thread::usable_cpus())) {
        for (int r = 0; r < ranks; ++r) rooms_.push_back(std::make_unique<room>(r));
    }
    int ranks() const { return static_cast<int>(rooms_.size()); }
    /// That they share.
    int cpus() const { return cpus_; }

    /// ns of a call on each rank while all make it: the process' CPU time over the CPUs, so that other programs do not
    /// count.
    double time(kernel_probe const& p) {
        long calls = 0;
        return run({ranks()}, [&](st::thread::rank_communicators& me, room& mine) {
            st::rank_context context;
            context.exec.scratch = mine.aligned(mine.scratch), context.exec.scratch_bytes = scratch_bytes;
            context.numbers.adamw = {1e-4, 0.9, 0.95, 1e-8, 0.1, 5};
            st::cpu::use_threads(1);
            void* operands[st::max_arguments]{};
            mine.place(p, operands);
            auto const made = p.prepare == nullptr ? nullptr : p.prepare(context, p.does, operands);
            auto const call = [&] {
                mine.place(p, operands);
                p.run(context, p.does, operands, made.get());
            };
            repeat(me, call, calls);
        });
    }
    /// ns of a collective among groups of so many ranks, all groups at once; of `bytes` float32, the larger of what a
    /// rank gives and gets.
    double time(collective which, int group, long bytes) {
        long calls = 0;
        return run({ranks() / group, group}, [&](st::thread::rank_communicators& me, room& mine) {
            long const count = bytes / 4, part = count / group;
            st::thread::communicator const& on = me.on[1];
            auto const call = [&] {
                auto const* from = static_cast<float const*>(mine.next(mine.in, mine.in_at, bytes, near_bytes));
                auto* to = static_cast<float*>(mine.next(mine.out, mine.out_at, bytes, near_bytes));
                switch (which) {
                    case collective::all_gather:
                        return on.all_gather(from, to, 1, part);
                    case collective::reduce_scatter:
                        return on.reduce_scatter(from, to, 1, part);
                    case collective::all_reduce:
                        return on.all_reduce(from, to, count);
                    case collective::all_to_all:
                        return on.all_to_all(from, to, st::exchange{1, 1, 1, part, false});
                }
            };
            repeat(me, call, calls);
        });
    }

  private:
    struct room {
        std::vector<float> in, out, scratch;
        std::vector<double> ones;
        std::vector<int> zeros;
        long in_at = 0, out_at = 0;
        explicit room(int rank)
            : in(pool_bytes / 4 + 16), out(in.size()), scratch(scratch_bytes / 4 + 16), ones(64, 1.0), zeros(1 << 16) {
            for (std::size_t i = 0; i < in.size(); ++i)  // not below zero: AdamW's second moment is none
                in[i] = 0.01f + static_cast<float>(std::abs(st::detail::noise(static_cast<std::uint64_t>(rank),
                                                                              static_cast<std::uint64_t>(i))));
        }
        static void* aligned(std::vector<float>& memory) {
            return reinterpret_cast<void*>((reinterpret_cast<std::uintptr_t>(memory.data()) + 63) &
                                           ~std::uintptr_t{63});
        }
        static void* next(std::vector<float>& pool, long& at, long bytes, long within) {
            bytes = (bytes + 63) & ~63L;
            if (at + bytes > within) at = 0;
            void* const here = static_cast<char*>(aligned(pool)) + at;
            at += bytes;
            return here;
        }
        void place(kernel_probe const& p, void** operands) {
            st::step const& s = p.does;
            long const within = p.within > 0 ? p.within : pool_bytes;
            for (int k = 0; k < s.args; ++k) {
                bool const reads = ((s.reads >> k) & 1U) != 0;
                if (k == p.ids)
                    operands[k] = zeros.data();
                else if (s.kernel == st::id_of<st::kernels::adamw> && k == 4)
                    operands[k] = ones.data();  // the report with the clipping scale
                else
                    operands[k] =
                        reads ? next(in, in_at, bytes_of(s, k), within) : next(out, out_at, bytes_of(s, k), within);
            }
        }
        /// At least of operand k.
        static long bytes_of(st::step const& s, int k) {
            long const b = st::bytes_of(s.type), wide = 4;
            long const* const d = s.dim;
            auto const is = [&](unsigned id) { return s.kernel == id; };
            using namespace st::kernels;
            if (is(st::id_of<linear_forward>)) return (k == 0 ? d[0] * d[2] : k == 1 ? d[1] * d[2] : d[0] * d[1]) * b;
            if (is(st::id_of<linear_input_gradient>))
                return (k == 0 ? d[0] * d[1] : k == 1 ? d[1] * d[2] : d[0] * d[2]) * b;
            if (is(st::id_of<linear_weight_gradient>))
                return (k == 0 ? d[0] * d[2] * b : k == 1 ? d[0] * d[1] * b : d[1] * d[2] * wide);
            if (is(st::id_of<attention_forward>) || is(st::id_of<attention_backward>))
                return d[0] * d[1] * d[2] * std::max(d[4] * b, wide);
            if (is(st::id_of<rotary_forward>) || is(st::id_of<rotary_backward>))
                return k == 1 ? d[1] * d[3] * wide : d[0] * d[1] * d[2] * d[3] * b;
            if (is(st::id_of<square_sum>)) return d[1] * b;
            if (d[1] == 0) return d[0] * b;
            // Norms and losses: a matrix, a row, or a few numbers for each row.
            bool const row_numbers =
                is(st::id_of<rms_norm_forward>) ? k == 3 : is(st::id_of<rms_norm_backward>) && k == 3;
            return row_numbers ? d[0] * wide : d[0] * d[1] * b;
        }
    };

    /// Calls for about 20 ms of each CPU, all ranks as many; the first counts nothing.
    template <class Call>
    void repeat(st::thread::rank_communicators& me, Call const& call, long& calls) {
        call();
        me.all.barrier();
        double const begin = cpu_seconds();
        for (int i = 0; i < 3; ++i) call();
        me.all.barrier();
        double told = std::clamp(0.02 * cpus_ / std::max(1e-7, (cpu_seconds() - begin) / 3), 3.0, 20'000.0);
        me.all.broadcast(&told, 1, 0);
        long const n = static_cast<long>(told);
        me.all.barrier();
        if (me.rank == 0) begin_ = cpu_seconds(), calls = n;
        me.all.barrier();
        for (long i = 0; i < n; ++i) call();
        me.all.barrier();
        if (me.rank == 0) nanoseconds_ = 1e9 * (cpu_seconds() - begin_) / (static_cast<double>(calls) * cpus_);
    }
    template <class F>
    double run(std::vector<int> const& axes, F f) {
        st::thread::world world(axes.data(), static_cast<int>(axes.size()), 1);
        world.run([&](st::thread::rank_communicators& me) { f(me, *rooms_[static_cast<std::size_t>(me.rank)]); });
        return nanoseconds_;
    }
    static double cpu_seconds() {
        timespec t{};
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
    }
    std::vector<std::unique_ptr<room>> rooms_;
    int cpus_;
    double begin_ = 0, nanoseconds_ = 0;
};

}  // namespace machine
