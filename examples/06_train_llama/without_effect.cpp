#include "without_effect.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace {

// The flags given, among those of a section that f(name) picks, separated by commas.
template <class Pick>
std::string given(settings const& with, std::string_view section, Pick f) {
    std::string out;
    for_each_setting(with, [&](char const* name, auto const& s) {
        if (s.section == section && s.from == origin::flag && f(std::string_view(name)))
            out += (out.empty() ? "" : ", ") + flag_of(name);
    });
    return out;
}

std::string given_for_validation(settings const& with) {
    return given(with, "validation", [](std::string_view name) { return name != "validation_enable"; });
}

}  // namespace

void refuse_forgotten(settings const& with) {
    if (with.validation_enable.value || with.validation_enable.from == origin::flag) return;
    if (std::string const flags = given_for_validation(with); !flags.empty())
        throw usage_error(flags + ": without --validation-enable nothing is evaluated");
}

std::vector<std::string> without_effect(settings const& with, std::vector<layout_spec> const& layouts, bool planned) {
    std::vector<std::string> out;
    auto const note = [&](std::string const& flags, std::string const& why) {
        if (!flags.empty()) out.push_back(flags + " without effect: " + why);
    };
    if (!with.validation_enable.value)
        note(given_for_validation(with), "--no-validation-enable");
    else if (!with.validation_dataset.value.empty())
        note(given(with, "validation", [](std::string_view name) { return name == "validation_fraction"; }),
             "all of --validation-dataset is held out");
    if (std::none_of(layouts.begin(), layouts.end(), [](layout_spec const& s) { return s.dp_shard > 1; }))
        note(given(with, "parallelism",
                   [](std::string_view name) { return name == "zero_stage" || name == "fsdp_reshard_after_forward"; }),
             "no dp_shard axis to split anything over");
    if (!planned) note(given(with, "planner", [](std::string_view) { return true; }), "they are of --layout auto");
    if (with.activation_checkpoint_mode.value != "selective")
        note(given(with, "activation_checkpoint", [](std::string_view name) { return name == "selective_ac_option"; }),
             "it is of --activation-checkpoint-mode selective");
    long const first = with.trace_first.value, last = first + with.trace_steps.value - 1, steps = with.steps.value;
    auto const of_trace = [](std::string_view name) { return name == "trace_first" || name == "trace_steps"; };
    if (with.trace.value.empty())
        note(given(with, "profiling", of_trace), "no --trace");
    else if (first > steps && with.trace_first.from != origin::standard)
        out.push_back("--trace-first " + text_of(first) + ": the last step is " + text_of(steps) + ", and is traced");
    else if (last > steps && with.trace_steps.from != origin::standard)
        out.push_back("--trace-steps " + text_of(with.trace_steps.value) + ": the last step is " + text_of(steps) +
                      "; traced from step " + text_of(first));
    return out;
}
