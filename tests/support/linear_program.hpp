#pragma once

// An integer linear program as a file, and cbc (Debian's coinor-cbc), which solves it.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace integer_program {

/// A variable's name: a letter and up to four numbers.
inline std::string named(char kind, int a) { return kind + std::to_string(a); }
template <class... Numbers>
std::string named(char kind, int a, Numbers... more) {
    std::string name = named(kind, a);
    return ((name += '_' + std::to_string(more)), ...), name;
}

/// Least cost under rows; no variable is negative. Doubles are exact up to 2^53: larger numbers are refused.
struct linear_program {
    std::string objective, rows, bounds, integers;
    long integer_count = 0, row_count = 0;

    static std::string term(long factor, std::string const& variable) {
        if (std::labs(factor) > 1L << 53)
            throw std::invalid_argument("an integer program of doubles cannot hold " + std::to_string(factor));
        return (factor < 0 ? " - " : " + ") + std::to_string(std::labs(factor)) + ' ' + variable + '\n';
    }
    void add_cost(long factor, std::string const& variable) {
        if (factor > 0) objective += term(factor, variable);
    }
    /// 0, 1, ... `most`.
    void add_integer(std::string const& variable, int most) {
        bounds += "0 <= " + variable + " <= " + std::to_string(most) + '\n';
        integers += variable + '\n';
        ++integer_count;
    }
    /// `terms` may be empty: a row of nothing still says whether it holds.
    void add_row(std::string const& terms, char const* relation, long right) {
        rows += 'r' + std::to_string(row_count++) + ":\n" + (terms.empty() ? " + 1 nothing\n" : terms) + relation +
                ' ' + std::to_string(right) + '\n';
    }
    void save(std::filesystem::path const& file) const {
        std::ofstream out(file);
        out << "Minimize\ncost:\n"
            << objective << " + 0 nothing\nSubject To\n"
            << rows << "none:\n + 1 nothing\n= 0\nBounds\n"
            << bounds << "Generals\n"
            << integers << "End\n";
        if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
    }
};

/// How cbc ended.
struct cbc_answer {
    enum ending { optimal, infeasible, stopped, failed } end = failed;
    bool plan = false;                  // `value` is one
    std::map<std::string, long> value;  // by variable, rounded; those that are not there are 0
    double seconds = 0;                 // of the whole process
    double bound = 0;                   // of `stopped`: no plan costs less
    std::string said;                   // of `failed`
};

inline bool have_cbc() { return std::system("command -v cbc >/dev/null 2>&1") == 0; }

/// What a line of cbc's log says behind `label`, or 0.
inline double logged(std::string const& log, std::string_view label) {
    auto const at = log.rfind(label);
    return at == std::string::npos ? 0 : std::strtod(log.c_str() + at + label.size(), nullptr);
}

/// Runs cbc without its gaps: it may stop at a proof, or after so many seconds. Costs are whole numbers, so that a better
/// plan is better by one, and cbc is told. Files: in `folder`, of this name.
inline cbc_answer ask_cbc(linear_program const& lp, std::filesystem::path const& folder, std::string const& name,
                          int seconds) {
    auto const file = [&](char const* ending) { return folder / (name + ending); };
    lp.save(file(".lp"));
    std::filesystem::remove(file(".sol"));
    std::string const command = "cbc '" + file(".lp").string() +
                                "' -ratioGap 0 -allowableGap 0 -integerTolerance 1e-9 -primalTolerance 1e-9"
                                " -dualTolerance 1e-9 -increment 0.9 -timeMode elapsed -seconds " +
                                std::to_string(seconds) + " -solve -solution '" + file(".sol").string() + "' -quit >'" +
                                file(".log").string() + "' 2>&1";
    cbc_answer a;
    auto const start = std::chrono::steady_clock::now();
    std::FILE* const process = popen(command.c_str(), "r");  // not std::system, which ignores Ctrl-C
    if (!process) throw std::runtime_error("cannot start cbc");
    int const status = pclose(process);
    a.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::ifstream log_file(file(".log")), solution(file(".sol"));
    std::string const log{std::istreambuf_iterator<char>(log_file), {}};
    std::string first, line;
    std::getline(solution, first);
    a.bound = logged(log, "Lower bound:");
    a.said = "cbc ended with status " + std::to_string(status) + ": " + first;
    if (status != 0 || log.find("### ERROR") != std::string::npos) return a;
    if (first.starts_with("Optimal")) a.end = cbc_answer::optimal, a.plan = true;
    if (first.starts_with("Stopped"))
        a.end = cbc_answer::stopped, a.plan = first.find("no integer") == std::string::npos;
    if (first.starts_with("Infeasible") || first.starts_with("Integer infeasible")) a.end = cbc_answer::infeasible;
    while (a.plan && std::getline(solution, line)) {
        char variable[64];
        double value = 0;
        if (std::sscanf(line.c_str(), "%*[ *]%*d %63s %lf", variable, &value) == 2)
            a.value[variable] = std::lround(value);
    }
    return a;
}

}  // namespace integer_program
