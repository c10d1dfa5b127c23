#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

/// A small writer of plots as SVG, for the tables of this folder.
namespace planner::svg {

inline constexpr char const* colours[] = {"#2563a8", "#c8502d", "#2f8a57", "#8a5bb0", "#b58a17", "#5b6673"};

inline std::string text_of(double v, int digits = 1) {
    char out[32];
    std::snprintf(out, sizeof out, "%.*f", digits, v);
    return out;
}
/// Markup's own letters are written as entities.
inline std::string escaped(std::string const& text) {
    std::string out;
    for (char const c : text) out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
    return out;
}

/// A picture of panels.
class page {
  public:
    page(double width, double height) : width_(width), height_(height) {}
    void line(double x1, double y1, double x2, double y2, char const* colour, double wide = 1, bool dashed = false) {
        body_ += "<line x1='" + text_of(x1) + "' y1='" + text_of(y1) + "' x2='" + text_of(x2) + "' y2='" + text_of(y2) +
                 "' stroke='" + colour + "' stroke-width='" + text_of(wide) + "'" +
                 (dashed ? " stroke-dasharray='5 4'" : "") + "/>\n";
    }
    void box(double x, double y, double w, double h, char const* colour) {
        body_ += "<rect x='" + text_of(x) + "' y='" + text_of(y) + "' width='" + text_of(w) + "' height='" +
                 text_of(h) + "' fill='" + colour + "'/>\n";
    }
    void dot(double x, double y, char const* colour) {
        body_ += "<circle cx='" + text_of(x) + "' cy='" + text_of(y) + "' r='3.2' fill='" + colour + "'/>\n";
    }
    /// `anchor`: start, middle, end.
    void text(double x, double y, std::string const& what, char const* anchor = "start", double size = 12,
              char const* colour = "#333", bool bold = false) {
        body_ += "<text x='" + text_of(x) + "' y='" + text_of(y) + "' text-anchor='" + anchor + "' font-size='" +
                 text_of(size) + "' fill='" + colour + "'" + (bold ? " font-weight='600'" : "") + ">" + escaped(what) +
                 "</text>\n";
    }
    /// @return whether it is written
    [[nodiscard]] bool write(std::string const& path) const {
        std::FILE* const out = std::fopen(path.c_str(), "w");
        if (out == nullptr) return false;
        std::string const size = text_of(width_, 0) + " " + text_of(height_, 0);
        bool const ok = std::fprintf(out,
                                     "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %s' width='%.0f' "
                                     "height='%.0f' font-family='system-ui, sans-serif'>\n<rect width='100%%' "
                                     "height='100%%' fill='white'/>\n%s</svg>\n",
                                     size.c_str(), width_, height_, body_.c_str()) > 0;
        return std::fclose(out) == 0 && ok;
    }

  private:
    double width_, height_;
    std::string body_;
};

struct series {
    std::string name;
    std::vector<std::pair<double, double>> points;
    int colour = 0;
    bool dashed = false;
};

/// The least of 1, 2, 2.5, 5 times a power of ten of which `most` hold `range`.
inline double tick_for(double range, int most) {
    double const raw = std::max(range, 1e-9) / most, power = std::pow(10, std::floor(std::log10(raw)));
    for (double const k : {1., 2., 2.5, 5.})
        if (k * power >= raw * .999) return k * power;
    return 10 * power;
}

/// Axes of a panel in the rectangle (left, top, width, height), y from 0.
struct panel {
    double left = 0, top = 0, width = 0, height = 0;
    std::string title, x_name, y_name;
    double highest = 1;

    [[nodiscard]] double y(double v) const { return top + height * (1 - v / highest); }
    void frame(page& to, std::string const& unit) {
        double const tick = tick_for(highest, 4);
        highest = tick * std::ceil(highest / tick - 1e-3);
        to.text(left, top - 14, title, "start", 13, "#111", true);
        for (double v = 0; v <= highest * 1.0001; v += tick) {
            to.line(left, y(v), left + width, y(v), v > 0 ? "#e4e7ea" : "#777");
            to.text(left - 7, y(v) + 4, text_of(v, tick < .1 ? 2 : tick < 1 ? 1 : 0) + unit, "end", 11, "#555");
        }
        to.text(left + width / 2, top + height + 34, x_name, "middle", 11, "#555");
    }
};

/// Names and colours in lines of this width.
inline void draw_legend(page& to, double left, double low, double width, std::vector<series> const& all,
                        bool lines = false) {
    double along = left;
    for (series const& s : all) {
        double const wide = 42 + 6 * static_cast<double>(s.name.size());
        if (along + wide > left + width + 20 && along > left) along = left, low += 18;
        if (lines)
            to.line(along, low - 4, along + 20, low - 4, colours[s.colour % 6], 2, s.dashed);
        else
            to.box(along + 5, low - 10, 12, 12, colours[s.colour % 6]);
        to.text(along + 25, low, s.name, "start", 11);
        along += wide;
    }
}

/// Lines over x, by its logarithm or as it is; a label at every x that occurs. The legend stands below.
inline void draw_lines(page& to, panel p, std::vector<series> const& all, bool logarithmic, std::string const& unit,
                       bool legend = true) {
    double first = 1e300, last = -1e300;
    std::vector<double> at;
    auto const scale = [logarithmic](double x) { return logarithmic ? std::log2(x) : x; };
    p.highest = 0;
    for (series const& s : all)
        for (auto const& [x, v] : s.points) {
            first = std::min(first, scale(x)), last = std::max(last, scale(x)), p.highest = std::max(p.highest, v);
            if (std::find(at.begin(), at.end(), x) == at.end()) at.push_back(x);
        }
    if (at.empty()) return;
    if (p.highest <= 0) p.highest = 1;
    double const pad = last > first ? (last - first) * .04 : 1;
    auto const place = [&](double x) { return p.left + p.width * (scale(x) - first + pad) / (last - first + 2 * pad); };
    p.frame(to, unit);
    for (double const x : at) {
        std::string label = text_of(x, 0);
        if (label.size() > 3) label.insert(label.size() - 3, ",");
        to.text(place(x), p.top + p.height + 17, label, "middle", 10, "#555");
    }
    for (series const& s : all) {
        char const* const colour = colours[s.colour % 6];
        for (std::size_t i = 0; i < s.points.size(); ++i) {
            double const x = place(s.points[i].first), v = p.y(s.points[i].second);
            if (i > 0) to.line(place(s.points[i - 1].first), p.y(s.points[i - 1].second), x, v, colour, 2, s.dashed);
            to.dot(x, v, colour);
        }
    }
    if (legend) draw_legend(to, p.left, p.top + p.height + 56, p.width, all, true);
}

/// Bars of parts upon each other: `parts[k].points[i].second` is what bar i has of part k.
inline void draw_bars(page& to, panel p, std::vector<std::string> const& names, std::vector<series> const& parts,
                      std::string const& unit) {
    p.highest = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
        double sum = 0;
        for (series const& s : parts) sum += s.points[i].second;
        p.highest = std::max(p.highest, sum);
    }
    if (p.highest <= 0) p.highest = 1;
    p.frame(to, unit);
    double const step = p.width / static_cast<double>(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        double const x = p.left + step * (static_cast<double>(i) + .15);
        double sum = 0;
        for (series const& s : parts) {
            double const v = s.points[i].second;
            to.box(x, p.y(sum + v), step * .7, p.y(sum) - p.y(sum + v), colours[s.colour % 6]);
            sum += v;
        }
        to.text(x + step * .35, p.top + p.height + 17, names[i], "middle", 10, "#555");
    }
}

}  // namespace planner::svg
