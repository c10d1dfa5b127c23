#pragma once

#include <shardtype/rules/fix_words.hpp>
#include <shardtype/schedule/schedule.hpp>

namespace shardtype::detail {

/// Which of a schedule's tables is full, for [ST-S604]: of a builder with so many buffers and segments. AllSteps: it was
/// filled behind the last step of the model, by what puts collectives and releases between them.
template <bool AllSteps, int Steps, int Buffers, int Segments>
constexpr auto full_table_of_schedule() {
    using builder = schedule_builder;
    if constexpr (Segments == builder::max_segments) {
        return full_table<tables::max_segments, builder::max_segments>{};
    } else if constexpr (Buffers == builder::max_buffers) {
        return full_table<tables::max_buffers, builder::max_buffers>{};
    } else if constexpr (AllSteps || Steps == builder::max_steps) {
        return full_table<tables::max_steps, builder::max_steps>{};
    } else {
        return full_table<tables::max_arguments, max_arguments>{};
    }
}

}  // namespace shardtype::detail
