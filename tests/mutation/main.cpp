// The mutation proof, M1 and M2. Every single-point change of every program is run on numbers with the checks off, and
// compiled: a mutant that compiles and is off by more than 1e-5 has survived, and there must be none.
//
// usage: main SCRATCH COMPILER INCLUDE [--sample | --values] [--only=TEXT] [--log] [--jobs=N]

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>

#include "mutation/own_backward.hpp"
#include "mutation/tables.hpp"

namespace {

using namespace mutation;

constexpr double tolerance = 1e-5;

/// The program that was mutated, with the layouts of its values.
struct subject {
    program is;
    std::map<int, layout> labels;
};
using subjects = std::map<std::string, subject>;

/// The same program with each type canonically spelled.
program canonical(program p) {
    for (statement& s : p.statements) {
        bool const typed = s.is == verb::input || s.is == verb::parameter || s.is == verb::declare;
        if (typed) s.type = written_of(layout_of(s.type, p.sizes));
        if (s.is == verb::parameter) s.used = written_of(layout_of(s.used, p.sizes));
    }
    return p;
}

/// The numbers of each mutant of p.
void judge(program const& user, bool backward, subjects& originals, std::vector<judged>& all, int jobs) {
    program const p = backward ? with_backward(user) : user;
    std::set<std::string> const parts =
        backward ? std::set<std::string>{"backward", "clip", "optimizer", "loss"} : std::set<std::string>{};
    outcome const original = run(p), truth = run_unsharded(user);
    if (original.refused != code::ok || difference(p, original, truth) > 1e-9)
        throw std::logic_error(p.name + ": the program itself is refused or wrong");
    originals[p.name] = {p, original.labels};
    std::vector<mutant> mutants = mutator(p, original.labels, parts).all();
    std::size_t const first = all.size();
    all.resize(first + mutants.size());
    auto const one = [&](mutant& m, judged& j) {
        j.of = p.name;
        outcome const sharded = run(m.changed, &original.labels);
        bool const one_meaning = backward || !can_mean_another(m.kind);
        outcome const meant = one_meaning ? truth : run_unsharded(m.changed);
        j.refused = sharded.refused != code::ok;
        j.at = sharded.at;
        j.uncounted = backward && !counts_as(p, m.changed);
        j.runs = sharded.ran && meant.ran;
        j.right = j.runs && difference(m.changed, sharded, meant) <= tolerance;
        j.same = j.runs && difference(m.changed, sharded, truth) <= tolerance;
        j.spelling = j.refused && j.right && run(canonical(m.changed), &original.labels).refused == code::ok;
        j.is = std::move(m);
    };
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> workers;
    for (int job = 0; job < jobs; ++job)
        workers.emplace_back([&] {
            for (std::size_t i = next++; i < mutants.size(); i = next++) one(mutants[i], all[first + i]);
        });
    for (std::thread& w : workers) w.join();
}

class compiler {
  public:
    compiler(std::string scratch, std::string name, std::string include)
        : scratch_(std::move(scratch)), name_(std::move(name)), include_(std::move(include)) {}

    /// The mutants of a translation unit that the compiler has something against; `spoiled` if it names none.
    std::set<std::size_t> refuses(std::string const& job, std::string const& source, bool checks, bool& spoiled) const {
        std::string const file = scratch_ + "/unit_" + job + ".cpp", log = scratch_ + "/log_" + job;
        std::ofstream(file) << prelude() << source;
        bool const clang = name_.find("clang") != std::string::npos;
        std::string const command = name_ + " -std=c++20 -fsyntax-only -w -I" + include_ +
                                    (clang ? " -ferror-limit=0 -ftemplate-backtrace-limit=0 -fconstexpr-steps=100000000"
                                           : " -ftemplate-backtrace-limit=0 -fno-diagnostics-show-caret") +
                                    (checks ? "" : " -DSHARDTYPE_TEST_ONLY_NO_CHECKS") + " " + file + " >" + log +
                                    " 2>&1";
        int const status = std::system(command.c_str());
        std::ifstream in(log);
        std::string const said((std::istreambuf_iterator<char>(in)), {});
        std::set<std::size_t> out;
        for (std::size_t at = said.find("mutant_"); at != std::string::npos; at = said.find("mutant_", at + 1))
            out.insert(std::strtoul(said.c_str() + at + 7, nullptr, 10));
        spoiled = (status != 0) == out.empty() || said.find("internal compiler error") != std::string::npos ||
                  said.find("fatal error") != std::string::npos ||
                  (status != 0 && said.find(" error: ") == std::string::npos);
        if (spoiled) std::fprintf(stderr, "%.4000s\n", said.c_str());
        return out;
    }

