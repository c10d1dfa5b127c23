#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shardtype {

namespace detail {

/// `1234567.891` with 2 decimals: "1,234,567.89"; halves to even, as the exact binary value has them.
inline std::string number(double value, int decimals, bool grouped) {
    std::array<char, 400> text{};  // the largest double has 309 digits
    std::snprintf(text.data(), text.size(), "%.*f", std::clamp(decimals, 0, 17), value);
    std::string out = text.data();
    if (!grouped || !std::isfinite(value)) return out;
    const std::size_t sign = out[0] == '-' ? 1 : 0;
    for (std::size_t at = std::min(out.find('.'), out.size()); at > sign + 3;) out.insert(at -= 3, ",");
    return out;
}

inline std::string pad_left(std::string text, std::size_t width) {
    if (text.size() < width) text.insert(0, width - text.size(), ' ');
    return text;
}

inline constexpr double gibibyte = 1024. * 1024. * 1024.;

}  // namespace detail

/// The sizes of a mesh's axes: `[2, 4]`.
inline std::string mesh_sizes(std::span<const long> sizes) {
    std::string out = "[";
    for (const long size : sizes) out += (out.size() == 1 ? "" : ", ") + std::to_string(size);
    return out + "]";
}

/// `Building 2-D device mesh with ['dp_shard', 'tp'], [2, 4]`. Precondition: as many names as sizes.
inline std::string device_mesh_line(std::span<const std::string_view> names, std::span<const long> sizes) {
    std::string axes;
    for (const std::string_view name : names) ((axes += axes.empty() ? "'" : ", '") += name) += "'";
    return "Building " + std::to_string(sizes.size()) + "-D device mesh with [" + axes + "], " + mesh_sizes(sizes);
}

/// What the cost of a token depends on. `parameters` counts the whole model, `embedding_parameters` the table that
/// is looked up and not multiplied.
struct model_size {
    long parameters = 0;            ///< of the whole model
    long embedding_parameters = 0;  ///< of the table
    long layers = 0;                ///< blocks
    long heads = 0;                 ///< of queries
    long dim = 0;                   ///< columns of the residual stream
};

/// Flops of forward and backward for one token: 6 (N - N_emb) + 12 L h (d/h) seq. Counts no recomputation and
/// no saving from the causal mask. The debug model (vocabulary 2000, seq 2048): 71,511,552.
constexpr double flops_per_token(const model_size& model, long seq) {
    const long head_dim = model.dim / model.heads;
    return 6. * static_cast<double>(model.parameters - model.embedding_parameters) +
           12. * static_cast<double>(model.layers) * static_cast<double>(model.heads) * static_cast<double>(head_dim) *
               static_cast<double>(seq);
}

/// What one step measured on one rank.
struct step_metrics {
    long step = 0;                    ///< as printed, from 1
    double loss = 0;                  ///< mean over the global batch
    double grad_norm = 0;             ///< before clipping
    double memory_bytes = 0;          ///< of one rank
    double memory_capacity = 0;       ///< of one device, bytes
    double tokens = 0;                ///< seen by this rank's data-parallel share
    double seconds = 0;               ///< of the step
    long non_data_parallel_size = 1;  ///< cp * tp * pp: so many ranks share those tokens
    double flops_per_token = 0;       ///< see the function
    double peak_flops = 0;            ///< of one device, per second

    /// Tokens per second and device.
    constexpr double tokens_per_second() const {
        return tokens / (seconds * static_cast<double>(non_data_parallel_size));
    }
    /// Flops per second and device.
    constexpr double flops_per_second() const { return flops_per_token * tokens_per_second(); }
    /// Share of the peak, in percent.
    constexpr double mfu() const { return 100 * flops_per_second() / peak_flops; }
};

/// torchtitan's line:
/// `step:  1  loss:  8.1996  grad_norm:  1.2989  memory:  2.65GiB(2.79%)  tps: 1,772  tflops: 0.13  mfu: 0.01%`
inline std::string step_line(const step_metrics& m) {
    using detail::number;
    using detail::pad_left;
    return "step: " + pad_left(std::to_string(m.step), 2) + "  loss: " + pad_left(number(m.loss, 4, false), 7) +
           "  grad_norm: " + pad_left(number(m.grad_norm, 4, false), 7) +
           "  memory: " + pad_left(number(m.memory_bytes / detail::gibibyte, 2, false), 5) + "GiB(" +
           number(100 * m.memory_bytes / m.memory_capacity, 2, false) +
           "%)  tps: " + number(m.tokens_per_second(), 0, true) +
           "  tflops: " + number(m.flops_per_second() / 1e12, 2, true) + "  mfu: " + number(m.mfu(), 2, false) + "%";
}

