#pragma once

#include <optional>
#include <vector>

#include <shardtype/runtime/trace.hpp>
#include <shardtype/train/corpus.hpp>
#include <shardtype/train/run.hpp>

#include "choose_layouts.hpp"
#include "llama_job.hpp"
#include "machine.hpp"
#include "report.hpp"

/// What is trained on, and what is held out.
struct data_sets {
    st::corpus training;
    std::optional<st::corpus> held_out;
};

/// The compiled layouts on ranks of one kind, each with the function that trains it.
struct layout_table {
    using train_function = run_report (*)(settings const&, data_sets const&, machine const&, report&,
                                          st::trace_writer&);
    std::vector<compiled_layout> layouts;
    std::vector<train_function> functions;
};

/// Ranks that are threads of this process.
struct thread_ranks {
    using communicators = st::thread::rank_communicators;
    static constexpr bool one_per_process = false;
    /// f(trainer&) on each.
    template <class Job, class F>
    static void run(F f) {
        st::run<Job>(f);
    }
    /// Over all processes.
    static double sum(double mine) { return mine; }
};
