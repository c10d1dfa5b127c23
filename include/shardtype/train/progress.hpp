#pragma once

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include <shardtype/train/metrics.hpp>

namespace shardtype {

/// Seconds as people read them: `45 s`, `3 min 20 s`, `2 h 05 min`.
inline std::string duration_text(double seconds) {
    char text[48];
    long const s = seconds > 0 && seconds < 1e9 ? std::lround(seconds) : 0;
    if (s < 60)
        std::snprintf(text, sizeof text, "%ld s", s);
    else if (s < 3600)
        std::snprintf(text, sizeof text, "%ld min %02ld s", s / 60, s % 60);
    else
        std::snprintf(text, sizeof text, "%ld h %02ld min", s / 3600, s / 60 % 60);
    return text;
}

/// How far a run is, with its rate and what is left, without a line end; at most `width` characters:
/// `tp=8  [###-------]  350/1000   35 %  12 steps/s  54 s left  loss 3.2145  24,800 tokens/s`
inline std::string progress_text(std::string const& name, long step, long steps, double seconds_per_step, double tokens,
                                 double loss, int width = 200) {
    using detail::number;
    long const filled = 10 * step / std::max(1L, steps);
    std::string bar(static_cast<std::size_t>(filled), '#');
    bar.resize(10, '-');
    double const per_second = seconds_per_step > 0 ? 1 / seconds_per_step : 0;
    std::string out = name + "  [" + bar + "]  " + std::to_string(step) + "/" + std::to_string(steps) + "  " +
                      detail::pad_left(std::to_string(100 * step / std::max(1L, steps)), 3) + " %  " +
                      number(per_second, per_second < 10 ? 2 : 0, true) + " steps/s  " +
                      duration_text(seconds_per_step * static_cast<double>(steps - step)) + " left  loss " +
                      number(loss, 4, false) + "  " + number(per_second * tokens, 0, true) + " tokens/s";
    if (out.size() > static_cast<std::size_t>(std::max(1, width)))
        out.resize(static_cast<std::size_t>(std::max(1, width)));
    return out;
}

/// One line on a terminal that is written over; where `to` is none, nothing is written at all, so that logs stay plain
/// lines. Other output to the same terminal comes between `clear` and the next `show`.
class progress_line {
  public:
    /// For standard error, by default.
    explicit progress_line(std::FILE* to = stderr) : to_(to), terminal_(isatty(fileno(to)) != 0) {}
    ~progress_line() { clear(); }
    progress_line(progress_line const&) = delete;
    progress_line& operator=(progress_line const&) = delete;

    /// A new run of `steps` steps of `tokens` tokens each.
    void begin(std::string name, long steps, double tokens) {
        name_ = std::move(name), steps_ = steps, tokens_ = tokens, mean_ = 0, shown_ = -1;
    }
    /// After step `step`, from 1, which took `seconds`. The rate is a mean that forgets: about the last 20 steps. Writes at
    /// most ten times per second.
    void show(long step, double seconds, double loss) {
        if (!terminal_) return;
        mean_ = mean_ == 0 || step == 2 ? seconds : mean_ + (seconds - mean_) / 20;  // the first step warms up
        since_ += seconds;
        if (shown_ >= 0 && since_ < 0.1 && step != steps_ && visible_) return;
        since_ = 0, shown_ = step;
        winsize size{};
        int const width = ioctl(fileno(to_), TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1 : 79;
        std::fprintf(to_, "\r%s\x1b[K", progress_text(name_, step, steps_, mean_, tokens_, loss, width).c_str());
        std::fflush(to_);
        visible_ = true;
    }
    /// Takes the line away.
    void clear() {
        if (visible_) std::fprintf(to_, "\r\x1b[K"), std::fflush(to_);
        visible_ = false;
    }

  private:
    std::FILE* to_;
    bool terminal_, visible_ = false;
    std::string name_;
    long steps_ = 1, shown_ = -1;
    double tokens_ = 0, mean_ = 0, since_ = 0;
};

}  // namespace shardtype
