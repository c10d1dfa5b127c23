#pragma once

#include <array>

#include <shardtype/model/nearest_name.hpp>
#include <shardtype/plan/plan_frame.hpp>
#include <shardtype/train/detail/plan_reader.hpp>
#include <shardtype/train/explain.hpp>

// The lines of a saved plan, each as it is written and as it is read.
namespace shardtype::detail {

inline constexpr char const* outcome_words[] = {"optimal", "none_better", "infeasible",
                                                "no_path", "unproven",    "invalid"};
inline constexpr char const* proof_words[] = {"none", "bound", "labels"};
inline constexpr char const* why_words[] = {"chosen", "slower", "too_large", "forbidden", "illegal"};
inline constexpr char const* cost_words[] = {"compute", "communication", "exposed", "state", "activations", "window"};

/// The numbers of a cost in the order of `cost_words`.
template <class Cost>
auto cost_numbers(Cost& c) {
    return std::to_array({&c.compute, &c.communication, &c.exposed, &c.state, &c.activations, &c.window});
}

inline std::string hexadecimal(unsigned long long value) {
    std::string text(16, '0');
    for (std::size_t i = 16; i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 15];
    return text;
}
inline unsigned long long checksum(std::string_view text) {
    hash_64 h;
    for (char const c : text) h.add(c);
    return h.value;
}

/// A number, `none` for a time that cannot be.
inline std::string number_text(long value) { return value >= unreachable ? "none" : std::to_string(value); }
/// A name as it stands in a file. @throws std::invalid_argument where it could not be read again
inline std::string file_name(label const& name, char const* of) {
    std::string const text(name.data, static_cast<std::size_t>(name.size));
    bool good = !text.empty();
    for (char const c : text) good = good && is_name_letter(c);
    if (!good)
        throw std::invalid_argument(std::string("a plan cannot be saved: the ") + of + " " + printable(text) +
                                    " is empty or has a blank or one of , < > : #");
    return text;
}
inline std::string roles_text(placement_policy const& p, model_plan const& of) {
    return written([&](text_sink& out) { put_strategy(out, p, of, true); });
}
inline std::string exception_text(layer_exception const& x, model_plan const& of) {
    std::string text = written([&](text_sink& out) { put_roles(out, x.on, x.pads, of, true); });
    if (x.decides) (text += text.empty() ? "" : ", ") += x.recomputes ? "recompute" : "keep_activations";
    return text.empty() ? "no roles" : text;
}

/// The policy that a strategy's text states.
inline placement_policy policy_of(parsed_strategy const& s, model_plan const& of) {
    placement_policy p;
    p.axes = of.axes;
    for (int a = 0; a < max_axes; ++a) p.axis_size[a] = of.axis_size[a], p.on[a] = s.on[a], p.pads[a] = s.pads[a];
    p.recomputes = s.recomputes;
    return p;
}

/// Reads the lines of a saved plan and checks them against what it should be for.
class plan_loader {
  public:
    plan_loader(std::filesystem::path const& path, std::string_view text, plan_frame const& frame)
        : in(path, text), text_(text), frame_(frame) {}

    model_plan all() {
        in.expect("shardtype");
        in.literal("plan ");
        std::string const version(in.until(""));
        if (version != "1") in.fail("format " + printable(version) + " is not known: this program reads format 1");
        in.end_line();
        read_mesh();
        read_numbers();
        read_strategy();
        while (in.next_is("layer")) read_layer();
        while (in.next_is("uniform")) read_uniform();
        read_end();
        return p;
    }

    /// The line that gave these layers their strategy: an exception of this name, else the one of all.
    long line_of(label const& layers) const {
        for (int e = 0; e < p.strategy.exceptions; ++e)
            if (same_name(p.strategy.except[e].layers, layers)) return except_line_[e];
        return strategy_line_;
    }

