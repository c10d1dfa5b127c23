#pragma once

#include <optional>
#include <string>

#include "settings.hpp"

/// The settings of a command line and of the file that its `--config` names; nothing where it asked for help, which is
/// then printed. `compiled` is what help says of layouts. @throws usage_error
std::optional<settings> read_settings(int argc, char** argv, std::string const& compiled);
