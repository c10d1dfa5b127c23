#pragma once

#include <string>
#include <vector>

#include "report.hpp"
#include "settings.hpp"

/// Takes what a TOML file says; its `[[run]]` tables, the results in a record, are skipped.
/// @throws usage_error naming the file, the line and the key
void read_settings_file(settings& all, std::string const& path);

/// A run's record: settings and results, as read_settings_file takes them.
std::string record_text(settings const& with, std::vector<run_report> const& runs);