  private:
    void read_mesh() {
        in.expect("mesh");
        do {
            if (p.axes == max_axes) in.fail("a mesh has at most " + std::to_string(max_axes) + " axes");
            if (p.axes > 0) in.literal(", ");
            p.axis_name[p.axes] = in.name(" ,"), in.blank();
            p.axis_size[p.axes++] = in.whole(1, 1 << 24);
        } while (in.has(","));
        for (int a = p.axes; a < max_axes; ++a) p.axis_size[a] = 1;
        bool same = p.axes == frame_.axes;
        for (int a = 0; same && a < p.axes; ++a)
            same = p.axis_size[a] == frame_.axis_size[a] && same_name(p.axis_name[a], frame_.axis_name[a]);
        model_plan of;
        of.axes = frame_.axes;
        for (int a = 0; a < frame_.axes; ++a)
            of.axis_name[a] = frame_.axis_name[a], of.axis_size[a] = frame_.axis_size[a];
        auto const mesh = [](model_plan const& x) { return written([&](text_sink& out) { put_mesh(out, x); }); };
        if (!same) in.fail("the plan is for the mesh " + mesh(p) + ", not for " + mesh(of));
        in.end_line();
        in.expect("model");
        unsigned long long const layers = in.hash();
        if (in.has(" ")) {
            in.literal(" parameters ");
            unsigned long long const parameters = in.hash();
            if (frame_.parameters != 0 && parameters != frame_.parameters)
                in.fail("the plan is for a model of other sizes: its parameters have the hash " +
                        hexadecimal(parameters) + ", not " + hexadecimal(frame_.parameters));
        } else if (frame_.parameters != 0) {
            in.fail("whether the plan is for this model's sizes is not said: save_plan(plan, path, frame_of<job>())");
        }
        in.end_line();
        other_layers_ = layers != hash_of(frame_);
    }
    void read_numbers() {
        in.expect("hardware");
        p.hardware = in.name("");
        in.end_line();
        p.budget = number("budget");
        p.tokens = number("tokens");
        if (frame_.tokens != 0 && p.tokens != frame_.tokens)
            reject_ = "the plan is for " + std::to_string(p.tokens) + " tokens a step, not for " +
                      std::to_string(frame_.tokens);
        in.expect("flops");
        p.flops = in.real();
        in.end_line();
        p.time = number("time"), p.memory = number("memory"), p.arena = number("arena");
        in.expect("search");
        p.outcome = static_cast<chain_outcome>(in.one_of(outcome_words, ","));
        in.literal(", ");
        static constexpr char const* proven[] = {"not proven", "proven"};
        p.optimal = in.one_of(proven, ",") == 1;
        in.end_line();
        in.expect("certificate");
        chain_certificate& c = p.certificate;
        field("value", c.value), field(", lower_bound", c.lower_bound), field(", multiplier", c.multiplier);
        in.literal(", shift "), c.shift = in.whole(0, 62);
        field(", labels", c.labels);
        in.literal(", proof "), c.proof = static_cast<chain_proof>(in.one_of(proof_words, ","));
        in.end_line();
    }
    void read_strategy() {
        in.expect("strategy");
        strategy_line_ = in.line();
        p.strategy.whole = policy_of(in.strategy(p), p);
        in.end_line();
        bool any = false;  // changes something, as `strategy_of` has it
        while (in.next_is("except")) {
            in.expect("except");
            except_line_[p.strategy.exceptions % model_strategy::max_exceptions] = in.line();
            if (p.strategy.exceptions == model_strategy::max_exceptions) in.fail("too many exceptions");
            layer_exception& x = p.strategy.except[p.strategy.exceptions++];
            x.layers = in.name(":"), in.literal(": ");
            parsed_strategy const s = in.strategy(p);
            for (int a = 0; a < max_axes; ++a) x.on[a] = s.on[a], x.pads[a] = s.pads[a];
            x.decides = s.decides, x.recomputes = s.recomputes;
            any = any || !(model_strategy::with(p.strategy.whole, x) == p.strategy.whole);
            in.end_line();
        }
        for (int e = 0; e < p.strategy.exceptions; ++e) p.strategy.except[e].changes = any;
    }
    void read_layer();
    void read_uniform() {
        in.expect("uniform");
        if (p.uniforms == model_plan::max_uniforms) in.fail("too many uniform layouts");
        uniform_layout& u = p.uniform[p.uniforms++];
        u.verdict = static_cast<why_not>(in.one_of(why_words, ":"));
        in.literal(": "), u.roles = policy_of(in.strategy(p), p);
        in.end_line();
        in.expect("took");
        field("time", u.time), field(", memory", u.memory);
        in.literal(", worst "), u.worst = in.name("");
        in.end_line();
    }
    void read_end() {
        if (!in.next_is("end")) in.expect(p.uniforms > 0 ? "uniform" : "layer");
        for (int i = 0; i < frame_.units; ++i)
            for (int t = 0; t < frame_.of[i].trips; ++t)
                if (static_cast<std::size_t>(t) >= seen(i).size() || !seen(i)[static_cast<std::size_t>(t)])
                    in.fail("the layer " + shown(frame_.of[i], t) + " is missing");
        if (other_layers_) in.fail("the plan is for another model: the hash of its layers differs");
        if (!reject_.empty()) in.fail(reject_);
        std::size_t const above = in.line_begin();
        in.expect("end");
        unsigned long long const sum = in.hash();
        in.end_line();
        if (sum != checksum(text_.substr(0, above))) in.fail("the lines above were changed: their checksum differs");
        in.end_file();
    }

