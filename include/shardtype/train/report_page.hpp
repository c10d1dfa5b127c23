#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <shardtype/train/metrics.hpp>

namespace shardtype {

/// One run on a report page.
struct report_curve {
    run_summary summary;                                ///< its row in the table
    std::vector<double> losses;                         ///< by step
    std::vector<double> seconds;                        ///< of each step
    double tokens = 0;                                  ///< of each step
    std::vector<std::pair<long, double>> validation{};  ///< losses on held-out text, each behind this step
};

namespace detail {

inline std::string html(std::string_view text) {
    std::string out;
    for (char const c : text) {
        if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '&')
            out += "&amp;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    }
    return out;
}

/// A name that may be wrapped behind its commas.
inline std::string html_name(std::string_view text) {
    std::string out;
    for (char const c : html(text)) out += c == ',' ? ",<wbr>" : std::string(1, c);
    return out;
}

/// The round step (1, 2 or 5 times a power of ten) that divides `range` into about `parts`.
inline double round_step(double range, int parts) {
    double const raw = range / parts, power = std::pow(10, std::floor(std::log10(raw)));
    for (double const m : {1., 2., 5.})
        if (raw <= m * power * 1.0001) return m * power;
    return 10 * power;
}

/// The curves of a page as one SVG: lines over steps, axes labelled. At most 600 points of a curve are drawn, the mean of
/// as many neighbours each.
class chart {
  public:
    chart(std::string title, std::string unit, bool from_zero)
        : title_(std::move(title)), unit_(std::move(unit)), from_zero_(from_zero) {}
    /// values[i] is of step `first` + i.
    void add(std::vector<double> const& values, long first) {
        std::vector<std::pair<long, double>> points;
        points.reserve(values.size());
        for (double const y : values) points.emplace_back(first++, y);
        lines_.push_back(thinned(points));
    }
    /// Steps and values beside the curve that was added last, in its colour.
    void add_beside(std::vector<std::pair<long, double>> const& points) {
        beside_.resize(lines_.size());
        beside_.back() = thinned(points);
    }
    std::string svg() const {
        double low = from_zero_ ? 0 : low_, high = high_;
        if (!(high >= low)) low = 0, high = 1;  // no point at all
        if (high - low < 1e-9 * std::abs(high) || high == low)
            high += std::max(1e-3, 0.05 * std::abs(high)), low -= from_zero_ ? 0 : 1e-3;
        double const step = round_step(high - low, 6);
        low = std::floor(low / step + 1e-9) * step, high = std::ceil(high / step - 1e-9) * step;
        double const left = left_ <= right_ ? left_ : 0, right = right_ > left ? right_ : left + 1;
        auto const x = [&](double v) { return margin_left + (v - left) / (right - left) * plot_width; };
        auto const y = [&](double v) { return margin_top + (high - v) / (high - low) * plot_height; };
        std::string out = "<figure><figcaption>" + html(title_) + "</figcaption>\n<svg viewBox=\"0 0 " + fixed(width) +
                          " " + fixed(height) + "\" role=\"img\" aria-label=\"" + html(title_) + "\">\n";
        int const decimals = step >= 1 ? 0 : static_cast<int>(std::ceil(-std::log10(step) - 1e-9));
        for (double v = low; v < high + step / 2; v += step) {
            out += line_of("grid", margin_left, y(v), margin_left + plot_width, y(v));
            out += text_of(margin_left - 8, y(v) + 4, "end", number(v, decimals, true));
        }
        double const across = std::max(1., round_step(right - left, 8));
        for (double v = std::ceil(left / across) * across; v <= right + 1e-9; v += across) {
            out += line_of("tick", x(v), margin_top + plot_height, x(v), margin_top + plot_height + 5);
            out += text_of(x(v), margin_top + plot_height + 20, "middle", number(v, 0, true));
        }
        out +=
            line_of("axis", margin_left, margin_top + plot_height, margin_left + plot_width, margin_top + plot_height);
        out += text_of(margin_left + plot_width / 2, height - 6, "middle", "step", "label");
        out += "<text class=\"label\" text-anchor=\"middle\" transform=\"translate(16 " +
               fixed(margin_top + plot_height / 2) + ") rotate(-90)\">" + html(unit_) + "</text>\n";
        for (std::size_t i = 0; i < beside_.size(); ++i) {
            if (beside_[i].size() > 1)
                out += "<polyline class=\"curve beside c" + std::to_string(i % 8) +
                       "\" stroke-width=\"1.5\" points=\"" + places(beside_[i], x, y) + "\"/>\n";
            for (auto const& [at, value] : beside_[i]) out += dot(i, x(at), y(value));
        }
        for (std::size_t i = 0; i < lines_.size(); ++i) {
            // Curves that should be equal lie on each other: earlier ones are wider, so that all can be seen.
            double const wide =
                from_zero_ ? 2 : 2 + 2.5 * static_cast<double>(std::min<std::size_t>(lines_.size() - 1 - i, 3));
            out += "<polyline class=\"curve c" + std::to_string(i % 8) + (i < 8 ? "" : " more") + "\" stroke-width=\"" +
                   fixed(wide) + "\" points=\"" + places(lines_[i], x, y) + "\"/>\n";
            if (lines_[i].size() == 1) out += dot(i, x(lines_[i][0].first), y(lines_[i][0].second));
        }
        return out + "</svg></figure>\n";
    }

