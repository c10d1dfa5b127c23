// usage: toml_to_job FILE.toml OUTPUT.cpp OUTPUT.hpp WORLD_SIZE HARDWARE
// A torchtitan-style configuration as a translation unit that compiles if the job is right, and a header with the job
// as a value. What is wrong becomes a static_assert at the file's own line. WORLD_SIZE 0: the file has it; HARDWARE
// none: memory is not checked. Called by shardtype_check_config (../ShardtypeCheckConfig.cmake).
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <toml++/toml.h>

#include <shardtype/mesh/hardware.hpp>

#include "check_keys.hpp"
#include "explain.hpp"
#include "memory.hpp"
#include "nearest.hpp"
#include "torchtitan_keys.hpp"

namespace st = shardtype;
using std::string, std::string_view, std::vector;

namespace {

struct place {
    unsigned line = 1, column = 1;
};
struct fault {
    place at;
    string text;
};

place place_of(toml::source_region const& where) {
    return {std::max(1U, static_cast<unsigned>(where.begin.line)),
            std::max(1U, static_cast<unsigned>(where.begin.column))};
}

// Fit for a C++ string literal: letters of other alphabets and control characters as ?.
string escaped(string_view text) {
    string out;
    for (char const c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c >= ' ' && c <= '~' ? c : '?';
    }
    return out;
}

string shown(toml::node const& value) {
    if (value.is_table()) return "a table";
    if (value.is_array()) return "a list";
    std::ostringstream out;
    value.visit([&](auto const& v) {
        if constexpr (toml::is_value<decltype(v)>) out << v;
    });
    return out.str();
}

bool is(toml::node const& value, value_kind kind) {
    switch (kind) {
        case value_kind::whole:
            return value.is_integer();
        case value_kind::number:
            return value.is_number();
        case value_kind::truth:
            return value.is_boolean();
        case value_kind::text:
            return value.is_string();
        default:
            return true;
    }
}
char const* wanted(value_kind kind) {
    switch (kind) {
        case value_kind::whole:
            return "a whole number";
        case value_kind::number:
            return "a number";
        case value_kind::truth:
            return "true or false";
        default:
            return "a text in quotes";
    }
}

template <class List, class T>
bool contains(List const& list, T const& x) {
    return std::find(std::begin(list), std::end(list), x) != std::end(list);
}

/// A file, read: the job, where its knobs stand, and what is wrong with its keys.
class reader {
  public:
    st::job job;
    char const* model = "llama3_debug";  // the constant of its sizes
    std::map<st::knob, place> stands;
    place flavor_stands, parallelism_stands;
    vector<fault> faults;

    void read(toml::table const& file) {
        for (auto&& [section, node] : file) {
            string const name(section.str());
            place const at = place_of(section.source());
            if (!node.is_table()) {
                string const belongs = section_of(name);
                if (node.is_array_of_tables())
                    add(at, "J716", "[[" + name + "]] is an array of tables; write [" + name + "]");
                else
                    add(at, "J716",
                        "key '" + name + "' stands in no section" +
                            (belongs.empty() ? "" : "; it belongs to [" + belongs + "]"));
            } else if (contains(sections(), name)) {
                if (name == "parallelism") parallelism_stands = at;
                for (auto&& [key, value] : *node.as_table())
                    take(name, string(key.str()), value, place_of(key.source()));
            } else if (!contains(torchtitan_sections, string_view(name))) {
                vector<string> known = sections();
                known.insert(known.end(), std::begin(torchtitan_sections), std::end(torchtitan_sections));
                add(at, "J716", "unknown section [" + name + "]; " + nearest(name, known));
            }
        }
    }

    /// What only all keys together show.
    void finish() {
        if (auto const at = reshards_.find("always"); at != reshards_.end() && staged_ && job.zero_stage != 3)
            add(at->second, "J717",
                "fsdp_reshard_after_forward = 'always' is zero_stage = 3, not " + std::to_string(job.zero_stage));
        if (auto const at = reshards_.find("never"); at != reshards_.end()) {
            if (staged_ && job.zero_stage == 3)
                add(at->second, "J717", "fsdp_reshard_after_forward = 'never' is zero_stage = 2 or 1, not 3");
            if (!staged_) job.zero_stage = 2;
        }
    }

