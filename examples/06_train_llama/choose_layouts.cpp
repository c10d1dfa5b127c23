#include "choose_layouts.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace {

// torchtitan's parallel_dims: every degree at least 1, the shard degree may be -1 for what is left, the product is the
// world size; axes of size 1 are dropped.
layout_spec from_degrees(settings const& with) {
    long const replicate = with.data_parallel_replicate_degree.value, tensor = with.tensor_parallel_degree.value;
    long const ranks = with.ranks.value;
    long shard = with.data_parallel_shard_degree.value;
    if (shard == -1) shard = ranks / (replicate * tensor);
    if (shard < 1 || replicate * shard * tensor != ranks)
        throw usage_error("the degrees dp_replicate " + text_of(replicate) + " x dp_shard " +
                          text_of(with.data_parallel_shard_degree.value) + " x tp " + text_of(tensor) +
                          " do not fill --ranks " + text_of(ranks));
    layout_spec s;
    s.dp_replicate = replicate > 1 ? replicate : 0;
    s.tp = tensor > 1 ? tensor : 0;
    s.dp_shard = shard > 1 || (s.dp_replicate == 0 && s.tp == 0) ? shard : 0;
    s.valid = true;
    return s;
}

// A layout that is asked for, and the knobs that its text has besides the mesh: ",bfloat16,recompute=2".
struct wanted_layout {
    layout_spec spec;
    std::string knobs;
    /// One of them with its number, as it stands there; empty if it does not.
    std::string word(char const* knob) const {
        std::size_t const at = knobs.find("," + std::string(knob));
        return at == std::string::npos ? "" : knobs.substr(at, knobs.find(',', at + 1) - at);
    }
};

bool is_knob(std::string_view word) {
    constexpr std::string_view all[] = {"zero_stage",    "seq_len",  "global_batch_size",
                                        "micro_batches", "bfloat16", "recompute"};
    return std::find(std::begin(all), std::end(all), word.substr(0, word.find('='))) != std::end(all);
}

// Where the knobs of a layout's text begin: at a comma, or at its end.
std::size_t end_of_mesh(std::string_view text) {
    std::size_t at = text.find(',');
    while (at < text.size() && !is_knob(text.substr(at + 1, text.find(',', at + 1) - at - 1)))
        at = text.find(',', at + 1);
    return std::min(at, text.size());
}

// The log has spaces between knobs: those words are of the layout before them.
words joined(words const& given) {
    words out;
    for (std::string name : given) {
        std::replace(name.begin(), name.end(), ' ', ',');
        if (!out.empty() && is_knob(name.substr(0, name.find(','))))
            out.back() += "," + name;
        else
            out.push_back(name);
    }
    return out;
}

std::vector<wanted_layout> wanted_meshes(settings const& with, std::vector<compiled_layout> const& compiled) {
    // A flag wins over a file, whichever of the two ways it uses.
    origin const degrees = std::max({with.data_parallel_replicate_degree.from, with.data_parallel_shard_degree.from,
                                     with.tensor_parallel_degree.from});
    if (degrees != origin::standard && degrees == with.layout.from)
        throw usage_error("--layout and the three degrees say the same thing: give one of them");
    if (degrees > with.layout.from) return {{from_degrees(with), ""}};
    if (with.ranks.from > with.layout.from)
        throw usage_error("--ranks belongs to the three degrees, e.g. --tensor-parallel-degree");

    std::vector<wanted_layout> meshes;
    for (std::string const& name : joined(with.layout.value)) {
        std::size_t const end = end_of_mesh(name);
        std::string const mesh = name.substr(0, end);
        wanted_layout w{layout_spec::parse(mesh), name.substr(end)};
        layout_spec& s = w.spec;
        for (compiled_layout const& c : compiled)
            if (!s.valid && c.spec.short_name() == mesh) s = c.spec;
        if (s.valid) s = layout_spec::parse(s.name() + w.knobs);
        if (s.valid && s.dp_shard <= 1 && !w.word("zero_stage").empty())
            throw usage_error("--layout: " + printable(name) + ": there is no dp_shard axis to split anything over");
        if (s.valid && s.recompute > with.selective_ac_option.most)
            throw usage_error("--layout: " + printable(name) + ": one block in so many, at most " +
                              text_of(with.selective_ac_option.most));
        if (s.valid && (!(w.word("seq_len") + w.word("global_batch_size")).empty()))
            throw usage_error("--layout: " + printable(name) +
                              ": all layouts have one sequence length and batch: give " +
                              "--seq-len and --global-batch-size by themselves");
        if (!s.valid) {
            words known;
            for (compiled_layout const& c : compiled)
                for (std::string const& n : {c.spec.short_name(), c.spec.name()})
                    if (std::find(known.begin(), known.end(), n) == known.end()) known.push_back(n);
            throw usage_error("--layout: " + printable(name) + " is no layout; a new one is spelled like " +
                              "dp_shard=4,tp=2, several are separated by spaces; compiled are " + text_of(known));
        }
        meshes.push_back(w);
    }
    return meshes;
}

