#include "settings_file.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <toml++/toml.h>

#include "nearest.hpp"
#include "torchtitan_keys.hpp"

namespace {

std::string at(std::string const& path, toml::source_region const& where) {
    return path + ":" + std::to_string(where.begin.line) + ": ";  // main escapes what is not one line
}

std::string text_of_file(std::string const& path) {
    constexpr std::uintmax_t longest = 1 << 20;
    std::error_code error;
    if (!std::filesystem::exists(path, error)) throw usage_error(printable(path) + ": no such file");
    if (!std::filesystem::is_regular_file(path, error)) throw usage_error(printable(path) + ": not a regular file");
    if (std::filesystem::file_size(path, error) > longest) throw usage_error(printable(path) + ": more than 1 MiB");
    std::ifstream in(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(in), {});
    if (!in) throw usage_error(printable(path) + ": cannot be read");
    return text;
}

std::string shown(toml::node const& node) {
    if (auto const* text = node.as_string()) return printable(text->get());
    if (node.is_table()) return "a table";
    if (node.is_array()) return "a list";
    std::string out;
    node.visit([&](auto const& value) {
        if constexpr (toml::is_integer<decltype(value)> || toml::is_floating_point<decltype(value)>)
            out =
                text_of(static_cast<std::conditional_t<toml::is_integer<decltype(value)>, long, double>>(value.get()));
        else if constexpr (toml::is_boolean<decltype(value)>)
            out = text_of(value.get());
        else
            out = "a date or time";
    });
    return out;
}

void take_node(setting<words>& s, toml::node const& node) {
    auto const* list = node.as_array();
    words value;
    if (list != nullptr)
        for (toml::node const& word : *list) {
            if (!word.is_string()) throw bad_value(shown(word) + " is not a word");
            value.push_back(word.as_string()->get());
        }
    else if (auto const* word = node.as_string())
        value.push_back(word->get());
    else
        refuse(s, shown(node));
    take(s, value, origin::file);
}
void take_node(setting<std::string>& s, toml::node const& node) {
    if (!node.is_string()) refuse(s, shown(node));
    take(s, node.as_string()->get(), origin::file);
}
void take_node(setting<bool>& s, toml::node const& node) {
    if (!node.is_boolean()) refuse(s, shown(node));
    take(s, node.as_boolean()->get(), origin::file);
}
void take_node(setting<long>& s, toml::node const& node) {
    if (auto const* text = node.as_string(); text != nullptr && s.text_too)
        if (auto const number = number_in<long>(text->get())) return take(s, *number, origin::file);
    if (!node.is_integer()) refuse(s, shown(node));
    take(s, static_cast<long>(node.as_integer()->get()), origin::file);
}
void take_node(setting<double>& s, toml::node const& node) {
    if (!node.is_number()) refuse(s, shown(node));
    take(s, *node.value<double>(), origin::file);  // NOLINT(bugprone-unchecked-optional-access): it is a number
}

// What a key could have meant: its section, if it stands in the wrong one, or a name that is near.
std::string instead_of(settings const& all, std::string_view section, std::string_view key) {
    words here;
    std::string elsewhere;
    for_each_setting(all, [&](char const* name, auto const& s) {
        std::string_view const own = key_of(s.section, name);
        if (s.section == section) here.emplace_back(own);
        if (own == key && *s.section != 0 && elsewhere.empty()) elsewhere = s.section;
    });
    if (!elsewhere.empty()) return "it belongs to [" + elsewhere + "]";
    return nearest(key, here);
}

// Section by section as they are declared, numbers as short as they can be.
void write_settings(std::ostream& out, settings const& all) {
    std::string open;
    for_each_setting(all, [&](char const* name, auto const& s) {
        if (*s.section == 0 || !s.recorded) return;
        if (open != s.section) out << "\n[" << (open = s.section) << "]\n";
        out << key_of(s.section, name) << " = ";
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(s.value)>, words>) {
            toml::array list;
            for (std::string const& w : s.value) list.push_back(w);
            out << list << "\n";
        } else if constexpr (std::is_same_v<std::remove_cvref_t<decltype(s.value)>, std::string>) {
            out << toml::value<std::string>(s.value) << "\n";
        } else {
            out << text_of(s.value) << "\n";
        }
    });
}

