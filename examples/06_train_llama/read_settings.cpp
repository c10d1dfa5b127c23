#include "read_settings.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "nearest.hpp"
#include "settings_file.hpp"

std::optional<settings> read_settings(int argc, char** argv, std::string const& compiled) {
    settings all;
    CLI::App app{
        "Trains the Llama-3 debug model (dim 256, 6 layers) on ranks that are threads, under layouts that are\n"
        "types: each is checked, laid out in memory and scheduled by the compiler."};
    app.name("train_llama");
    app.footer(compiled);
    std::vector<std::unique_ptr<words>> given;
    for_each_setting(all, [&](char const* name, auto& s) {
        given.push_back(std::make_unique<words>());
        words& raw = *given.back();
        std::string const group = *s.section == 0 ? "Configuration file" : "[" + std::string(s.section) + "]";
        using type = std::remove_cvref_t<decltype(s.value)>;
        if constexpr (std::is_same_v<type, bool>) {
            std::string const no = "!--no-" + flag_of(name).substr(2);
            app.add_flag_function(
                   flag_of(name) + "," + no, [&raw](std::int64_t on) { raw.assign(1, on > 0 ? "true" : "false"); },
                   s.help)
                ->group(group);
        } else {
            std::string help = s.help;
            if constexpr (std::is_same_v<type, std::string>)
                if (s.choices[0] != nullptr) help += " (" + wanted(s) + ")";
            auto* const option = app.add_option(flag_of(name), raw, help)->group(group);
            if (!text_of(s.value).empty()) option->default_str(text_of(s.value));
            if constexpr (std::is_same_v<type, words>)
                option->type_name("NAME...");
            else
                option->expected(1)->allow_extra_args(false)->type_name(std::is_same_v<type, std::string> ? "TEXT"
                                                                                                          : "NUMBER");
        }
    });
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& e) {
        if (e.get_exit_code() == 0) {
            app.exit(e);
            return std::nullopt;
        }
        words flags;
        for_each_setting(all, [&](char const* name, auto const&) { flags.push_back(flag_of(name)); });
        std::size_t i = 0;
        for_each_setting(all, [&](char const* name, auto const&) {
            words const& raw = *given[i++];
            if (!raw.empty() && std::find(flags.begin(), flags.end(), raw.back()) != flags.end())
                throw usage_error(flag_of(name) + ": a value is missing before " + raw.back());
        });
        for (std::string const& word : app.remaining())
            throw usage_error(printable(word) + ": no such option; " + nearest(word, flags));
        std::string text = e.what();
        for (char& c : text) c = c == '\n' ? ' ' : c;
        throw usage_error(text);
    }

    // The file first: flags win over it.
    auto const take_flags = [&](bool only_config) {
        std::size_t i = 0;
        for_each_setting(all, [&](char const* name, auto& s) {
            words const& raw = *given[i++];
            if (raw.empty() || (*s.section == 0) != only_config) return;
            try {
                take_text(s, raw);
            } catch (bad_value const& e) {
                throw usage_error(flag_of(name) + ": " + e.what());
            }
        });
    };
    take_flags(true);
    if (!all.config.value.empty()) read_settings_file(all, all.config.value);
    take_flags(false);
    return all;
}