    /// Where memory is decided, by the first of its knobs that the file has.
    place place_of_memory() const {
        for (st::knob k : {st::knob::local_batch_size, st::knob::seq_len})
            if (auto const found = stands.find(k); found != stands.end()) return found->second;
        return parallelism_stands;
    }

    void add(place at, char const* number, string const& text) {
        faults.push_back({at, "[ST-" + string(number) + "] " + text});
    }

  private:
    static vector<string> sections() {
        vector<string> all{"model"};
        auto const note = [&](string_view s) {
            if (!contains(all, s)) all.emplace_back(s);
        };
        for (knob_key const& k : knob_keys) note(k.section);
        for (word_key const& k : word_keys) note(k.section);
        for (other_key const& k : other_keys) note(k.section);
        for (torchtitan_key const& k : torchtitan_keys) note(k.section);
        return all;
    }
    template <class F>
    static void for_each_key(F f) {
        f("model", "name");
        f("model", "flavor");
        for (knob_key const& k : knob_keys) f(k.section, name_of(k.is));
        for (word_key const& k : word_keys) f(k.section, k.key);
        f(blocks_section, blocks_key);
        for (other_key const& k : other_keys) f(k.section, k.key);
        for (torchtitan_key const& k : torchtitan_keys) f(k.section, k.key);
    }
    static string section_of(string_view key) {
        string found;
        for_each_key([&](string_view section, string_view name) {
            if (name == key && found.empty()) found = section;
        });
        return found;
    }

    void wrong_kind(place at, string const& key, toml::node const& value, value_kind kind) {
        add(at, "J717", key + " = " + shown(value) + " is not " + wanted(kind));
    }

    void take(string const& section, string const& key, toml::node const& value, place at) {
        if (section == "model" && (key == "name" || key == "flavor")) return take_model(key, value, at);
        for (knob_key const& k : knob_keys)
            if (k.section == section && name_of(k.is) == key) {
                if (!value.is_integer()) return wrong_kind(at, key, value, value_kind::whole);
                stands[k.is] = at;
                job = with_knob(job, {k.is, static_cast<long>(value.as_integer()->get())});
                staged_ = staged_ || k.is == st::knob::zero_stage;
                return;
            }
        for (word_key const& k : word_keys)
            if (k.section == section && k.key == key) return take_word(k, value, at);
        if (section == blocks_section && key == blocks_key) return take_blocks(value, at);
        for (other_key const& k : other_keys)
            if (k.section == section && k.key == key) {
                if (!is(value, k.kind)) wrong_kind(at, key, value, k.kind);
                return;
            }
        for (torchtitan_key const& k : torchtitan_keys)
            if (k.section == section && k.key == key) {
                string text = shown(value);
                if (value.is_string()) text = value.as_string()->get();
                if (!k.only.empty() && text != k.only && !contains(free_sections, k.section))
                    add(at, "J717",
                        key + " = " + shown(value) + " is not there yet; it is " + string(k.only) + " here");
                return;
            }
        string const belongs = section_of(key);
        vector<string> known;
        for_each_key([&](string_view of, string_view name) {
            if (of == section && !contains(known, name)) known.emplace_back(name);
        });
        add(at, "J716",
            "unknown key '" + key + "' in [" + section + "]; " +
                (belongs.empty() ? nearest(key, known) : "it belongs to [" + belongs + "]"));
    }