// A flag wins over a file, also where it says it by another setting; what lost is not in the record of the run.
void settle(settings& with) {
    if (with.local_batch_size.value > 0 && with.local_batch_size.from > with.global_batch_size.from)
        with.global_batch_size.value = -1;
    else if (with.global_batch_size.value > 0 && with.global_batch_size.from > with.local_batch_size.from)
        with.local_batch_size.value = -1;
    std::string& reshard = with.fsdp_reshard_after_forward.value;
    long& stage = with.zero_stage.value;
    if (with.fsdp_reshard_after_forward.from > with.zero_stage.from && reshard != "default") stage = -1;
    if (with.zero_stage.from > with.fsdp_reshard_after_forward.from && stage != -1) reshard = "default";
    if ((reshard == "always" && stage != -1 && stage != 3) || (reshard == "never" && stage == 3))
        throw usage_error("--fsdp-reshard-after-forward " + reshard + " and --zero-stage " + text_of(stage) +
                          " contradict each other: always is 3, never is 2 or 1");
}

// torchtitan's rule: a global batch that is not given is local x data-parallel degree; one that is given divides by
// that, and the quotient is the number of micro-batches.
void choose_batch(long global, long local, long micro_batches, layout_spec& s) {
    if (global == -1 && local == -1) throw usage_error("--global-batch-size -1 needs --local-batch-size");
    long const parts = (local == -1 ? micro_batches : local) * s.data_ranks();
    s.global_batch_size = global == -1 ? parts : global;
    if (s.global_batch_size % parts != 0)
        throw usage_error("--global-batch-size " + text_of(global) + " under " + s.name() + " is no multiple of " +
                          (local > 0           ? "--local-batch-size " + text_of(local) + " x "
                           : micro_batches > 1 ? "micro_batches=" + text_of(micro_batches) + " x "
                                               : "") +
                          text_of(s.data_ranks()) + " data-parallel ranks");
    s.micro_batches = local == -1 ? micro_batches : s.global_batch_size / parts;
}

long zero_stage_of(settings const& with) {
    if (with.zero_stage.value != -1) return with.zero_stage.value;
    return with.fsdp_reshard_after_forward.value == "never" ? 2 : 3;
}

long recompute_of(settings const& with) {
    if (with.activation_checkpoint_mode.value == "none") return 0;
    return with.activation_checkpoint_mode.value == "full" ? 1 : with.selective_ac_option.value;
}

// The settings' knobs, but for those that the layout's own text has; `w.knobs` are what counted of that. A flag wins over
// the text of a file; two flags that differ are refused.
void add_knobs(settings const& with, wanted_layout& w) {
    layout_spec& s = w.spec;
    std::string counted;
    auto const text_wins = [&](char const* knob, origin other, bool same, char const* flags) {
        std::string const word = w.word(knob);
        if (word.empty() || other > with.layout.from) return false;
        if (!same && other == origin::flag)
            throw usage_error("--layout: " + printable(s.name() + w.knobs) + " and " + flags +
                              " contradict each other");
        counted += word;
        return true;
    };
    long const stage = zero_stage_of(with), again = recompute_of(with), micro_batches = s.micro_batches;
    bool const narrow = with.mixed_precision_param.value == "bfloat16";
    if (!text_wins("zero_stage", std::max(with.zero_stage.from, with.fsdp_reshard_after_forward.from),
                   s.zero_stage == stage, "--zero-stage or --fsdp-reshard-after-forward"))
        s.zero_stage = s.dp_shard > 1 ? stage : 3;
    s.seq_len = with.seq_len.value;
    if (text_wins("micro_batches", with.local_batch_size.from, with.local_batch_size.value == -1, "--local-batch-size"))
        choose_batch(with.global_batch_size.value, -1, micro_batches, s);
    else
        choose_batch(with.global_batch_size.value, with.local_batch_size.value, 1, s);
    if (!text_wins("bfloat16", with.mixed_precision_param.from, narrow, "--mixed-precision-param")) s.bfloat16 = narrow;
    if (!text_wins("recompute", std::max(with.activation_checkpoint_mode.from, with.selective_ac_option.from),
                   s.recompute == again, "--activation-checkpoint-mode and --selective-ac-option"))
        s.recompute = again;
    w.knobs = counted;
}

}  // namespace

