#pragma once

#include <shardtype/train/detail/plan_page_parts.hpp>

namespace shardtype::detail {

/// The two lanes of a step: kernels, and collectives with what runs behind kernels. Forward is drawn as a third of what a
/// layer takes, a quarter where it recomputes: a layer's costs are of both directions together.
class step_lanes {
  public:
    double now = 0;                        ///< ns
    std::string kernels{}, collectives{};  ///< the rectangles
    explicit step_lanes(double whole) : whole_(whole > 0 ? whole : 1) {}

    void layer(planned_layer const& x, std::string const& colour, std::string const& who, double part) {
        double const compute = part * static_cast<double>(x.cost.compute),
                     exposed = part * static_cast<double>(x.cost.exposed),
                     hidden = std::min(part * static_cast<double>(x.cost.communication), compute + exposed) - exposed;
        box(kernels, "s " + colour, now, compute, who);
        box(collectives, "s behind", now, hidden, who);
        box(collectives, "s exposed", now + compute, exposed, who);
        now += compute + exposed;
    }
    void rest(double ns) {
        box(kernels, "s wait", now, ns, "beside the layers");
        now += ns;
    }

  private:
    void box(std::string& lane, std::string const& colour, double from, double ns, std::string const& who) const {
        if (ns / whole_ < 5e-5) return;  // a twentieth of a pixel
        double const gap = std::min(0.12 * ns, whole_ * 4e-4);
        lane += "<rect class=\"" + colour + "\" x=\"" + number(10000 * from / whole_, 1, false) + "\" width=\"" +
                number(10000 * (ns - gap) / whole_, 1, false) + "\" height=\"10\"><title>" + html(who) +
                "</title></rect>";
    }
    double whole_;
};

inline std::string plan_painter::timeline() const {
    if (p.time >= unreachable || p.time <= 0) return "";
    struct stop {
        int row, trip;
    };
    std::vector<stop> order;  // the model's
    for (int i = 0; i < p.layers;) {
        int end = i, trips = 0;
        while (end < p.layers && p.layer[end].repeated == p.layer[i].repeated) {
            trips = std::max(trips, p.layer[end].first + p.layer[end].count);
            ++end;
        }
        for (int t = 0; t < trips; ++t)
            for (int k = i; k < end; ++k)
                if (p.layer[k].first <= t && t < p.layer[k].first + p.layer[k].count) order.push_back({k, t});
        i = end;
    }
    double const whole = static_cast<double>(std::max(p.time, all.time));
    step_lanes lanes(whole);
    auto const forward_part = [&](int row) { return p.layer[row].roles.recomputes ? 1. / 4 : 1. / 3; };
    auto const draw = [&](stop const& s, bool forward) {
        planned_layer const& x = p.layer[s.row];
        std::string const who =
            x.repeated ? written([&](text_sink& out) { put_layer(out, x.name, s.trip, 1); }) : std::string(x.name.data);
        double const part = forward_part(s.row);
        lanes.layer(x, style(colour_[static_cast<std::size_t>(s.row)]), who + (forward ? ", forward" : ", backward"),
                    forward ? part : 1 - part);
    };
    for (auto const& s : order) draw(s, true);
    double const turn = lanes.now;
    for (auto s = order.rbegin(); s != order.rend(); ++s) draw(*s, false);
    double const end = lanes.now;
    if (all.beside > 0) lanes.rest(static_cast<double>(all.beside));
    auto const lane = [](char const* what, std::string const& boxes) {
        return std::string("<span>") + what +
               "</span><svg viewBox=\"0 0 10000 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"" + what +
               " over the step\">" + boxes + "</svg>\n";
    };
    auto const side = [&](double from, double to, char const* what) {
        return "<span style=\"width:" + number(100 * (to - from) / whole, 3, false) + "%\">" + what + "</span>";
    };
    std::string ticks;
    unit_of_measure const unit = time_unit(static_cast<long>(whole));
    double const most = whole / static_cast<double>(unit.one), step = round_step(most, 5);
    for (double v = 0; v < most - step / 3; v += step)
        ticks += "<span style=\"left:" + number(100 * v / most, 2, false) + "%\">" + number(v, step < 1 ? 2 : 0, true) +
                 "</span>";
    ticks += "<span style=\"left:100%\">" + number(most, most < 100 ? 1 : 0, true) + " " + unit.name + "</span>";
    return "<h2>A step</h2>\n<div class=\"lanes\"><span></span><div class=\"sides\">" + side(0, turn, "forward") +
           side(turn, end, "backward") +
           (whole > end ? side(end, whole, whole - end > 0.12 * whole ? "rest" : "") : "") + "</div>\n" +
           lane("compute", lanes.kernels) + lane("collectives", lanes.collectives) +
           "<span></span><div class=\"ticks\">" + ticks +
           "</div></div>\n<ul class=\"legend\"><li>compute: the colours of the layers</li>" +
           "<li><i class=\"behind\"></i>collectives behind kernels</li><li><i class=\"exposed\"></i>exposed "
           "collectives: " +
           in_time(all.sum.exposed) + "</li>" +
           (all.beside > 0 ? "<li><i class=\"wait\"></i>beside the layers (loss, norm of gradients, optimizer): " +
                                 in_time(all.beside) + "</li>"
                           : "") +
           "</ul>\n<p class=\"note\">All micro-batches drawn as one. Forward is drawn as a third of what a layer "
           "takes, a quarter where "
           "it recomputes: a plan counts both directions together.</p>\n";
}

}  // namespace shardtype::detail
