#pragma once

#include <string>
#include <string_view>

#include "settings.hpp"

/// @throws usage_error where two of the files that a run writes are one
void check_outputs(settings const& with);

/// A file that a run writes at its end. It is made ready before the run, so that a path that cannot be written ends it
/// early; what was there stays until all of the new one is on the disk.
class output_file {
  public:
    /// For `--flag path`; an empty path: no file. @throws usage_error if it cannot be written
    output_file(char const* flag, std::string const& path);
    ~output_file();
    output_file(output_file const&) = delete;
    output_file& operator=(output_file const&) = delete;

    /// Whether there is one.
    bool wanted() const { return !target_.empty(); }
    /// All of it. @throws std::runtime_error
    void write(std::string_view text);

  private:
    char const* flag_;
    std::string target_, unfinished_;
};
