#pragma once

#include <string>
#include <vector>

#include "report.hpp"
#include "settings.hpp"

/// Takes what a TOML file says; its `[[run]]` tables, the results in a record, are skipped.
/// @throws usage_error naming the file, the line and the key
void read_settings_file(settings& all, std::string const& path);

/// Writes a file that read_settings_file takes, all or nothing: an old one stays until the new one is complete. False if
/// it cannot be written.
bool write_record(std::string const& path, settings const& with, std::vector<run_report> const& runs);
