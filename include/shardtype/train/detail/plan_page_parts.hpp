#pragma once

#include <shardtype/train/detail/plan_page_style.hpp>
#include <shardtype/train/explain.hpp>
#include <shardtype/train/report_page.hpp>

namespace shardtype::detail {

inline std::string measured(long value, unit_of_measure in, int decimals = 3) {
    return written([&](text_sink& out) { put_measure(out, value, in, decimals); });
}
inline std::string in_time(long ns) { return ns < unreachable ? measured(ns, time_unit(ns)) : "-"; }
inline std::string in_memory(long bytes) { return measured(bytes, memory_unit(bytes), bytes >= 1L << 30 ? 2 : 1); }
inline std::string in_percent(long part, long whole) {
    return written([&](text_sink& out) { put_percent(out, part, whole > 0 ? whole : 1); });
}

/// Classes of the rows of uniform layouts, by `why_not`.
inline constexpr char const* why_kinds[] = {"chosen c2", "slower c0", "too_large c1", "forbidden", "illegal"};

/// The parts of a plan's page.
class plan_painter {
  public:
    explicit plan_painter(model_plan const& plan) : p(plan), all(plan) {
        for (int i = 0; i < p.layers; ++i) {
            auto const at = std::find(strategies_.begin(), strategies_.end(), p.layer[i].roles);
            colour_.push_back(static_cast<int>(at - strategies_.begin()));
            if (at == strategies_.end()) strategies_.push_back(p.layer[i].roles);
        }
    }

    std::string colours() const {
        std::string out;
        for (int c = 0; c < 8; ++c) {
            std::string const n = std::to_string(c);
            out += ".c" + n + " { --c: var(--c" + n + "); }\n";
        }
        return out + ".wait { --c: var(--wait); } .free { --c: var(--free); }\n";
    }
    std::string figures() const {
        std::string out = "<div class=\"figures\">";
        auto const figure = [&](std::string const& value, std::string const& what) {
            out += "<div><b>" + html(value) + "</b><span>" + html(what) + "</span></div>";
        };
        if (p.time < unreachable) {
            figure(in_time(p.time), "step");
            figure(number(static_cast<double>(tokens_per_second(p)), 0, true), "tokens/s");
            if (device_speed(p) > 0)
                figure(number(static_cast<double>(device_speed(p)) / 10, 1, true), "TFLOP/s per device");
            figure(in_memory(p.memory),
                   p.budget > 0 ? in_percent(p.memory, p.budget) + " of " + in_memory(p.budget) : "memory of a rank");
        }
        figure(number(static_cast<double>(devices_of(p)), 0, true), p.hardware.data);
        return out + "</div>\n<p>" + html(sentence(written([&](text_sink& s) { put_proof_line(s, p); }))) + "</p>\n";
    }
    std::string mesh() const {
        return "<h2>Mesh</h2>\n<p class=\"note\">" + html(written([&](text_sink& s) { put_mesh(s, p); })) +
               ": devices by rank; the innermost boxes are neighbours.</p>\n" + mesh_level(0, 0) + "\n";
    }
    std::string layers() const {
        std::string out = "<h2>Layers</h2>\n<ul class=\"legend\">";
        for (std::size_t s = 0; s < strategies_.size(); ++s)
            out += "<li><i class=\"s " + style(static_cast<int>(s)) + "\"></i><code>" +
                   html_name(strategy(strategies_[s])) + "</code></li>";
        out += "</ul>\n";
        for (int i = 0; i < p.layers; ++i) {
            bool first = true;
            for (int j = 0; j < i; ++j) first = first && !same_name(p.layer[j].name, p.layer[i].name);
            if (first) out += tiles_of(p.layer[i].name);
        }
        return out + "<p class=\"note\">A tile is a layer; point at it or tap it for what it takes.</p>\n" + table();
    }
    std::string memory() const {
        long const scale = std::max({p.memory, p.budget, 1L});
        std::string bar, legend;
        auto const part = [&](long bytes, char const* colour, char const* what) {
            if (bytes <= 0) return;
            bar += std::string("<i class=\"") + colour + "\" style=\"width:" + share(bytes, scale) + "\" title=\"" +
                   what + ": " + in_memory(bytes) + "\"></i>";
            legend += std::string("<li><i class=\"") + colour + "\"></i>" + what + ": " + in_memory(bytes) + "</li>";
        };
        part(all.sum.state, "c7", "parameters, gradients, optimizer");
        part(all.sum.activations, "c6", "kept activations");
        part(all.sum.window, "c5", "largest window");
        part(all.fixed, "wait", "beside the layers");
        part(p.budget - p.memory, "free", "free");
        std::string const over = p.budget > 0 && p.memory > p.budget
                                     ? "<p>The line is the bound of " + in_memory(p.budget) + ": too large by " +
                                           in_memory(p.memory - p.budget) + ".</p>\n"
                                     : "";
        if (!over.empty()) bar += "<b style=\"left:" + share(p.budget, scale) + "\"></b>";
        return "<h2>Memory of a rank</h2>\n<div class=\"bar\">" + bar + "</div>\n<ul class=\"legend\">" + legend +
               "</ul>\n" + over + "<p class=\"note\">" + (p.budget > 0 ? "The bar is " + in_memory(scale) + ". " : "") +
               (p.arena > 0 ? "Its schedule allocates " + in_memory(p.arena) + "." : "") + "</p>\n";
    }
    std::string timeline() const;
    std::string uniforms() const;
    std::string whole_text() const {
        return "<details><summary>The whole plan as text</summary>\n<pre>" + html(explain(p)) + "</pre></details>\n";
    }

