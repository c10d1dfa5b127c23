// Trains the Llama-3 debug model under layouts that are types, at one global batch. `train_llama --help` tells the rest.

#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <shardtype/runtime/peak.hpp>

#include "choose_auto.hpp"
#include "choose_layouts.hpp"
#include "compiled_layouts.hpp"  // made by CMake: `compiled`, the list of jobs
#include "layout_fault.hpp"
#include "output_file.hpp"
#include "processes.hpp"
#include "read_settings.hpp"
#include "settings_file.hpp"
#include "train_job.hpp"
#include "without_effect.hpp"

namespace {

template <class... Jobs>
layout_table on_threads(st::type_list<Jobs...>) {
    return {{{Jobs::spec, st::trainer<Jobs>::arena_bytes}...}, {&train<Jobs, thread_ranks>...}};
}

// Reads what --dataset and --validation-dataset name. @throws usage_error beginning with the flag
st::corpus read_corpus(settings const& with, std::string const& flag, std::string const& path) {
    try {
        st::corpus data = st::corpus::from_path(path);
        if (st::detail::first_bad_utf8(path) != path.size() && !with.record.value.empty())
            throw std::runtime_error(printable(path) + " is not UTF-8: a record cannot name it");
        return data;
    } catch (std::exception const& e) {
        std::error_code error;
        bool const there = std::filesystem::exists(path, error) || error;
        throw usage_error(flag + ": " + e.what() + (there ? "" : "; a dataset is " + std::string(with.dataset.help)));
    }
}

bool lies_in(std::filesystem::path const& inner, std::filesystem::path const& outer) {
    auto const way = std::filesystem::canonical(inner).lexically_relative(std::filesystem::canonical(outer));
    return !way.empty() && *way.begin() != "..";
}

data_sets read_data(settings const& with) {
    char const* const which = with.dataset.from == origin::file ? "[training] dataset" : "--dataset";
    data_sets data{read_corpus(with, which, with.dataset.value), {}};
    std::string const& own = with.validation_dataset.value;
    std::string flag = "--validation-dataset";
    if (with.validation_enable.value && !own.empty()) {
        data.held_out = read_corpus(with, flag, own);
        if (lies_in(own, with.dataset.value) || lies_in(with.dataset.value, own))
            throw usage_error(flag + ": " + printable(own) + " and --dataset " + printable(with.dataset.value) +
                              " have text in common; without it, the dataset's end is held out");
    } else if (with.validation_enable.value) {
        flag = "--validation-fraction " + text_of(with.validation_fraction.value);
        data.held_out = data.training.split_off(with.validation_fraction.value);
    }
    auto const check = [&](std::string const& of, st::corpus const& what) {
        try {
            what.check(st::llama3_debug.vocabulary, with.seq_len.value);
        } catch (std::exception const& e) {
            throw usage_error(of + ": " + e.what());
        }
    };
    check(which, data.training);
    if (data.held_out) check(flag, *data.held_out);
    return data;
}

void check_memory(compiled_layout const& layout, machine const& on) {
    double const ranks = on.ranks_here(layout.spec.ranks()), needed = static_cast<double>(layout.arena_bytes) * ranks;
    if (needed > on.memory_bytes)
        throw usage_error("--layout: " + layout.spec.name() + " needs " + std::to_string(std::lround(ranks)) + " x " +
                          st::byte_count(static_cast<double>(layout.arena_bytes)) + " of memory; there are " +
                          st::byte_count(on.memory_bytes));
}

// A layout has as many ranks as processes were started.
void check_ranks(std::vector<int> const& chosen, layout_table const& all, st::launch const& started) {
    std::string wrong, right, ranks;
    for (int const i : chosen) {
        layout_spec const& s = all.layouts[static_cast<std::size_t>(i)].spec;
        if (s.ranks() == started.size) continue;
        if (ranks.empty()) ranks = std::to_string(s.ranks());
        wrong += (wrong.empty() ? "" : ", ") + s.name() + " (" + std::to_string(s.ranks()) + " ranks)";
    }
    if (wrong.empty()) return;
    for (compiled_layout const& c : all.layouts)
        if (c.spec.ranks() == started.size && right.find(c.spec.name()) == std::string::npos)
            right += (right.empty() ? "; compiled for that number: " : ", ") + c.spec.name();
    throw usage_error("--layout: " + wrong + ", but " + st::launcher_name(started.by) + " has started " +
                      std::to_string(started.size) + ": every rank is a process, as in mpirun -n " + ranks + right);
}

// What a run needs, all of it checked.
struct prepared_run {
    settings with;
    std::optional<automatic_choice> planned;
    std::vector<int> chosen;
    machine on;
    data_sets data;
};

prepared_run prepare(settings with, layout_table const& all, st::launch const& started) {
    if (gpus::here && (with.enable_profiling.value || !with.trace.value.empty()))
        throw usage_error(std::string(with.trace.value.empty() ? "--enable-profiling" : "--trace") +
                          ": it is of ranks on the CPU");
    bool const several = started.by != st::launcher::threads;
    if (several && with.ranks.from == origin::standard) with.ranks.value = started.size;
    if (several && !with.trace.value.empty())
        throw usage_error(std::string("--trace: a trace is of ranks that are threads: run it without ") +
                          st::launcher_name(started.by));
    refuse_forgotten(with);
    check_outputs(with);
    std::optional<automatic_choice> planned = choose_auto(with, all.layouts);
    std::vector<int> chosen;
    try {
        chosen = choose_layouts(with, all.layouts, {built_from, built_in, layouts_added, &fault_of_layout});
    } catch (not_compiled const& e) {
        read_data(with);  // what is wrong with it is known before a build of minutes
        if (!planned) throw;
        throw not_compiled("--layout auto: " + planned->line + (planned->next.empty() ? "" : "; " + planned->next) +
                           "; " + e.what());
    }
    machine on;
    if (gpus::here) on.memory_bytes = gpus::memory();
    if (several) {
        check_ranks(chosen, all, started);
        on.processes = gpus::here ? 1 : started.local_size > 0 ? started.local_size : started.size;
    }
    for (int const i : chosen) check_memory(all.layouts[static_cast<std::size_t>(i)], on);
    data_sets data = read_data(with);
    for (std::string* path : {&with.dataset.value, &with.validation_dataset.value})  // a record works from any folder
        if (!path->empty()) *path = std::filesystem::absolute(*path).string();
    if (!speaks) with.record.value.clear(), with.report.value.clear();
    return {std::move(with), std::move(planned), std::move(chosen), on, std::move(data)};
}

// Another process has told what is wrong.
struct told_elsewhere {};

// Of all processes the first that fails speaks for all.
template <class F>
void together(processes const* others, F f) {
    std::exception_ptr failure;
    try {
        f();
    } catch (std::exception const&) {
        failure = std::current_exception();
    }
    int const failed = others != nullptr ? others->first(failure != nullptr) : -1;
    if (failed >= 0) {
        speaks = failure != nullptr && failed == others->rank();
        if (!speaks) throw told_elsewhere{};
    }
    if (failure) std::rethrow_exception(failure);
}

// `others`: null where all ranks are threads of this process.
void run_all(int argc, char** argv, layout_table const& all, st::launch const& started, processes const* others) {
    std::optional<prepared_run> made;
    std::optional<output_file> record, page, trace_file;
    together(others, [&] {
        std::optional<settings> const given = read_settings(argc, argv, layouts_help(all.layouts));
        if (!given) return;
        made = prepare(*given, all, started);
        record.emplace("--record", made->with.record.value);
        page.emplace("--report", made->with.report.value);
        trace_file.emplace("--trace", made->with.trace.value);
    });
    if (!made) return;
    auto const& [with, planned, chosen, on_start, data] = *made;
    machine on = on_start;
    auto const layout = [&](int i) -> compiled_layout const& { return all.layouts[static_cast<std::size_t>(i)]; };
    std::vector<layout_spec> specs;
    specs.reserve(chosen.size());
    for (int const i : chosen) specs.push_back(layout(i).spec);
    for (std::string const& note : without_effect(with, specs, planned.has_value())) say(note);
    bool const first_here = started.local_rank == 0;
    if (others) on.cpus = static_cast<int>(std::lround(others->sum(first_here ? on.cpus : 0)));
    report out(with);
    out.data(data.training.source(), data.training.size(), data.training.documents() > 0, on.cpus,
             data.held_out ? data.held_out->source() : "", data.held_out ? data.held_out->size() : 0);
    if (planned) out.planned(*planned);
    if (gpus::here)
        on.matmul_flops = gpus::peak();
    else if (first_here)
        on.matmul_flops = st::product_peak(on_start.cpus);
    if (others) on.matmul_flops = others->sum(on.matmul_flops);
    std::vector<run_report> runs;
    st::trace_writer trace;
    bool one_batch = true;
    for (int const i : chosen) {
        runs.push_back(all.functions[static_cast<std::size_t>(i)](with, data, on, out, trace));
        one_batch = one_batch && layout(i).spec.global_batch_size == layout(chosen[0]).spec.global_batch_size;
    }
    out.close(runs, one_batch);
    if (trace_file->wanted()) out.trace(with.trace.value, trace.lost());
    std::string failed;  // one that cannot be written does not cost the others
    auto const write = [&failed](output_file& to, auto text) {
        try {
            if (to.wanted()) to.write(text());
        } catch (std::exception const& e) {
            failed += (failed.empty() ? "" : "; ") + std::string(e.what());
        }
    };
    write(*record, [&] { return record_text(with, runs); });
    write(*page, [&] { return report::page(with, runs); });
    write(*trace_file, [&] { return trace.text(); });
    if (!failed.empty()) throw std::runtime_error(failed);
}

// Who started this process; one task of a launcher that says nothing of MPI is a program by itself.
st::launch who_started() {
    try {
        st::launch const l = st::read_launch();
        return l.size == 1 && !l.by_mpi() ? st::launch{} : l;
    } catch (std::invalid_argument const& e) {
        throw usage_error(e.what());
    }
}

void join(st::launch const& started, processes const& others) {
    if (&others == &mpi_processes && started.by == st::launcher::torchrun)
        throw usage_error("torchrun has started " + std::to_string(started.size) +
                          " processes, but CPU ranks that are processes need MPI: start them by mpirun -n " +
                          std::to_string(started.size) + ", or one by itself: then its ranks are threads");
    others.join(started);
}

int failed(int code, std::exception const& e) {
    say(e.what());
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    bool joined = false;
    try {
        st::launch const started = who_started();
        bool const several = started.by != st::launcher::threads;
        speaks = started.rank == 0;
        processes const* const others = !several ? nullptr : gpus::here ? &gpus::joined : &mpi_processes;
        if (others) join(started, *others), joined = true;
        if (!speaks && std::freopen("/dev/null", "w", stdout) == nullptr) throw std::runtime_error("no /dev/null");
        run_all(argc, argv,
                others       ? others->layouts()
                : gpus::here ? gpus::sharing()
                             : on_threads(compiled{}),
                started, others);
        if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return 0;
        say("standard output could not be written");
        return 1;
    } catch (usage_error const& e) {
        if (!joined && !speaks)
            std::this_thread::sleep_for(std::chrono::seconds(1));  // a launcher ends all with the first
        return failed(2, e);
    } catch (told_elsewhere const&) {
        return 2;
    } catch (std::exception const& e) {
        return failed(1, e);
    }
}
