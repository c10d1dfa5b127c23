#include "output_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

void check_outputs(settings const& with) {
    std::vector<std::pair<char const*, std::filesystem::path>> seen;
    for (auto const& [flag, path] : {std::pair("--record", with.record.value), std::pair("--report", with.report.value),
                                     std::pair("--trace", with.trace.value)}) {
        if (path.empty()) continue;
        std::error_code error;
        std::filesystem::path const target =
            std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
        for (auto const& [other, before] : seen)
            if (!error && before == target)
                throw usage_error(std::string(other) + " and " + flag + ": " + printable(path) +
                                  " is one file given twice");
        seen.emplace_back(flag, target);
    }
}

output_file::output_file(char const* flag, std::string const& path) : flag_(flag) {
    if (path.empty()) return;
    std::error_code error;
    std::filesystem::path const target = std::filesystem::weakly_canonical(path, error);  // a link stays one
    bool const taken = std::filesystem::exists(target, error) && !std::filesystem::is_regular_file(target, error);
    std::string const unfinished = target.string() + ".part" + std::to_string(getpid());
    int const file =
        taken || target.empty() ? -1 : open(unfinished.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    if (file < 0) throw usage_error(std::string(flag_) + ": " + printable(path) + " cannot be written");
    close(file);
    target_ = target.string();
    unfinished_ = unfinished;
}

output_file::~output_file() {
    std::error_code error;
    if (!unfinished_.empty()) std::filesystem::remove(unfinished_, error);
}

void output_file::write(std::string_view text) {
    if (target_.empty()) return;
    std::ofstream out(unfinished_, std::ios::binary | std::ios::trunc);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.close();
    std::error_code error;
    if (out) std::filesystem::rename(unfinished_, target_, error);
    if (!out || error)
        throw std::runtime_error(std::string(flag_) + ": " + printable(target_) + " could not be written");
    unfinished_.clear();
}