    void take_word(word_key const& k, toml::node const& value, place at) {
        string const key(k.key);
        if (!value.is_string()) return wrong_kind(at, key, value, value_kind::text);
        string const& text = value.as_string()->get();
        int which = 0;
        vector<string> known;
        for (char const* word : k.words) {
            if (word == nullptr) break;
            if (text != word && which == static_cast<int>(known.size())) ++which;
            known.emplace_back(word);
        }
        if (which == static_cast<int>(known.size()))
            return add(at, "J717", key + " = '" + text + "' is not there; " + nearest(text, known));
        if (key == "mixed_precision_param") {
            job.mixed_precision_param = static_cast<st::precision>(which);
        } else if (key == "mode") {
            job.activation_checkpoint = static_cast<st::checkpoint_mode>(which);
            stands.insert({st::knob::selective_ac_option, at});
        } else {
            reshards_[text] = at;
            stands.insert({st::knob::zero_stage, at});
        }
    }

    void take_blocks(toml::node const& value, place at) {
        string const key(blocks_key), text = value.is_string() ? value.as_string()->get() : shown(value);
        if (!value.is_string() && !value.is_integer()) return wrong_kind(at, key, value, value_kind::whole);
        long number = 0;
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (text.empty() || error != std::errc{} || end != text.data() + text.size())
            return add(at, "J717",
                       key + " = '" + text + "' is not there" + (text == "op" ? " yet" : "") +
                           "; it is a number n: one block in n is recomputed");
        stands[st::knob::selective_ac_option] = at;
        job.selective_ac_option = number;
    }

    void take_model(string const& key, toml::node const& value, place at) {
        if (!value.is_string()) return wrong_kind(at, key, value, value_kind::text);
        string const& text = value.as_string()->get();
        if (key == "name") {
            if (text != "llama3") add(at, "J717", "name = '" + text + "' is not there yet; it is llama3 here");
            return;
        }
        flavor_stands = at;
        vector<string> known;
        for (model_flavor const& m : model_flavors) {
            known.emplace_back(m.flavor);
            if (m.flavor != text) continue;
            job.model = m.sizes;
            model = m.constant;
            return;
        }
        add(at, "J717", "flavor = '" + text + "' is no model; " + nearest(text, known));
    }

    std::map<string, place> reshards_;  // fsdp_reshard_after_forward, and where it says so
    bool staged_ = false;               // zero_stage is given
};

// Where a rule is broken: at the knob to change, else at another of its factors, else at the model or [parallelism].
place place_of(reader const& r, st::job_verdict const& v) {
    st::detail::factors const f = st::detail::factors_of(v.what, first_fault(r.job).at);
    vector<st::knob> candidates{v.fix[0].is, v.fix[1].is, v.at};
    candidates.insert(candidates.end(), f.at, f.at + f.count);
    for (st::knob k : candidates) {
        if (auto const found = r.stands.find(k); found != r.stands.end()) return found->second;
        if (k >= st::knob::dim) return r.flavor_stands;
    }
    return r.parallelism_stands;
}

string const made = "// Made from a configuration file by shardtype_check_config. Change that file.\n";

string at_line(place at, string const& path) {
    return "#line " + std::to_string(at.line) + " \"" + escaped(path) + "\"\n" + string(at.column - 1, ' ');
}

string identifier(string name) {
    name = name.substr(name.find_last_of('/') + 1);
    if (name.size() > 5 && name.substr(name.size() - 5) == ".toml") name.resize(name.size() - 5);
    for (char& c : name)
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
    return name.empty() || (name[0] >= '0' && name[0] <= '9') ? "_" + name : name;
}

string header(reader const& r, string const& name, bool right) {
    string out = made + "#pragma once\n#include <shardtype/shardtype.hpp>\n\nnamespace shardtype::config {\n" +
                 "inline constexpr job " + name + "{";
    if (right) {  // else a job that is fine, so that only the file is to blame
        st::parallel_degrees const& p = r.job.parallel;
        out += ".model = shardtype::" + string(r.model);  // the file may have its name
        out += ", .parallel = {";
        for (long n : {p.data_parallel_replicate_degree, p.data_parallel_shard_degree, p.tensor_parallel_degree})
            out += std::to_string(n) + ", ";
        out += "1, 1}, .world_size = " + std::to_string(r.job.world_size) +
               ", .seq_len = " + std::to_string(r.job.seq_len) +
               ", .local_batch_size = " + std::to_string(r.job.local_batch_size) +
               ", .global_batch_size = " + std::to_string(r.job.global_batch_size) +
               ", .mixed_precision_param = shardtype::precision::" +
               word_keys[0].words[static_cast<int>(r.job.mixed_precision_param)] +
               ", .activation_checkpoint = shardtype::checkpoint_mode::" +
               word_keys[1].words[static_cast<int>(r.job.activation_checkpoint)] +
               ", .selective_ac_option = " + std::to_string(r.job.selective_ac_option) +
               ", .zero_stage = " + std::to_string(r.job.zero_stage);
    }
    return out + "};\n}  // namespace shardtype::config\n";
}

string program(reader const& r, string const& path, string const& included, string const& name,
               string const& hardware) {
    string out = made;
    for (fault const& f : r.faults)
        out += at_line({f.at.line, 1}, path) + "static_assert(\n" + at_line(f.at, path) + "false, \"" +
               escaped(f.text) + "\");\n";
    if (!r.faults.empty()) return out;
    out += "#include \"" + escaped(included) + "\"\nnamespace {\n";
    out += at_line(r.parallelism_stands, path) + "using checked = shardtype::training_job<shardtype::config::" + name +
           ">;\n";
    place const at = r.place_of_memory();
    string const check =
        hardware == "none" ? "checked::accepted" : "shardtype::fits<checked, shardtype::" + hardware + ">";
    out += at_line({at.line, 1}, path) + "static_assert(\n" + at_line(at, path) + check + ");\n";
    return out + "}  // namespace\n";
}

void write(string const& path, string const& text) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) throw std::runtime_error(path + ": cannot be written");
}

