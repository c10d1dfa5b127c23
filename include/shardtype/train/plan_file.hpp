#pragma once

#include <memory>

#include <shardtype/train/detail/plan_lines.hpp>

namespace shardtype {

namespace detail {

inline std::string double_text(double value) {
    std::array<char, 64> text{};
    auto const [end, error] =
        std::to_chars(text.data(), text.data() + text.size(), value);  // the shortest that is exact
    return {text.data(), end};
}

/// A name at the end of a line, `-` for none.
inline std::string one_line(label const& name) {
    std::string text;
    for (int i = 0; i < name.size; ++i) append_printable(text, name.data[i]);
    return text.empty() ? "-" : text;
}
/// A plan as the lines of a file.
inline std::string plan_lines(model_plan const& p, plan_frame const& frame) {
    auto const line = [](char const* key, long value) { return key + (" " + number_text(value)) + "\n"; };
    std::string out =
        "shardtype plan 1\n# nanoseconds of a step, bytes of a rank; costs are of each layer of a row\nmesh";
    for (int a = 0; a < p.axes; ++a)
        out += (a > 0 ? ", " : " ") + file_name(p.axis_name[a], "axis") + " " + std::to_string(p.axis_size[a]);
    out += "\nmodel " + hexadecimal(hash_of(frame));
    if (frame.parameters != 0) out += " parameters " + hexadecimal(frame.parameters);
    out += "\nhardware " + one_line(p.hardware) + "\n";
    out += line("budget", p.budget) + line("tokens", p.tokens) + "flops " + double_text(p.flops) + "\n" +
           line("time", p.time) + line("memory", p.memory) + line("arena", p.arena);
    chain_certificate const& c = p.certificate;
    out += std::string("search ") + outcome_words[static_cast<int>(p.outcome)] +
           (p.optimal ? ", proven\n" : ", not proven\n") + "certificate value " + number_text(c.value) +
           ", lower_bound " + number_text(c.lower_bound) + ", multiplier " + std::to_string(c.multiplier) + ", shift " +
           std::to_string(c.shift) + ", labels " + std::to_string(c.labels) + ", proof " +
           proof_words[static_cast<int>(c.proof)] + "\n";
    out += "strategy " + roles_text(p.strategy.whole, p) + "\n";
    for (int e = 0; e < p.strategy.exceptions; ++e)
        out += "except " + file_name(p.strategy.except[e].layers, "layer") + ": " +
               exception_text(p.strategy.except[e], p) + "\n";
    for (int i = 0; i < p.layers; ++i) {
        planned_layer const& x = p.layer[i];
        (void)file_name(x.name, "layer");
        out += "layer " + written([&](text_sink& s) { put_layer(s, x); }) + ": " + roles_text(x.roles, p) + "\ntakes";
        auto const numbers = cost_numbers(x.cost);
        for (std::size_t k = 0; k < numbers.size(); ++k)
            out += (k > 0 ? ", " : " ") + std::string(cost_words[k]) + " " + std::to_string(*numbers[k]);
        out += "\n";
    }
    for (int u = 0; u < p.uniforms; ++u) {
        uniform_layout const& x = p.uniform[u];
        out += std::string("uniform ") + why_words[static_cast<int>(x.verdict)] + ": " + roles_text(x.roles, p) +
               "\ntook time " + number_text(x.time) + ", memory " + std::to_string(x.memory) + ", worst " +
               one_line(x.worst) + "\n";
    }
    return out + "end " + hexadecimal(checksum(out)) + "\n";
}

/// What a model says of a strategy that it refuses: the number of the error where it is a layer's, and where.
inline std::string refusal(graph const& g) {
    int const number = static_cast<int>(g.says.what) - static_cast<int>(code::stored_placement) + 601;
    bool const of_model = number >= 601 && g.says.what <= code::positions_of_rows;
    std::string text = "the model refuses the plan's strategy";
    if (of_model) text += " [ST-S" + std::to_string(number) + "]";
    if (g.failed_in.size > 0) text += " in " + printable(g.failed_in.data);
    return text;
}

}  // namespace detail

/// Writes a plan as lines that people can read. The file is there whole or not at all: it is written beside its place
/// and moved there. `frame`, of the plan's job, is what `load_plan` checks: mesh, layers, sizes of the parameters. That of
/// the plan itself, `frame_of(plan)`, has no sizes: such a file is read with a plan's frame, and by no job.
/// @throws std::runtime_error if it cannot be written
/// @throws std::invalid_argument for a name that could not be read again
inline void save_plan(model_plan const& p, std::filesystem::path const& path, plan_frame const& frame) {
    std::string const text = detail::plan_lines(p, frame);
    (void)detail::plan_loader(path, text, frame).all();  // what is written can be read
    std::filesystem::path beside = path;
    beside += ".part";
    try {
        detail::write_file(beside, text, {});
        std::filesystem::rename(beside, path);
    } catch (std::filesystem::filesystem_error const& e) {
        std::error_code ignored;
        std::filesystem::remove(beside, ignored);
        detail::file_error(path, "cannot be written: " + e.code().message());
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(beside, ignored);
        throw;
    }
}
/// Reads a plan; its `strategy` is what runs. `frame`: the mesh and the model that it must be for, of a job or a plan.
/// @throws std::runtime_error with file, line and what is wrong: another mesh, model or version, an unknown axis, layer or
/// role, missing or repeated layers, a file that was cut off, changed or goes on behind its end
inline model_plan load_plan(std::filesystem::path const& path, plan_frame const& frame) {
    std::vector<char> const bytes = detail::read_file(path);
    return detail::plan_loader(path, {bytes.data(), bytes.size()}, frame).all();
}
/// Reads a plan for a job with `mesh`, `model` and `batch`, and has its model read under the plan's strategy.
/// @throws std::runtime_error as above, and where the model refuses the strategy
template <class Job>
model_plan load_plan(std::filesystem::path const& path) {
    std::vector<char> const bytes = detail::read_file(path);
    plan_frame const frame = frame_of<Job>();
    detail::plan_loader loader(path, {bytes.data(), bytes.size()}, frame);
    model_plan const p = loader.all();
    auto const g = std::make_unique<graph>(read_model<typename Job::model>(
        p.strategy, Job::batch, detail::element_type<typename detail::element_of<Job>::type>,
        detail::element_type<typename detail::compute_of<Job>::type>));
    if (!g->ok())
        detail::file_error(path, "line " + std::to_string(loader.line_of(g->failed_in)) + ": " + detail::refusal(*g));
    return p;
}

}  // namespace shardtype
