#pragma once

#include <string>
#include <vector>

#include "layout_spec.hpp"
#include "settings.hpp"

/// @throws usage_error for flags that say how to evaluate, where nothing says to evaluate
void refuse_forgotten(settings const& with);

/// A line for each flag that changes nothing under these layouts, `planned` or named, or not what it says. Files and records are left alone:
/// they name every key.
std::vector<std::string> without_effect(settings const& with, std::vector<layout_spec> const& layouts, bool planned);