  private:
    static constexpr double width = 1060, height = 330, margin_left = 84, margin_top = 12, plot_width = 960,
                            plot_height = 264;
    using line = std::vector<std::pair<double, double>>;
    line thinned(std::vector<std::pair<long, double>> const& points) {
        std::size_t const bin = (points.size() + 599) / 600;
        line out;
        for (std::size_t i = 0; i < points.size(); i += bin) {
            std::size_t const end = std::min(points.size(), i + bin);
            double sum = 0;
            for (std::size_t j = i; j < end; ++j) sum += points[j].second;
            double const y = sum / static_cast<double>(end - i);
            if (!std::isfinite(y)) continue;
            double const x = 0.5 * static_cast<double>(points[i].first + points[end - 1].first);
            out.emplace_back(x, y);
            low_ = std::min(low_, y), high_ = std::max(high_, y);
            left_ = std::min(left_, x), right_ = std::max(right_, x);
        }
        return out;
    }
    template <class X, class Y>
    static std::string places(line const& points, X x, Y y) {
        std::string out;
        for (auto const& [at, value] : points) out += fixed(x(at)) + "," + fixed(y(value)) + " ";
        return out;
    }
    static std::string dot(std::size_t i, double x, double y) {
        return "<circle class=\"dot c" + std::to_string(i % 8) + "\" cx=\"" + fixed(x) + "\" cy=\"" + fixed(y) +
               "\" r=\"3.5\"/>\n";
    }
    static std::string fixed(double v) { return number(v, 1, false); }
    static std::string line_of(char const* what, double x1, double y1, double x2, double y2) {
        return std::string("<line class=\"") + what + "\" x1=\"" + fixed(x1) + "\" y1=\"" + fixed(y1) + "\" x2=\"" +
               fixed(x2) + "\" y2=\"" + fixed(y2) + "\"/>\n";
    }
    static std::string text_of(double x, double y, char const* anchor, std::string const& text, char const* what = "") {
        return std::string("<text class=\"") + what + "\" x=\"" + fixed(x) + "\" y=\"" + fixed(y) +
               "\" text-anchor=\"" + anchor + "\">" + html(text) + "</text>\n";
    }