    long whole() {
        if (!in.has("none")) return in.whole(0L, unreachable - 1);
        in.literal("none");
        return unreachable;
    }
    long number(char const* key) {
        in.expect(key);
        long const value = whole();
        in.end_line();
        return value;
    }
    void field(std::string const& key, long& value) {
        in.literal(key + " ");
        value = whole();
    }
    static std::string shown(plan_frame::unit const& u, int trip) {
        return written([&](text_sink& out) { u.repeated ? put_layer(out, u.name, trip, 1) : out.put(u.name); });
    }
    std::vector<bool>& seen(int unit) {
        seen_.resize(static_cast<std::size_t>(frame_.units));
        return seen_[static_cast<std::size_t>(unit)];
    }

    plan_reader in;
    model_plan p{};
    std::string_view text_;
    plan_frame const& frame_;
    std::vector<std::vector<bool>> seen_{};
    bool other_layers_ = false;
    long strategy_line_ = 0, except_line_[model_strategy::max_exceptions]{};
    std::string reject_{};
};

/// `layer layers.0-11.attention: roles` and the line of what it takes.
inline void plan_loader::read_layer() {
    in.expect("layer");
    if (p.layers == model_plan::max_layers) in.fail("too many rows of layers");
    planned_layer& x = p.layer[p.layers++];
    label const name = in.name(":");
    int at = frame_.find(name);
    if (at < 0 || frame_.of[at].repeated) {
        at = frame_.find(of_any_trip(name));
        name_parts parts{name.data};
        trip_range t{};
        for (name_part part = parts.next(); part.size != 0 && t.first >= t.end; part = parts.next()) t = part.trips();
        x.first = t.first, x.count = t.end - t.first;
        if (at >= 0 && !(frame_.of[at].repeated && x.count > 0)) at = -1;
    }
    if (at < 0) {
        nearest_name nearest(of_any_trip(name));
        for (int i = 0; i < frame_.units; ++i) nearest.consider(frame_.of[i].name);
        std::string const near = nearest.found.data;
        in.fail("the model has no layer " + printable(name.data) + (near.empty() ? "" : "; is it " + near + "?"));
    }
    plan_frame::unit const& u = frame_.of[at];
    x.name = u.name, x.repeated = u.repeated;
    seen(at).resize(static_cast<std::size_t>(u.trips));
    for (int t = x.first; t < x.first + x.count; ++t) {
        if (t >= u.trips)
            in.fail("there is no " + shown(u, t) + ": its repeat has " + std::to_string(u.trips) + " trips");
        if (seen(at)[static_cast<std::size_t>(t)]) in.fail("the layer " + shown(u, t) + " stands here again");
        seen(at)[static_cast<std::size_t>(t)] = true;
    }
    in.literal(": ");
    x.roles = policy_of(in.strategy(p), p);
    in.end_line();
    in.expect("takes");
    auto const numbers = cost_numbers(x.cost);
    for (std::size_t i = 0; i < numbers.size(); ++i)
        field((i > 0 ? ", " : "") + std::string(cost_words[i]), *numbers[i]);
    in.end_line();
}

}  // namespace shardtype::detail