  private:
    static std::string sentence(std::string line) {  // "proof      no plan ...\n"
        line = line.substr(11, line.size() - 12);
        line[0] = static_cast<char>(line[0] >= 'a' && line[0] <= 'z' ? line[0] - 'a' + 'A' : line[0]);
        return line;
    }
    static std::string share(long part, long whole) {
        return number(100. * static_cast<double>(part) / static_cast<double>(whole), 3, false) + "%";
    }
    std::string strategy(placement_policy const& x) const {
        return written([&](text_sink& out) { put_strategy(out, x, p); });
    }
    /// The class of a strategy: one of eight colours, striped where it is the ninth or a later one.
    std::string style(int s) const { return "c" + std::to_string(s % 8) + (s >= 8 ? " again" : ""); }

    /// How many of an axis' devices are drawn: all of up to 64, else 8 of the last axis, 4 of those before it.
    long shown_of(int a) const {
        long const devices = devices_of(p);
        long room = 64;
        for (int i = p.axes - 1; i > a; --i) room /= devices > 64 ? shown_of(i) : p.axis_size[i];
        if (devices <= 64) return p.axis_size[a];
        long outside = 1;
        for (int i = 0; i < a; ++i) outside *= p.axis_size[i];
        long const most = outside == 1 ? room : a == p.axes - 1 ? 8 : 4;
        return std::min<long>(p.axis_size[a], std::clamp(most, 1L, std::max(room, 1L)));
    }
    /// The devices from `rank` on of axis a and those behind it.
    std::string mesh_level(int a, long rank) const {
        if (a >= p.axes) return "";
        long inner = 1;
        for (int i = a + 1; i < p.axes; ++i) inner *= p.axis_size[i];
        bool const last = a == p.axes - 1;
        if (!last && p.axis_size[a] == 1) return mesh_level(a + 1, rank);
        long const shown = shown_of(a), left_out = p.axis_size[a] - shown;
        std::string out = last ? "<div class=\"devices\">" : "<div class=\"mesh\">";
        for (long i = 0; i < shown; ++i) {
            if (last)
                out += "<span title=\"" + coordinates(rank + i) + "\">" + std::to_string(rank + i) + "</span>";
            else
                out += "<div class=\"axis-box\"><small>" + html(p.axis_name[a].data) + " " + std::to_string(i) +
                       "</small>" + mesh_level(a + 1, rank + i * inner) + "</div>";
        }
        if (left_out > 0)
            out += "<div class=\"more-of\">and " + number(static_cast<double>(left_out), 0, true) + " more of " +
                   html(p.axis_name[a].data) + "</div>";
        return out + "</div>";
    }
    std::string coordinates(long rank) const {
        std::string out;
        for (int a = p.axes - 1; a >= 0; --a) {
            out = html(p.axis_name[a].data) + " " + std::to_string(rank % p.axis_size[a]) + (out.empty() ? "" : ", ") +
                  out;
            rank /= p.axis_size[a];
        }
        return out;
    }
    std::string tiles_of(label const& name) const {
        std::string out = "<div class=\"unit\"><code>" + html(name.data) + "</code><div class=\"tiles\">";
        for (int i = 0; i < p.layers; ++i) {
            planned_layer const& x = p.layer[i];
            if (!same_name(x.name, name)) continue;
            for (int t = x.first; t < x.first + x.count; ++t) {
                std::string const who =
                    x.repeated ? written([&](text_sink& s) { put_layer(s, name, t, 1); }) : std::string(name.data);
                out += "<span class=\"tile " + style(colour_[static_cast<std::size_t>(i)]) +
                       "\" tabindex=\"0\"><span class=\"tip\"><b>" + html(who) + "</b>: <code>" +
                       html_name(strategy(x.roles)) + "</code><br>" + details(x.cost) + "</span></span>";
            }
        }
        return out + "</div></div>\n";
    }
    static std::string details(layer_cost const& c) {
        return "compute " + in_time(c.compute) + ", communication " + in_time(c.communication) + " (" +
               in_time(c.exposed) + " exposed); state " + in_memory(c.state) + ", kept " + in_memory(c.activations) +
               ", window " + in_memory(c.window);
    }
    std::string table() const {
        layer_cells const cells{p, all, time_unit(p.time), memory_unit(p.memory), p.layers + 3};
        std::string out = "<div class=\"wide\"><table id=\"layers\">";
        for (int r = 0; r < cells.rows; ++r) {
            if (r == 1) continue;
            out += "<tr>";
            for (int c = 0; c < layer_cells::columns; ++c) {
                std::string text = written([&](text_sink& s) { cells.put(s, r, c); });
                text = c == 1 ? html_name(text) : html(text);
                if (r == 0 && c >= 2) text += "<br>" + html(written([&](text_sink& s) { cells.put(s, 1, c); }));
                out += (r == 0 ? "<th>" : "<td>") + text + (r == 0 ? "</th>" : "</td>");
            }
            out += "</tr>\n";
        }
        return out + "</table></div>\n";
    }

