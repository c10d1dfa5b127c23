#pragma once

#include <string>
#include <vector>

#include "report.hpp"
#include "settings.hpp"

/// Takes what a TOML file says; its `[[run]]` tables, the results in a record, are skipped.
/// @throws usage_error naming the file, the line and the key
void read_settings_file(settings& all, std::string const& path);

/// The file that a run's record goes to. It is made ready before the run, so that a path that cannot be written ends it
/// early; what was there stays until `write` has all of the new one.
class record_file {
  public:
    /// An empty path: no record. @throws usage_error if it cannot be written
    explicit record_file(std::string const& path);
    ~record_file();
    record_file(record_file const&) = delete;
    record_file& operator=(record_file const&) = delete;

    /// Settings and results, as read_settings_file takes them. @throws std::runtime_error
    void write(settings const& with, std::vector<run_report> const& runs);

  private:
    std::string target_, unfinished_;
};