  private:
    std::string scratch_, name_, include_;
};

/// What the rules refuse: the refused part, with axes of its own. Else the whole programs, with axes in common.
std::string source_of(subjects const& originals, std::vector<judged> const& all, std::vector<std::size_t> const& which,
                      bool refused) {
    std::string out;
    std::map<std::string, std::string> shared;
    for (std::size_t const i : which) {
        text const t(all[i].is.changed);
        std::string const name = "mutant_" + std::to_string(i);
        if (refused) {
            subject const& original = originals.at(all[i].of);
            out += t.refused_part(name, original.is, original.labels, all[i].at);
            continue;
        }
        auto const [at, fresh] = shared.try_emplace(t.axes(), "axes" + std::to_string(shared.size()));
        if (fresh) out += "namespace " + at->second + " {\n" + at->first + "}\n";
        out += t.namespace_of(name, at->second);
    }
    return out;
}

/// What the compiler says of all sampled mutants; those that the rules refuse get axes of their own. @return mismatches
int compile_all(compiler const& cc, subjects const& originals, std::vector<judged>& all, int jobs, bool progress) {
    std::string programs;
    std::size_t number = all.size();
    for (auto const& [name, original] : originals)
        programs += text(original.is).declared("mutant_" + std::to_string(number++), original.labels);
    bool unexpected = false;
    if (!cc.refuses("0", programs, true, unexpected).empty() || unexpected)
        throw std::runtime_error("the compiler gives the programs' values other types than the rules");
    struct unit {
        int pass;  ///< with checks: 0 what the rules refuse, 1 what they take; 2 without checks: all
        std::vector<std::size_t> which;
    };
    std::vector<unit> units;
    for (int const pass : {0, 1, 2})
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (!all[i].sampled || (pass < 2 && all[i].refused != (pass == 0))) continue;
            std::size_t const most = pass == 0 ? 60 : 100;
            if (units.empty() || units.back().pass != pass || units.back().which.size() == most)
                units.push_back({pass, {}});
            units.back().which.push_back(i);
        }
    std::atomic<std::size_t> next{0};
    std::atomic<int> mismatches{0}, unreadable{0};
    std::mutex printing;
    auto const work = [&](int job) {
        for (std::size_t u = next++; u < units.size() && unreadable == 0; u = next++) {
            int const pass = units[u].pass;
            bool spoiled = false;
            auto const refused = cc.refuses(std::to_string(job), source_of(originals, all, units[u].which, pass == 0),
                                            pass != 2, spoiled);
            std::lock_guard<std::mutex> const lock(printing);
            if (spoiled) ++unreadable;
            for (std::size_t const i : units[u].which) {
                bool const compiles = refused.count(i) == 0;
                if (pass < 2) all[i].compiles = compiles;
                if (compiles != (pass == 0)) continue;
                ++mismatches;
                std::printf("%s mutant_%zu of %s: %s\n",
                            pass == 0   ? "compiles, and the rules refuse it:"
                            : pass == 1 ? "does not compile, and the rules take it:"
                                        : "not well formed without checks:",
                            i, all[i].of.c_str(), all[i].is.what.c_str());
            }
            if (progress && u % 10 == 0) std::fprintf(stderr, "compiled %zu of %zu units\n", u, units.size());
        }
    };
    std::vector<std::thread> workers;
    for (int job = 0; job < jobs; ++job) workers.emplace_back(work, job);
    for (std::thread& w : workers) w.join();
    if (unreadable > 0) throw std::runtime_error("the compiler's answer cannot be read");
    return mismatches;
}

