#pragma once

#include <stdexcept>
#include <string>

#include <shardtype/train/initialise.hpp>
#include <shardtype/train/state.hpp>

namespace shardtype {

/// What a step reports, equal on every rank.
struct step_result {
    double loss = 0;           ///< mean over the step's tokens, over all ranks
    double gradient_norm = 0;  ///< before clipping
};

/// One rank of a job being trained. Made on the rank's own thread.
/// @snippet 05_chain.cpp train
/// The ranks are threads, or what `Communicators` joins.
template <class Job, class Communicators = thread::rank_communicators>
class trainer {
  public:
    using element = typename checked<Job>::element;   ///< float, or what the job says
    static constexpr batch_shape batch = Job::batch;  ///< over all ranks
    static constexpr layout tokens_layout =
        checked<Job>::value.at(checked<Job>::value.tokens);  ///< which rows this rank has
    /// Bytes of this rank's one allocation.
    /// @snippet 05_chain.cpp memory
    static constexpr long arena_bytes = lowered<Job, back_end_of<Communicators>>::arena_bytes;

    /// Token ids are below this.
    static constexpr long vocabulary = checked<Job>::value.vocabulary();

    /// For the rank that `comm` belongs to; `run` makes it.
    explicit trainer(Communicators const& comm) : walker_(program_of<Job, Communicators>, comm) {}

    /// Its number in the mesh, row-major.
    int rank() const { return walker_.context().rank; }
    /// The executor, for state and profiles.
    /// @{
    walker& walk() { return walker_; }
    walker const& walk() const { return walker_; }
    /// @}
    /// What joins this rank to the others.
    Communicators const& comm() const { return walker_.comm(); }

    /// First values by the model's own initialisers; the same numbers in every layout.
    void initialise(std::uint64_t seed) {
        for_each_parameter([&](int k, int layer, parameter_record const& p) {
            auto const stream = static_cast<std::uint32_t>(p.number);
            write_parameter<element>(walker_, k, layer, [&](element* values) {
                for_each_run(p.stored, coordinate(), [&](long global, long local, long count) {
                    for (long i = 0; i < count; ++i)
                        values[local + i] = static_cast<element>(
                            initial_value(p.init, seed, stream, static_cast<std::uint64_t>(global + i),
                                          p.first_layer + layer, p.stored.extent[p.stored.rank - 1]));
                });
            });
        });
    }

    /// One step on the rows that `row(number, tokens, targets)` writes: `number` counts the step's rows over all ranks,
    /// each of `batch.sequence` ids below `vocabulary`.
    /// @snippet 05_chain.cpp data
    /// @throws std::runtime_error for an id that is not
    template <class Row>
    step_result step(step_numbers const& numbers, Row row) {
        walker_.context().numbers = numbers;
        walker_.step_once(batch.micro_batches, [&](int m) { place_rows(m, row); });
        double report[2];
        read(report, walker_.program().schedule.at.report);
        return {report[0], report[1]};
    }
    /// The mean loss of the rows that `row` writes, as `step` would report it; nothing is learnt.
    /// @throws std::runtime_error for an id that is not below `vocabulary`
    template <class Row>
    double evaluate(Row row) {
        walker_.evaluate_once(batch.micro_batches, [&](int m) { place_rows(m, row); });
        element loss[1];
        read(loss, walker_.program().schedule.at.loss);
        return static_cast<double>(loss[0]);
    }

    /// Calls f(parameter number, layer, record) for every parameter of every layer; `layer` is its slot, from 0, and
    /// `record.first_layer + layer` its place in the repeat.
    template <class F>
    void for_each_parameter(F f) const {
        schedule_view const& s = walker_.program().schedule;
        for (int k = 0; k < s.parameter_count; ++k)
            for (int layer = 0; layer < s.parameters[k].is.layers; ++layer) f(k, layer, s.parameters[k].is);
    }

    /// Its place along each axis of the mesh.
    int const* coordinate() const { return walker_.context().coordinate; }

  private:
    /// Micro-batch m has rows [m, m + 1) * global / micro_batches of the step.
    template <class Row>
    void place_rows(int m, Row& row) {
        walker const& w = walker_;
        landmarks const& at = w.program().schedule.at;
        long const first = m * (batch.global / batch.micro_batches) + tokens_layout.offset(0, coordinate());
        long const rows = tokens_layout.local(0);
        bool const direct = w.on().host_data() != nullptr;
        int *tokens = w.at<int>(at.tokens), *targets = w.at<int>(at.targets);
        if (!direct) {
            ids_.resize(static_cast<std::size_t>(2 * rows * batch.sequence));
            tokens = ids_.data();
            targets = tokens + rows * batch.sequence;
        }
        for (long r = 0; r < rows; ++r) {
            row(first + r, tokens + r * batch.sequence, targets + r * batch.sequence);
            check_ids(first + r, tokens + r * batch.sequence, "token");
            check_ids(first + r, targets + r * batch.sequence, "target");
        }
        if (direct) return;
        long const bytes = rows * batch.sequence * static_cast<long>(sizeof(int));
        w.on().put(w.at<int>(at.tokens), tokens, bytes);
        w.on().put(w.at<int>(at.targets), targets, bytes);
    }
    template <class T, std::size_t N>
    void read(T (&to)[N], short buffer) const {
        walker const& w = walker_;
        w.on().get(to, w.at<T>(buffer), static_cast<long>(sizeof to));
    }
    static void check_ids(long row, int const* ids, char const* what) {
        for (long i = 0; i < batch.sequence; ++i)
            if (ids[i] < 0 || ids[i] >= vocabulary)
                throw std::runtime_error(std::string(what) + " " + std::to_string(ids[i]) + " in row " +
                                         std::to_string(row) + " at " + std::to_string(i) +
                                         " is not below the vocabulary of " + std::to_string(vocabulary));
    }

    walker_on<Communicators> walker_;
    std::vector<int> ids_;  // of a micro-batch, where the host cannot reach the device's memory
};

}  // namespace shardtype
