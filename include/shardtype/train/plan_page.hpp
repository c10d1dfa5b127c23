#pragma once

#include <shardtype/train/detail/plan_page_step.hpp>
#include <shardtype/train/file.hpp>

namespace shardtype {

/// A plan as one page that needs nothing else, in the browser's light or dark colours: the mesh, each layer as a tile
/// coloured by its strategy, a memory bar, the step's compute and collectives over time, and the uniform layouts. `title`
/// stands on top.
inline std::string plan_page(model_plan const& p, std::string_view title) {
    using detail::html;
    detail::plan_painter const page(p);
    return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta name=\"viewport\" "
           "content=\"width=device-width, initial-scale=1\">\n<title>" +
           html(title) + "</title>\n" + std::string(detail::page_style) + page.colours() +
           std::string(detail::plan_page_style) + "</head><body>\n<h1>" + html(title) + "</h1>\n" + page.figures() +
           page.mesh() + page.layers() + page.memory() + page.timeline() + page.uniforms() + page.whole_text() +
           "</body></html>\n";
}
/// Writes it to a file.
inline void plan_page(model_plan const& p, std::string_view title, std::filesystem::path const& path) {
    detail::write_file(path, plan_page(p, title), {});
}

}  // namespace shardtype