layout_spec with_knobs(settings with, layout_spec const& mesh) {
    settle(with);
    wanted_layout w{mesh, ""};
    add_knobs(with, w);
    return w.spec;
}

std::vector<int> choose_layouts(settings& with, std::vector<compiled_layout> const& compiled, build_info const& build) {
    std::vector<int> chosen;
    std::string missing, lines;
    settle(with);
    words texts;
    for (wanted_layout& w : wanted_meshes(with, compiled)) {
        add_knobs(with, w);
        layout_spec const& s = w.spec;
        texts.push_back(s.name() + w.knobs);
        int found = -1;
        for (int i = 0; i < static_cast<int>(compiled.size()); ++i) {
            layout_spec const& c = compiled[static_cast<std::size_t>(i)].spec;
            if (c.same_mesh(s) && c.batch() == s.batch()) found = i;
        }
        if (found >= 0) {
            chosen.push_back(found);
        } else if (std::string const fault = build.fault(s); !fault.empty()) {
            throw usage_error("--layout: " + s.name() + " with " + s.batch() + " cannot be compiled: " + fault);
        } else {
            missing += (missing.empty() ? "" : " and ") + s.name() + " with " + s.batch();
            lines += ";" + s.name() + "," + s.batch();
        }
    }
    if (!missing.empty())
        throw not_compiled("not compiled: " + missing +
                           " (a layout is a type; --help lists those that are); to add it: " + "cmake -S '" +
                           build.source + "' -B '" + build.binary + "' '-DSHARDTYPE_TRAIN_LLAMA_LAYOUTS=" +
                           (build.added.empty() ? lines.substr(1) : build.added + lines) + "' && cmake --build '" +
                           build.binary + "' --target train_llama");
    with.layout.value = texts;
    return chosen;
}

std::string layouts_help(std::vector<compiled_layout> const& compiled) {
    std::string out =
        "Compiled layouts (short name, full name; sequence x global batch; arena_bytes of a rank, as in the log; its "
        "knobs):\n";
    words seen;
    for (compiled_layout const& c : compiled) {
        std::string name = c.spec.short_name();
        bool const first = std::find(seen.begin(), seen.end(), name) == seen.end();
        if (first) seen.push_back(name);
        char line[200];
        std::snprintf(line, sizeof line, "  %-22s %-25s %5ld x %-4ld %9.2f MiB %s\n", first ? name.c_str() : "",
                      c.spec.name().c_str(), c.spec.seq_len, c.spec.global_batch_size,
                      static_cast<double>(c.arena_bytes) / (1 << 20), c.spec.extras().c_str());
        out += line;
        if (std::size_t const end = out.find_last_not_of(" \n"); end != std::string::npos) out.resize(end + 1);
        out += '\n';
    }
    return out +
           "Knobs are given by other flags for all layouts, or behind one layout: dp_shard=8,zero_stage=2.\n"
           "Another layout is refused with the CMake line that adds it. A wrong flag, file or path: one line, exit "
           "code "
           "2.\n"
           "Examples:\n"
           "  train_llama --layout tp --steps 100 --log-format json\n"
           "  train_llama --tensor-parallel-degree 4 --ranks 8      (torchtitan's knobs: dp_shard=2,tp=4)\n"
           "  train_llama --layout dp_shard+tp --global-batch-size 8 --local-batch-size 2 \\\n"
           "      --mixed-precision-param bfloat16 --activation-checkpoint-mode full      (two micro-batches)\n"
           "  train_llama --layout auto --local-batch-size 8 --device-memory 120      (the planner's choice)\n"
           "  train_llama --layout dp_shard --fsdp-reshard-after-forward never --validation-enable\n"
           "  train_llama --config job.toml --lr 3e-4 --record run.toml";
}
