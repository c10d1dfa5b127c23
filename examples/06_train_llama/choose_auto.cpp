#include "choose_auto.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <shardtype/plan/explain.hpp>
#include <shardtype/train/metrics.hpp>

#include "plan_mesh.hpp"
#ifdef SHARDTYPE_THIS_MACHINE
#include "this_machine.hpp"
#endif

namespace st = shardtype;

namespace {

st::hardware hardware_named(std::string const& name) {
#ifdef SHARDTYPE_THIS_MACHINE
    if (name == "this_machine") return st::this_machine;
#endif
    if (name == "this_machine")
        throw usage_error(
            "--hardware this_machine is not built in: build/bench/measure_machine --output "
            "build/planner/this_machine.hpp, then build again");
    for (st::hardware const* h : {&st::a100_80gb, &st::h100_sxm, &st::h200_sxm, &st::b200_sxm})
        if (name == h->name) return *h;
    throw usage_error("--hardware: " + printable(name) + " is not known");
}

std::string number(double value, char const* format) {
    char text[64];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

st::constraints constraints_of(settings const& with, st::hardware const& on) {
    double const low = with.parameter_memory_low.value, high = with.parameter_memory_high.value;
    double const most = high > 0 ? high : 1 / static_cast<double>(with.ranks.value);
    if (low > most)
        throw usage_error("--parameter-memory-low " + text_of(low) + " is more than --parameter-memory-high " +
                          text_of(high) + (high > 0 ? "" : ", one over the ranks"));
    st::constraints c;
    c.parameter_memory = {low, high};
    c.device_memory = std::lround(with.device_memory.value * (1 << 20));
    if (c.device_memory > on.memory)
        throw usage_error("--device-memory " + text_of(with.device_memory.value) + " is more than the " +
                          number(static_cast<double>(on.memory) / (1 << 20), "%.0f") + " MiB of " + on.name);
    return c;
}

// Whether the settings ask for a plan. @throws usage_error where they ask for something else too
bool wants_auto(settings const& with) {
    words const& names = with.layout.value;
    if (std::none_of(names.begin(), names.end(), [](std::string const& w) { return w.substr(0, 4) == "auto"; }))
        return false;
    origin const degrees = std::max({with.data_parallel_replicate_degree.from, with.data_parallel_shard_degree.from,
                                     with.tensor_parallel_degree.from});
    if (degrees > with.layout.from) return false;
    if (names.size() > 1 || names[0] != "auto")
        throw usage_error("--layout: " + printable(text_of(names)) + ": auto stands alone; its knobs are other flags");
    if (degrees != origin::standard && degrees == with.layout.from)
        throw usage_error("--layout auto chooses the three degrees: give one of them");
    return true;
}

// In torchtitan's order of axes; those of one rank are left out.
std::vector<layout_spec> meshes_of(long ranks) {
    std::vector<layout_spec> out;
    for (long tp = 1; tp <= ranks; ++tp)
        for (long shard = ranks / tp; ranks % tp == 0 && shard >= 1; --shard) {
            if (ranks / tp % shard != 0) continue;
            layout_spec s;
            s.dp_replicate = ranks / tp / shard > 1 ? ranks / tp / shard : 0;
            s.dp_shard = shard > 1 || ranks == 1 ? shard : 0;
            s.tp = tp > 1 ? tp : 0;
            s.valid = true;
            out.push_back(s);
        }
    return out;
}

// Bytes of a rank in this program; 0: it is not compiled.
long arena_of(layout_spec const& s, std::vector<compiled_layout> const& compiled) {
    for (compiled_layout const& c : compiled)
        if (c.spec.same_mesh(s) && c.spec.batch() == s.batch()) return c.arena_bytes;
    return 0;
}

std::string milliseconds(long ns) { return number(1e-6 * static_cast<double>(ns), "%.3f ms"); }
std::string bytes(long n) { return st::byte_count(static_cast<double>(n)); }
std::string percent(double more) { return number(100 * more, "%.1f %%"); }

st::uniform_layout const& uniform_of(planned_mesh const& m) { return m.plan.uniform[0]; }
long time_of(planned_mesh const& m) { return m.fits() || m.too_large() ? m.plan.time : uniform_of(m).time; }

// Why a mesh that is not the chosen one is not.
std::string against(planned_mesh const& m, planned_mesh const& chosen) {
    if (m.too_large()) return "too large by " + bytes(m.memory() - m.plan.budget);
    if (!m.fits()) return "not within --parameter-memory-low and -high";
    return percent(m.time_per_token() / chosen.time_per_token() - 1) + " slower per token";
}

// One sentence: of how many it is the fastest, and what a faster mesh lacks or by how much the next one is slower.
std::string reason(std::vector<planned_mesh> const& all) {
    planned_mesh const& chosen = all.front();
    auto const fits = [](planned_mesh const& m) { return m.fits(); };
    auto const fitting = std::count_if(all.begin(), all.end(), fits);
    bool const all_fit = fitting == static_cast<long>(all.size());
    std::string const meshes = std::to_string(all.size()) + (all.size() == 1 ? " legal mesh" : " legal meshes");
    std::string const out = all_fit        ? "the fastest per token of " + meshes
                            : fitting == 1 ? "the only one of " + meshes + " within the constraints"
                                           : "the fastest per token of " + std::to_string(fitting) +
                                                 " within the constraints, of " + meshes;
    if (all.size() == 1) return out;
    planned_mesh const& other = all[1];  // the fastest of the others
    if (!other.fits() && other.time_per_token() < chosen.time_per_token())
        return out + "; " + other.spec.name() + ", which takes " +
               percent(1 - other.time_per_token() / chosen.time_per_token()) + " less, is " + against(other, chosen);
    auto const next = std::find_if(all.begin() + 1, all.end(), fits);
    return next == all.end() ? out : out + "; " + next->spec.name() + " is " + against(*next, chosen);
}

// Nothing keeps to the constraints.
[[noreturn]] void refuse_all(settings const& with, std::vector<planned_mesh> const& all) {
    planned_mesh const* least = nullptr;
    for (planned_mesh const& m : all)
        if (m.too_large() && (least == nullptr || m.memory() < least->memory())) least = &m;
    std::string const world = text_of(with.ranks.value) + " ranks";
    if (least == nullptr)
        throw usage_error("--layout auto: no mesh of " + world + " stores a share of the parameters from " +
                          text_of(with.parameter_memory_low.value) + " to " +
                          (with.parameter_memory_high.value > 0 ? text_of(with.parameter_memory_high.value)
                                                                : "1/" + text_of(with.ranks.value)) +
                          " (--parameter-memory-low, --parameter-memory-high)");
    throw usage_error("--layout auto: no mesh of " + world + " fits into " + bytes(least->plan.budget) +
                      (with.device_memory.value > 0 ? " (--device-memory)" : " of " + with.hardware.value) +
                      "; the smallest is " + least->spec.name() + " with " + least->spec.batch() + ", which needs " +
                      bytes(least->memory()));
}

}  // namespace

long planned_mesh::memory() const {
    bool const counted = plan.outcome == st::chain_outcome::optimal || plan.outcome == st::chain_outcome::infeasible;
    return std::max(counted ? plan.memory : uniform_of(*this).memory, plan.arena);
}
double planned_mesh::time_per_token() const {
    return static_cast<double>(time_of(*this)) / static_cast<double>(spec.global_batch_size * spec.seq_len);
}

std::string automatic_choice::explained() const {
    std::string out = "Meshes, one strategy for all layers:\n";
    for (planned_mesh const& m : meshes) {
        char row[240];
        std::snprintf(row, sizeof row, "  %-32s %5ld x %-5ld %12s %14s  %s\n", m.spec.name().c_str(), m.spec.seq_len,
                      m.spec.global_batch_size, milliseconds(time_of(m)).c_str(), bytes(m.memory()).c_str(),
                      &m == &meshes.front() ? "the choice" : against(m, meshes.front()).c_str());
        out += row;
    }
    st::model_plan const& p = meshes.front().plan;
    auto const size = static_cast<std::size_t>(st::explain(p, nullptr, 0));
    std::string text(size, ' ');
    (void)st::explain(p, text.data(), static_cast<long>(size));
    return out + "\n" + text;
}

std::optional<automatic_choice> choose_auto(settings& with, std::vector<compiled_layout> const& compiled) {
    if (!wants_auto(with)) return std::nullopt;
    st::hardware const on = hardware_named(with.hardware.value);
    st::constraints const bound = constraints_of(with, on);
    automatic_choice out;
    std::string illegal;
    for (layout_spec const& mesh : meshes_of(with.ranks.value)) try {
            planned_mesh m{with_knobs(with, mesh), {}};
            m.plan = plan_mesh(m.spec, on, bound);
            m.plan.arena = arena_of(m.spec, compiled);
            bool const legal = m.plan.uniforms > 0 && uniform_of(m).verdict != st::why_not::illegal;
            if (legal) out.meshes.push_back(std::move(m));
        } catch (usage_error const& e) {
            illegal = "; " + std::string(e.what());
        }
    if (out.meshes.empty())
        throw usage_error("--layout auto: no mesh of " + text_of(with.ranks.value) + " ranks divides model and batch" +
                          illegal);
    auto const faster = [](planned_mesh const& a, planned_mesh const& b) {
        return std::pair(a.time_per_token(), a.memory()) < std::pair(b.time_per_token(), b.memory());
    };
    std::sort(out.meshes.begin(), out.meshes.end(), faster);
    auto const chosen =
        std::find_if(out.meshes.begin(), out.meshes.end(), [](planned_mesh const& m) { return m.fits(); });
    if (chosen == out.meshes.end()) refuse_all(with, out.meshes);
    std::rotate(out.meshes.begin(), chosen, chosen + 1);
    planned_mesh const& best = out.meshes.front();
    out.line = best.spec.name() + " with " + best.spec.batch() + ": predicted " + milliseconds(best.plan.time) +
               " a step on " + text_of(with.ranks.value) + " x " + on.name + ", " + bytes(best.memory()) + " a rank; " +
               reason(out.meshes);
    if (best.plan.arena == 0)
        for (planned_mesh const& m : out.meshes)
            if (m.plan.arena > 0 && m.fits() && out.next.empty())
                out.next = "of the compiled ones " + m.spec.name() + " comes next, " + against(m, best);
    with.layout.value = {best.spec.name()};
    with.layout.from = origin::flag;  // degrees of a file do not count
    return out;
}