/// torchtitan's line for a loss on held-out text:
/// `validate step:  1  loss:  8.1996  memory:  2.65GiB(2.79%)  tps: 1,772`
inline std::string validation_line(const step_metrics& m) {
    using detail::number;
    return "validate step: " + detail::pad_left(std::to_string(m.step), 2) +
           "  loss: " + detail::pad_left(number(m.loss, 4, false), 7) +
           "  memory: " + detail::pad_left(number(m.memory_bytes / detail::gibibyte, 2, false), 5) + "GiB(" +
           number(100 * m.memory_bytes / m.memory_capacity, 2, false) +
           "%)  tps: " + number(m.tokens_per_second(), 0, true);
}

/// What an evaluation reads of `held` tokens, in `batches` whole batches of `batch` tokens:
/// `an evaluation reads 6,144 of 6,505 held-out tokens, in whole batches of 2,048; the last 361 are left out`
inline std::string evaluation_line(long batches, long batch, long held) {
    auto const n = [](long value) { return detail::number(static_cast<double>(value), 0, true); };
    std::string const out = "an evaluation reads ";
    if (batches * batch >= held)  // the last target is the first token
        return out + "one batch of " + n(batch) + " tokens: the " + n(held) + " held-out tokens, repeated";
    return out + n(batches * batch) + " of " + n(held) + " held-out tokens, in whole batches of " + n(batch) +
           "; the last " + n(held - batches * batch) + " are left out";
}

/// One run in the closing table.
struct run_summary {
    std::string layout;                                                 ///< "fsdp"
    std::string mesh;                                                   ///< "[2, 4] dp_shard, tp"
    double first_loss = 0;                                              ///< of the first step
    double last_loss = 0;                                               ///< of the last step
    double tokens_per_second = 0;                                       ///< of all devices together
    double memory_bytes = 0;                                            ///< of one rank
    double seconds = 0;                                                 ///< of the whole run
    double validation_loss = std::numeric_limits<double>::quiet_NaN();  ///< the last one; NaN: there is none
};

/// Whether a run among these has a loss on held-out text.
inline bool any_validation(std::span<const run_summary> runs) {
    return std::any_of(runs.begin(), runs.end(), [](const run_summary& r) { return !std::isnan(r.validation_loss); });
}

/// Bytes in the largest unit that leaves at least 1: "512 B", "1.50 KiB", "23.40 MiB", "1.15 GiB".
inline std::string byte_count(double bytes) {
    constexpr std::array<const char*, 3> units{" KiB", " MiB", " GiB"};
    if (!(bytes >= 1024)) return detail::number(bytes, 0, false) + " B";
    std::size_t unit = 0;
    double value = bytes / 1024;
    for (; unit + 1 < units.size() && value >= 1024; ++unit) value /= 1024;
    return detail::number(value, 2, true) + units[unit];
}

/// The runs as an aligned table with a header: words to the left, numbers to the right; ends with a line feed. Held-out
/// losses have a column where there are any.
inline std::string closing_table(std::span<const run_summary> runs) {
    constexpr std::size_t words = 2;
    using line = std::vector<std::string>;
    std::vector<line> lines{{"layout", "mesh", "first loss", "last loss", "tokens/s", "memory/rank", "seconds"}};
    for (const run_summary& run : runs)
        lines.push_back({run.layout, run.mesh, detail::number(run.first_loss, 4, false),
                         detail::number(run.last_loss, 4, false), detail::number(run.tokens_per_second, 0, true),
                         byte_count(run.memory_bytes), detail::number(run.seconds, 2, true)});
    if (any_validation(runs)) {
        lines[0].insert(lines[0].begin() + 4, "validation");
        for (std::size_t i = 0; i < runs.size(); ++i)
            lines[i + 1].insert(lines[i + 1].begin() + 4, detail::number(runs[i].validation_loss, 4, false));
    }
    std::size_t const columns = lines[0].size();
    std::vector<std::size_t> width(columns);
    for (const line& cells : lines)
        for (std::size_t c = 0; c < columns; ++c) width[c] = std::max(width[c], cells[c].size());
    std::string out;
    for (const line& cells : lines) {
        for (std::size_t c = 0; c < columns; ++c) {
            const std::string space(width[c] - cells[c].size(), ' ');
            (out += c == 0 ? "" : "  ") += c < words ? cells[c] + space : space + cells[c];
        }
        out += '\n';
        if (&cells == &lines.front()) {
            for (std::size_t c = 0; c < columns; ++c) (out += c == 0 ? "" : "  ") += std::string(width[c], '-');
            out += '\n';
        }
    }
    return out;
}

}  // namespace shardtype
