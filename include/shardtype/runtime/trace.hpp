#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <shardtype/runtime/program.hpp>

namespace shardtype {

namespace detail {
template <class... Kernels>
constexpr char const* kernel_name(type_list<Kernels...>, unsigned id) {
    char const* name = "?";
    ((id == id_of<Kernels> ? (void)(name = Kernels::name) : void()), ...);
    return name;
}
}  // namespace detail

/// The name behind a step's kernel number, as `trace_writer` asks for it.
template <class Job>
constexpr char const* kernel_name_of(unsigned id) {
    return detail::kernel_name(typename detail::kernels_of<Job>::type{}, id);
}

/// One run of one step of the schedule, on one rank. Times are nanoseconds of the steady clock.
struct trace_event {
    std::int64_t begin = 0;  ///< of the step
    std::int64_t end = 0;    ///< of it
    int step = 0;            ///< its place in the schedule
    int layer = 0;           ///< of the loop, counted from its first, whichever way the loop goes
    int training = 0;        ///< the training step
    int micro_batch = 0;     ///< from 0
};

/// What one rank's walker did in the training steps [first, last). Its room is taken when it is made; where that is not
/// enough the rest is counted, not kept. Recording costs two readings of the clock per step of the schedule.
class trace_recorder {
  public:
    /// Room for those steps of `s`, with `micro_batches` each, but for at most `most` events of 32 bytes.
    trace_recorder(schedule_view const& s, int first, int last, int micro_batches = 1, long most = 1L << 18)
        : schedule_(s), first_(first), last_(last) {
        events_.resize(
            static_cast<std::size_t>(std::min(most, events_of(s, micro_batches) * std::max(0, last - first))));
    }

    /// Events of one training step.
    static long events_of(schedule_view const& s, int micro_batches) {
        long count = 0;
        for (int g = 0; g < s.segment_count; ++g)
            if (s.segments[g].when != segment_kind::set_up)
                for (int i = s.segments[g].begin; i < s.segments[g].end; ++i)
                    if (s.steps[i].kind != step_kind::release) count += s.segments[g].trips;
        return count * micro_batches;
    }

    /// The training step that begins, as its user counts them.
    void begin_step(int number) noexcept { training_ = number, open_ = number >= first_ && number < last_; }
    /// Whether this training step is recorded.
    bool open() const noexcept { return open_; }
    /// Nanoseconds of the clock that events have.
    static std::int64_t now() noexcept {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
            .count();
    }
    /// One step of the schedule that has run. Allocates nothing.
    void add(int step, int layer, int micro_batch, std::int64_t begin, std::int64_t end) noexcept {
        if (count_ == events_.size()) {
            ++lost_;
            return;
        }
        events_[count_++] = {begin, end, step, layer, training_, micro_batch};
    }

    /// What was recorded, in order.
    std::span<trace_event const> events() const { return {events_.data(), count_}; }
    /// Events that found no room.
    long lost() const { return lost_; }
    /// What the walker walked.
    schedule_view const& schedule() const { return schedule_; }

  private:
    schedule_view schedule_;
    std::vector<trace_event> events_;
    std::size_t count_ = 0;
    long lost_ = 0;
    int first_ = 0, last_ = 0, training_ = 0;
    bool open_ = false;
};

/// Recorders as one JSON text for Perfetto (https://ui.perfetto.dev) and chrome://tracing: a process for each run, a track
/// for each rank. On a track lie training steps, in them forward, backward and update, in these the trips of loops, in
/// these kernels, and collectives as "all_gather start", "wait" and "finish". Times are microseconds of the steady clock.
class trace_writer {
  public:
    /// A run: its name, the names of its mesh's axes, and `kernel_name_of<Job>`.
    void begin_run(std::string_view name, std::span<std::string_view const> axes, char const* (*kernel)(unsigned)) {
        ++run_;
        axes_.assign(axes.begin(), axes.end());
        kernel_ = kernel;
        meta("process_name", 0, quoted(name));
    }

    /// One rank of it.
    void add(int rank, trace_recorder const& from) {
        meta("thread_name", rank, quoted("rank " + std::to_string(rank)));
        std::span<trace_event const> const all = from.events();
        if (all.empty()) return;
        lost_ += from.lost();
        schedule_view const& s = from.schedule();
        auto const same_step = [](trace_event const& x, trace_event const& y) { return x.training == y.training; };
        auto const same_phase = [&](trace_event const& x, trace_event const& y) {
            return kind_of(s, x) == kind_of(s, y) && x.micro_batch == y.micro_batch;
        };
        auto const same_trip = [&](trace_event const& x, trace_event const& y) {
            return segment_of(s, x) == segment_of(s, y) && x.layer == y.layer;
        };
        each_group(all, same_step, [&](std::span<trace_event const> step) {
            slice(rank, "step " + std::to_string(step[0].training), "step", step, "");
            each_group(step, same_phase, [&](std::span<trace_event const> phase) {
                segment_kind const k = kind_of(s, phase[0]);
                bool const repeated = k == segment_kind::forward || k == segment_kind::backward;
                slice(rank, phase_name(k), "phase", phase,
                      repeated ? "\"micro_batch\":" + std::to_string(phase[0].micro_batch) : "");
                each_group(phase, same_trip, [&](std::span<trace_event const> trip) { add_trip(rank, s, trip); });
            });
        });
    }