int main_checked(int argc, char** argv) {
    if (argc < 4)
        throw std::runtime_error(
            "usage: main SCRATCH COMPILER INCLUDE [--sample | --values] [--only=TEXT] [--log] [--jobs=N]");
    bool sample = false, log = false, values = false;
    int jobs = 2;
    std::string only;  // programs whose names have this in them
    for (int i = 4; i < argc; ++i) {
        if (std::string(argv[i]).rfind("--jobs=", 0) == 0) jobs = std::max(1, std::atoi(argv[i] + 7));
        if (std::string(argv[i]).rfind("--only=", 0) == 0) only = argv[i] + 7;
        sample = sample || std::string(argv[i]) == "--sample";
        log = log || std::string(argv[i]) == "--log";
        values = values || std::string(argv[i]) == "--values";
    }
    subjects originals;
    std::vector<judged> all;
    auto const llama = llamas();
    std::vector<program> programs{column_row(false), column_row(true), shard_and_gather(), lists_of_axes(),
                                  norm_after_rows()};
    for (auto const& l : llama) programs.push_back(l.written);
    auto const wanted = [&](program const& p) { return p.name.find(only) != std::string::npos; };
    for (auto const& p : programs)
        if (wanted(p)) judge(p, false, originals, all, jobs);
    std::size_t const users = all.size();
    programs = {column_row(false)};
    for (auto const& l : llama) {
        programs.push_back(l.written);
        if (written_out(with_backward(l.written)) != scheduled(l.is))
            throw std::logic_error(l.written.name +
                                   ": the backward that is mutated has other collectives than the library's");
    }
    for (auto const& p : programs) {
        if (!wanted(p)) continue;
        judge(p, true, originals, all, jobs);
        double const error = derivative_error(p);
        if (error > 1e-6) throw std::logic_error(p.name + ": a derivative is off by " + std::to_string(error));
    }
    std::printf("%zu mutants of users' programs, %zu of the library's backward, on numbers\n", users,
                all.size() - users);
    if (sample)
        for (std::size_t i = 0; i < all.size(); ++i) all[i].sampled = i % 71 == 0;
    for (judged& j : all) j.compiles = !j.refused;  // with --values the rules alone decide
    compiler const cc(argv[1], argv[2], argv[3]);
    int const mismatches = values ? 0 : compile_all(cc, originals, all, jobs, !sample);
    table("M1: users' programs", all, 0, users, false);
    table("M2: the library's backward", all, users, all.size(), true);
    std::printf("\n");
    int surviving = 0, unsampled = 0, rejected = 0, mutants = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        judged const& j = all[i];
        fate const v = fate_of(j);
        if (!j.sampled) {  // the values of the rules decide all mutants, compiled or not
            unsampled += v == fate::surviving ? 1 : 0;
            continue;
        }
        ++mutants;
        bool const refused = v == fate::refused_by_types || v == fate::refused_by_count;
        rejected += refused ? 1 : 0;
        surviving += v == fate::surviving ? 1 : 0;
        char const* const said = v == fate::equivalent  ? "equivalent"
                                 : v == fate::another   ? "another program"
                                 : v == fate::surviving ? "survives"
                                 : !j.runs              ? "does not run"
                                 : j.spelling           ? "another spelling"
                                 : j.right              ? "right"
                                                        : "wrong";
        if (log || v == fate::surviving)
            std::printf("%s%s: mutant_%zu of %s (%s): %s\n",
                        v == fate::refused_by_types   ? "refused by types, "
                        : v == fate::refused_by_count ? "refused by the count, "
                                                      : "",
                        said, i, j.of.c_str(), j.is.kind.c_str(), j.is.what.c_str());
    }
    std::printf("%d mutants %s, %d rejected, %d surviving (%d more by value), %d mismatches\n", mutants,
                values ? "judged by the rules alone" : "compiled with and without checks", rejected, surviving,
                unsampled, mismatches);
    bool const enough = sample || !only.empty() || (mutants >= 300 && rejected >= 100);
    return surviving == 0 && unsampled == 0 && mismatches == 0 && enough ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try { return main_checked(argc, argv); } catch (std::exception const& e) {
    std::fprintf(stderr, "mutation: %s\n", e.what());
    return 2;
}
