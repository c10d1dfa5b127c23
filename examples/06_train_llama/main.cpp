// Trains the Llama-3 debug model under layouts that are types, at one global batch. `train_llama --help` tells the rest.

#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <shardtype/runtime/peak.hpp>

#include "choose_layouts.hpp"
#include "compiled_layouts.hpp"  // made by CMake: `compiled`, the list of jobs
#include "layout_fault.hpp"
#include "output_file.hpp"
#include "read_settings.hpp"
#include "settings_file.hpp"
#include "train_job.hpp"
#include "without_effect.hpp"

namespace {

template <class... Jobs>
struct program {
    using train_function = run_report (*)(settings const&, data_sets const&, machine const&, report&,
                                          st::trace_writer&);
    std::vector<compiled_layout> layouts{{Jobs::spec, st::trainer<Jobs>::arena_bytes}...};
    std::vector<train_function> functions{&train<Jobs>...};
};
template <class... Jobs>
program<Jobs...> program_of(st::type_list<Jobs...>);

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
    double const needed = static_cast<double>(layout.arena_bytes) * static_cast<double>(layout.spec.ranks());
    if (needed > on.memory_bytes)
        throw usage_error("--layout: " + layout.spec.name() + " needs " + std::to_string(layout.spec.ranks()) + " x " +
                          st::byte_count(static_cast<double>(layout.arena_bytes)) + " of memory; there are " +
                          st::byte_count(on.memory_bytes));
}

using every_layout = decltype(program_of(compiled{}));

void run_all(settings with, every_layout const& all) {
    refuse_forgotten(with);
    check_outputs(with);
    std::vector<int> chosen;
    try {
        chosen = choose_layouts(with, all.layouts, {built_from, built_in, layouts_added, &fault_of_layout});
    } catch (not_compiled const&) {
        read_data(with);  // what is wrong with it is known before a build of minutes
        throw;
    }
    auto const layout = [&](int i) -> compiled_layout const& { return all.layouts[static_cast<std::size_t>(i)]; };
    machine on;
    for (int const i : chosen) check_memory(layout(i), on);
    data_sets const data = read_data(with);
    for (std::string* path : {&with.dataset.value, &with.validation_dataset.value})  // a record works from any folder
        if (!path->empty()) *path = std::filesystem::absolute(*path).string();
    output_file record("--record", with.record.value), page("--report", with.report.value),
        trace_file("--trace", with.trace.value);
    std::vector<layout_spec> specs;
    specs.reserve(chosen.size());
    for (int const i : chosen) specs.push_back(layout(i).spec);
    for (std::string const& note : without_effect(with, specs))
        std::fprintf(stderr, "train_llama: %s\n", one_line(note).c_str());
    report out(with);
    out.data(data.training.source(), data.training.size(), data.training.documents() > 0, on.cpus,
             data.held_out ? data.held_out->source() : "", data.held_out ? data.held_out->size() : 0);
    on.matmul_flops = st::product_peak(on.cpus);
    std::vector<run_report> runs;
    st::trace_writer trace;
    bool one_batch = true;
    for (int const i : chosen) {
        runs.push_back(all.functions[static_cast<std::size_t>(i)](with, data, on, out, trace));
        one_batch = one_batch && layout(i).spec.global_batch_size == layout(chosen[0]).spec.global_batch_size;
    }
    out.close(runs, one_batch);
    if (trace_file.wanted()) out.trace(with.trace.value, trace.lost());
    std::string failed;  // one that cannot be written does not cost the others
    auto const write = [&failed](output_file& to, auto text) {
        try {
            if (to.wanted()) to.write(text());
        } catch (std::exception const& e) {
            failed += (failed.empty() ? "" : "; ") + std::string(e.what());
        }
    };
    write(record, [&] { return record_text(with, runs); });
    write(page, [&] { return report::page(with, runs); });
    write(trace_file, [&] { return trace.text(); });
    if (!failed.empty()) throw std::runtime_error(failed);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        every_layout const all;
        auto const with = read_settings(argc, argv, layouts_help(all.layouts));
        if (with) run_all(*with, all);
        if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return 0;
        std::fprintf(stderr, "train_llama: standard output could not be written\n");
        return 1;
    } catch (usage_error const& e) {
        std::fprintf(stderr, "train_llama: %s\n", one_line(e.what()).c_str());
        return 2;
    } catch (std::exception const& e) {
        std::fprintf(stderr, "train_llama: %s\n", one_line(e.what()).c_str());
        return 1;
    }
}
