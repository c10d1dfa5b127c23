#pragma once

#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

namespace shardtype {

/// Where the ranks of a job meet, by TCP.
struct store_options {
    std::string address = "127.0.0.1";  ///< where the others find rank 0
    int port = 0;                       ///< its port, the same on all ranks
    std::string bind;                   ///< the address that rank 0 listens at; empty: loopback alone
    std::string token;                  ///< of this job, the same on all ranks: whoever has another one is refused
    double deadline = 300;              ///< seconds until all have come

    /// SHARDTYPE_ADDRESS (or MASTER_ADDR), SHARDTYPE_PORT (or MASTER_PORT; under torchrun the next one), SHARDTYPE_BIND,
    /// SHARDTYPE_TOKEN (on one host else the job's name by torchrun, Slurm or PMIx), SHARDTYPE_DEADLINE.
    /// @throws std::invalid_argument, in one line, for values that are none
    static store_options of_environment() {
        store_options o;
        auto const text = [](char const* name, char const* other = nullptr) {
            char const* found = std::getenv(name);
            if (found == nullptr && other != nullptr) found = std::getenv(other);
            return std::string(found ? found : "");
        };
        if (auto const a = text("SHARDTYPE_ADDRESS", "MASTER_ADDR"); !a.empty()) o.address = a;
        o.bind = text("SHARDTYPE_BIND");
        o.token = text("SHARDTYPE_TOKEN");
        bool const one_host =
            o.bind.empty() && (o.address == "127.0.0.1" || o.address == "localhost" || o.address == "::1");
        for (char const* const job : {"TORCHELASTIC_RUN_ID", "SLURM_JOB_ID", "PMIX_NAMESPACE"})
            if (o.token.empty() && one_host) o.token = text(job);
        auto const number = [&](char const* name, std::string const& from, double most, char const* what) {
            char* end = nullptr;
            double const value = std::strtod(from.c_str(), &end);
            if (end == from.c_str() || *end != '\0' || !(value > 0 && value <= most))
                throw std::invalid_argument(std::string(name) + " is \"" + from + "\": it is " + what);
            return value;
        };
        if (auto const p = text("SHARDTYPE_PORT", "MASTER_PORT"); !p.empty()) {
            char const* const name = std::getenv("SHARDTYPE_PORT") ? "SHARDTYPE_PORT" : "MASTER_PORT";
            double const value = number(name, p, 65535, "a port, 1 to 65535");
            o.port = static_cast<int>(value);
            if (o.port != value)
                throw std::invalid_argument(std::string(name) + " is \"" + p + "\": it is a port, 1 to 65535");
            // torchrun's agent listens at MASTER_PORT itself.
            bool const taken = name == std::string_view("MASTER_PORT") && std::getenv("TORCHELASTIC_RUN_ID") != nullptr;
            if (taken) o.port += o.port < 65535 ? 1 : -1;
        }
        if (auto const d = text("SHARDTYPE_DEADLINE"); !d.empty())
            o.deadline = number("SHARDTYPE_DEADLINE", d, 1e6, "a number of seconds above 0");
        return o;
    }
};

/// 32 hexadecimal digits that nobody guesses: a token for a program that starts the ranks itself and can tell them.
/// @throws std::runtime_error where the system gives no random numbers
inline std::string random_token() {
    unsigned char bytes[16];
    std::FILE* const from = std::fopen("/dev/urandom", "rb");
    std::size_t const got = from ? std::fread(bytes, 1, sizeof bytes, from) : 0;
    if (from) std::fclose(from);
    if (got != sizeof bytes) throw std::runtime_error("/dev/urandom gives no random numbers for a token");
    std::string text;
    for (unsigned char const b : bytes)
        for (int const half : {b >> 4, b & 15}) text += "0123456789abcdef"[half];
    return text;
}

}  // namespace shardtype