    std::string title_, unit_;
    bool from_zero_;
    std::vector<line> lines_, beside_;
    double low_ = 1e300, high_ = -1e300, left_ = 1e300, right_ = -1e300;
};

inline constexpr std::string_view page_style = R"(<style>
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5b6472; --paper: #ffffff; --rule: #dfe3e8;
  --c0: #2563b0; --c1: #c2570c; --c2: #16803c; --c3: #a3269b; --c4: #b3202c; --c5: #0e7490; --c6: #7a5c00; --c7: #5b4bc4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa4b2; --paper: #14181f; --rule: #2c333d;
  --c0: #6aa9f4; --c1: #f2954a; --c2: #5ccb86; --c3: #e07ad8; --c4: #f47c85; --c5: #4fc7dc; --c6: #d9b44a; --c7: #a79bf7; } }
body { margin: 2rem auto; max-width: 1100px; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 .2rem; } p { color: var(--soft); margin: .2rem 0 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--rule); text-align: right; white-space: nowrap; }
td:first-child { white-space: normal; min-width: 12rem; }
th { color: var(--soft); font-weight: 600; } th:nth-child(-n+2), td:nth-child(-n+2) { text-align: left; }
.wide { overflow-x: auto; } figure { margin: 1.6rem 0 0; } figcaption { font-weight: 600; margin-bottom: .3rem; }
svg { width: 100%; height: auto; display: block; } text { fill: var(--soft); font-size: 13px; } .label { fill: var(--ink); }
.grid, .tick { stroke: var(--rule); } .axis { stroke: var(--soft); }
.curve { fill: none; stroke-linejoin: round; } .more { stroke-dasharray: 5 3; } .beside { stroke-dasharray: 1 4; }
.key { display: inline-block; width: 1.1rem; height: .22rem; margin-right: .5rem; vertical-align: middle; }
)";

}  // namespace detail

/// Runs as one page that needs nothing else: a table and the curves of loss and speed over steps, in the browser's light
/// or dark colours. `about` stands under the title.
inline std::string report_page(std::string_view title, std::string_view about, std::span<report_curve const> runs) {
    using detail::html;
    bool const held =
        std::any_of(runs.begin(), runs.end(), [](report_curve const& r) { return !r.validation.empty(); });
    std::string out =
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
        html(title) + "</title>\n" + std::string(detail::page_style);
    for (int c = 0; c < 8; ++c) {
        std::string const n = std::to_string(c);
        out += ".curve.c" + n + " { stroke: var(--c" + n + "); } .dot.c" + n + " { fill: var(--c" + n + "); } .key.c" +
               n + " { background: var(--c" + n + "); }\n";
    }
    out += "</style></head><body>\n<h1>" + html(title) + "</h1>\n<p>" + html(about) +
           "</p>\n<div class=\"wide\"><table><tr><th>layout</th><th>mesh</th><th>first loss</th><th>last loss</th>" +
           (held ? "<th>validation</th>" : "") + "<th>tokens/s</th><th>memory/rank</th><th>seconds</th></tr>\n";
    detail::chart loss(held ? "Loss; dots: on held-out text" : "Loss", "loss (nats per token)", false),
        speed("Speed", "tokens per second, all ranks", true);
    bool without_first = false;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        run_summary const& s = runs[i].summary;
        auto const cell = [&](std::string const& text) { out += "<td>" + html(text) + "</td>"; };
        out += "<tr><td><span class=\"key c" + std::to_string(i % 8) + "\"></span>" + detail::html_name(s.layout) +
               "</td>";
        cell(s.mesh);
        cell(detail::number(s.first_loss, 4, false)), cell(detail::number(s.last_loss, 4, false));
        if (held) cell(detail::number(s.validation_loss, 4, false));
        cell(detail::number(s.tokens_per_second, 0, true)), cell(byte_count(s.memory_bytes));
        cell(detail::number(s.seconds, 2, true));
        out += "</tr>\n";
        loss.add(runs[i].losses, 1);
        loss.add_beside(runs[i].validation);
        std::vector<double> rate;
        bool const warm = runs[i].seconds.size() > 1;  // the first step warms up
        for (std::size_t k = warm ? 1 : 0; k < runs[i].seconds.size(); ++k)
            rate.push_back(runs[i].tokens / runs[i].seconds[k]);
        speed.add(rate, warm ? 2 : 1);
        without_first = without_first || warm;
    }
    return out + "</table></div>\n" + loss.svg() + speed.svg() +
           (without_first ? "<p>Step 1 warms up: it is not in this curve, nor in tokens/s.</p>\n" : "") +
           "</body></html>\n";
}

}  // namespace shardtype