    model_plan const& p;
    plan_totals all;
    std::vector<placement_policy> strategies_{};
    std::vector<int> colour_{};
};

inline std::string plan_painter::uniforms() const {
    if (p.uniforms == 0) return "";
    long longest = p.time < unreachable ? p.time : 1;
    for (int u = 0; u < p.uniforms; ++u)
        if (p.uniform[u].time < unreachable) longest = std::max(longest, p.uniform[u].time);
    auto const option = [&](std::string const& kind, std::string const& name, std::string const& split, long time,
                            std::string const& why) {
        return "<div class=\"option " + kind + "\"><div><code>" + name + "</code><small>" + html(split) +
               "</small></div><div>" +
               (time < unreachable ? "<div class=\"length\" style=\"width:" + share(time, longest) + "\"></div>" : "") +
               "<small>" + (time < unreachable ? html(in_time(time)) + "; " : "") + html(why) +
               "</small></div></div>\n";
    };
    std::string out = "<h2>One strategy for all layers</h2>\n";
    if (p.time < unreachable) out += option("best c2", "the plan", "", p.time, in_memory(p.memory));
    for (int u = 0; u < p.uniforms; ++u) {
        uniform_layout const& x = p.uniform[u];
        if (u == 10 && p.uniforms > 12)
            out += "<details><summary>" + std::to_string(p.uniforms - u) + " more</summary>\n";
        std::string const why = written([&](text_sink& s) { put_why_not(s, x, p); });
        std::string const split = written([&](text_sink& s) { mesh_split(x.roles, p).put(s); });
        std::string const kind = why_kinds[static_cast<int>(x.verdict)];
        out += option(kind, html_name(strategy(x.roles)), split, x.time,
                      (x.memory > 0 ? in_memory(x.memory) + "; " : "") + why);
    }
    return out + (p.uniforms > 12 ? "</details>\n" : "") +
           "<p class=\"note\">Bars are the time of a step; dashed: it does not fit into the memory.</p>\n";
}

}  // namespace shardtype::detail