void convert(char** argument) {
    string const path = argument[1], hardware = argument[5], name = identifier(path);
    toml::table file;
    try {
        file = toml::parse_file(path);
    } catch (toml::parse_error const& e) {
        place const at = place_of(e.source());
        throw std::runtime_error(path + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) +
                                 ": error: [ST-J719] " + escaped(e.description()));
    }
    vector<string> devices;
    st::hardware device = st::a100_80gb;
    for (st::hardware const& h : {st::a100_80gb, st::h100_sxm, st::h200_sxm}) {
        devices.emplace_back(h.name);
        if (hardware == h.name) device = h;
    }
    if (hardware != "none" && !contains(devices, hardware))
        throw std::runtime_error("shardtype_check_config: HARDWARE " + hardware + ": " + nearest(hardware, devices));

    reader r;
    r.job.world_size = std::stol(argument[4]);
    r.read(file);
    r.finish();
    if (r.job.world_size == 0 && r.stands.count(st::knob::world_size) == 0 && r.faults.empty())
        r.add(r.parallelism_stands, "J718",
              "the number of devices is not known: write world_size in [parallelism], or WORLD_SIZE in the call of "
              "shardtype_check_config");
    if (r.faults.empty()) {
        st::job_verdict const v = judge(r.job);
        if (!v.legal()) {
            r.faults.push_back({place_of(r, v), explain(r.job, v)});
        } else if (hardware != "none") {
            string const text = explain_memory(r.job, r.model, device);
            if (!text.empty()) r.add(r.place_of_memory(), "J715", text);
        }
    }
    std::sort(r.faults.begin(), r.faults.end(), [](fault const& a, fault const& b) { return a.at.line < b.at.line; });
    string const output = argument[3];
    write(output, header(r, name, r.faults.empty()));
    write(argument[2], program(r, path, output.substr(output.find_last_of('/') + 1), name, hardware));
}

}  // namespace

int main(int count, char** argument) {
    if (count != 6) {
        std::fputs("usage: toml_to_job FILE.toml OUTPUT.cpp OUTPUT.hpp WORLD_SIZE HARDWARE\n", stderr);
        return 2;
    }
    try {
        convert(argument);
    } catch (std::exception const& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
    return 0;
}
