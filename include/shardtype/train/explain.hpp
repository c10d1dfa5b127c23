#pragma once

#include <string>

#include <shardtype/plan/compare.hpp>
#include <shardtype/plan/plan_refusal.hpp>

namespace shardtype {

namespace detail {
/// The text that `write(sink)` makes, whatever its length.
template <class Write>
std::string written(Write write) {
    text_sink counted;
    write(counted);
    std::string text(static_cast<std::size_t>(counted.size), ' ');
    text_sink out{text.data(), counted.size};
    write(out);
    return text;
}
}  // namespace detail

/// A plan in words, as `plan_text` has it at compile time.
inline std::string explain(model_plan const& p) {
    return detail::written([&](text_sink& out) { detail::put_plan(out, p); });
}
/// Why there is no plan, one line; empty where nothing is refused.
inline std::string explain(plan_refusal const& r) {
    return detail::written([&](text_sink& out) { r.put(out); });
}
/// Two plans side by side: what differs by layer, in time and memory.
inline std::string compare(model_plan const& a, model_plan const& b, std::string const& first = "first",
                           std::string const& second = "second") {
    return detail::written([&](text_sink& out) { detail::put_comparison(out, a, b, first.c_str(), second.c_str()); });
}

}  // namespace shardtype