    /// Events that found no room, over all recorders added.
    long lost() const { return lost_; }

    /// All of it.
    std::string text() const {
        return "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"events lost\":\"" + std::to_string(lost_) +
               "\"},\"traceEvents\":[\n" + out_ + "\n]}\n";
    }

  private:
    static int segment_of(schedule_view const& s, trace_event const& e) {
        int g = 0;
        while (g + 1 < s.segment_count && e.step >= s.segments[g].end) ++g;
        return g;
    }
    static segment_kind kind_of(schedule_view const& s, trace_event const& e) {
        return s.segments[segment_of(s, e)].when;
    }
    static char const* part_name(step_kind k) {
        return k == step_kind::collective_wait ? " wait" : k == step_kind::collective_finish ? " finish" : " start";
    }
    static char const* phase_name(segment_kind k) {
        switch (k) {
            case segment_kind::set_up:
                return "set-up";
            case segment_kind::begin_step:
                return "begin";
            case segment_kind::forward:
                return "forward";
            case segment_kind::backward:
                return "backward";
            case segment_kind::report:
                return "report";
            case segment_kind::update:
                return "update";
        }
        return "?";
    }

    template <class Same, class F>
    static void each_group(std::span<trace_event const> all, Same same, F f) {
        for (std::size_t i = 0, j = 0; i < all.size(); i = j) {
            for (j = i + 1; j < all.size() && same(all[i], all[j]);) ++j;
            f(all.subspan(i, j - i));
        }
    }

    void add_trip(int rank, schedule_view const& s, std::span<trace_event const> trip) {
        segment const& g = s.segments[segment_of(s, trip[0])];
        if (g.first_layer >= 0)
            slice(rank, "layer " + std::to_string(g.first_layer + trip[0].layer), "layer", trip, "");
        for (trace_event const& e : trip) {
            step const& is = s.steps[e.step];
            std::string name = kernel_(is.kernel), arguments = "\"step\":" + std::to_string(e.step);
            bool const collective = is.kind != step_kind::kernel;
            if (collective) name += part_name(is.kind);
            if (g.first_layer >= 0) arguments += ",\"layer\":" + std::to_string(g.first_layer + e.layer);
            if (collective && is.axis >= 0 && static_cast<std::size_t>(is.axis) < axes_.size())
                arguments += ",\"axis\":" + quoted(axes_[static_cast<std::size_t>(is.axis)]);
            for (int p = 0; p < s.parameter_count && collective; ++p)
                if (is.args > 0 && s.parameters[p].weight == is.arg[0].buffer)
                    arguments += ",\"parameter\":" + quoted(s.parameters[p].is.name.data);
            slice(rank, name, collective ? "collective" : "kernel", {&e, 1}, arguments);
        }
    }

    void slice(int rank, std::string const& name, char const* category, std::span<trace_event const> over,
               std::string const& arguments) {
        event(",\"name\":" + quoted(name) + ",\"cat\":\"" + category +
              "\",\"ph\":\"X\",\"tid\":" + std::to_string(rank) + ",\"ts\":" + microseconds(over.front().begin) +
              ",\"dur\":" + microseconds(over.back().end - over.front().begin) +
              (arguments.empty() ? "" : ",\"args\":{" + arguments + "}"));
    }
    void meta(char const* what, int rank, std::string const& name) {
        event(",\"name\":\"" + std::string(what) + "\",\"ph\":\"M\",\"tid\":" + std::to_string(rank) +
              ",\"args\":{\"name\":" + name + "}");
    }
    void event(std::string const& members) {
        out_ += (out_.empty() ? "{\"pid\":" : ",\n{\"pid\":") + std::to_string(run_) + members + "}";
    }
    static std::string microseconds(std::int64_t nanoseconds) {
        char text[32];
        std::snprintf(text, sizeof text, "%ld.%03ld", static_cast<long>(nanoseconds / 1000),
                      static_cast<long>(nanoseconds % 1000));
        return text;
    }
    static std::string quoted(std::string_view text) {
        std::string out = "\"";
        for (char const c : text) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
            if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20)
                out += escaped;
            else
                out += c;
        }
        return out + '"';
    }

    std::string out_;
    std::vector<std::string> axes_;
    char const* (*kernel_)(unsigned) = nullptr;
    int run_ = -1;
    long lost_ = 0;
};

}  // namespace shardtype
