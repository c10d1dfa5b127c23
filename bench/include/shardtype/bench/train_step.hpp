#pragma once

#include <shardtype/bench/measure.hpp>
#include <shardtype/runtime.hpp>

namespace shardtype::bench {

namespace detail {

/// A rank's trainer on noise: weights that are equal in every layout, and token ids.
template <class Job>
class training {
  public:
    explicit training(thread::rank_communicators const& me) : trainer_(me) {
        trainer_.for_each_parameter([&](int k, int layer, parameter_record const& p) {
            auto* const values = parameter_values<element>(trainer_.walk(), k, layer);
            auto const seed = static_cast<std::uint64_t>(1000L * k + layer);
            for_each_run(p.stored, trainer_.coordinate(), [&](long global, long local, long count) {
                for (long i = 0; i < count; ++i)
                    values[local + i] =
                        static_cast<element>(0.03 * noise(seed, static_cast<std::uint64_t>(global + i)));
            });
        });
    }
    void operator()() {
        step_numbers numbers;
        numbers.adamw = {1e-4, 0.9, 0.95, 1e-8, 0.1, ++step_};
        trainer_.step(numbers, [](long row, int* tokens, int* targets) {
            for (long i = 0; i < Job::batch.sequence; ++i) {
                tokens[i] = static_cast<int>((row * 7919 + i * 104'729) % trainer<Job>::vocabulary);
                targets[i] = static_cast<int>((row * 7919 + (i + 1) * 104'729) % trainer<Job>::vocabulary);
            }
        });
    }

  private:
    using element = typename trainer<Job>::element;
    trainer<Job> trainer_;
    long step_ = 0;
};

}  // namespace detail

/// A training step of a job: forward, backward, the norm and AdamW. `BENCHMARK(bench::train_step<my_job>)`. Limit: in
/// float, what oneDNN's product of 1024 x 1024 x 1024 reaches on all the ranks' CPUs; the flops are those performed:
/// matrix products three times forward, attention 3.5 times, of its causal half.
/// @pre the job is legal [ST-S6xx]
template <class Job>
void train_step(benchmark::State& state) {
    if constexpr (program<Job>::plan::accepted) {
        work const w{limit::product, checked<Job>::value.step_flops};
        measure<typename trainer<Job>::element, typename Job::mesh>(state, 2 * program_of<Job>.schedule.at.slots, w,
                                                                    [](auto& me) { return detail::training<Job>(me); });
    }
}

}  // namespace shardtype::bench