toml::table as_toml(run_report const& run) {
    toml::array losses;
    for (double const loss : run.losses) losses.push_back(loss);
    toml::table out{{"layout", run.summary.layout},
                    {"memory_bytes", static_cast<std::int64_t>(run.summary.memory_bytes)},
                    {"tokens_per_second", run.summary.tokens_per_second},
                    {"seconds", run.summary.seconds},
                    {"matmul_flops_per_second", run.matmul_flops},
                    {"performed_flops_per_second", run.performed_flops},
                    {"losses", std::move(losses)}};
    if (!run.extras.empty()) out.insert("knobs", run.extras.substr(1));
    if (!run.validation.empty()) {
        toml::array steps, held;
        for (auto const& [step, loss] : run.validation)
            steps.push_back(static_cast<std::int64_t>(step)), held.push_back(loss);
        out.insert("validated_steps", std::move(steps));
        out.insert("validation_losses", std::move(held));
    }
    return out;
}

// Whether a key is torchtitan's and its value changes nothing here. @throws usage_error if it would
bool torchtitans(std::string_view section, std::string_view key, toml::node const& value, std::string const& what) {
    std::string text = shown(value);
    if (text.front() == '\'') text = text.substr(1, text.size() - 2);
    for (torchtitan_key const& k : torchtitan_keys) {
        if (k.section != section || k.key != key) continue;
        if (k.only.empty() || k.only == text) return true;
        throw usage_error(what + text + " is not there yet; it is " + std::string(k.only) + " here");
    }
    if (std::find(std::begin(torchtitan_sections), std::end(torchtitan_sections), section) ==
        std::end(torchtitan_sections))
        return false;
    if (key.substr(0, 6) == "enable" && text == "true") throw usage_error(what + "not there yet");
    return true;
}

}  // namespace

void read_settings_file(settings& all, std::string const& path) {
    toml::table file;
    try {
        file = toml::parse(text_of_file(path), path);
    } catch (toml::parse_error const& e) {
        throw usage_error(at(path, e.source()) + std::string(e.description()));
    }
    words sections;
    for_each_setting(all, [&](char const*, auto const& s) {
        if (*s.section != 0 && (sections.empty() || sections.back() != s.section)) sections.push_back(s.section);
    });
    std::string without_effect;
    for (auto&& [section, node] : file) {
        std::string const name(section.str());
        std::string const place = at(path, section.source());
        if (name == "run" && node.is_array_of_tables()) continue;  // the results in a record
        if (node.is_array_of_tables()) throw usage_error(place + "[[" + name + "]]: write [" + name + "]");
        if (!node.is_table()) throw usage_error(place + printable(name) + " stands in no section");
        bool const ours = std::find(sections.begin(), sections.end(), name) != sections.end();
        bool const foreign = std::find(std::begin(torchtitan_sections), std::end(torchtitan_sections), name) !=
                             std::end(torchtitan_sections);
        if (!ours && !foreign && name != "model")
            throw usage_error(place + "[" + name + "]: no such section; " + nearest(name, sections));
        for (auto&& [key, value] : *node.as_table()) {
            bool found = false;
            std::string const what = at(path, key.source()) + "[" + name + "] " + std::string(key.str()) + ": ";
            for_each_setting(all, [&](char const* member, auto& s) {
                if (name != s.section || key.str() != key_of(s.section, member)) return;
                found = true;
                try {
                    take_node(s, value);
                } catch (bad_value const& e) {
                    throw usage_error(what + e.what());
                }
            });
            if (found) continue;
            if (!torchtitans(name, key.str(), value, what))
                throw usage_error(what + "no such key; " + instead_of(all, name, key.str()));
            without_effect += (without_effect.empty() ? "[" : ", [") + name + "] " + std::string(key.str());
        }
    }
    if (!without_effect.empty()) say(path + ": of torchtitan's keys these change nothing here: " + without_effect);
}

std::string record_text(settings const& with, std::vector<run_report> const& runs) {
    toml::array list;
    for (run_report const& run : runs) list.push_back(as_toml(run));
    std::ostringstream out;
    out << "# A record of train_llama; `train_llama --config` with this file runs it again.\n";
    write_settings(out, with);
    out << "\n" << toml::table{{"run", std::move(list)}} << "\n";
    return out.str();
}
