#pragma once

#include <cstdio>

#include <string>
#include <vector>

#include <shardtype/ops/product.hpp>
#include <shardtype/runtime/walker.hpp>

namespace shardtype {

/// Where a rank's time went, added up by kernel over ranks: CPU seconds and, of products, floating-point operations.
struct profile_table {
    /// One kernel.
    struct row {
        char const* kernel = "";  ///< its name
        double seconds = 0;       ///< of CPU time, over all ranks
        double flops = 0;         ///< of matrix products, else 0
    };
    std::vector<row> rows;  ///< in the order of first use

    /// Adds one rank's profile of `steps` training steps.
    void add(walker const& w, int steps) {
        schedule_view const& s = w.program().schedule;
        for (int g = 0; g < s.segment_count; ++g)
            for (int i = s.segments[g].begin; i < s.segments[g].end; ++i) {
                step const& t = s.steps[i];
                if (t.kind == step_kind::release) continue;
                row& r = find(detail::kernel_name(library_kernels{}, t.kernel));
                r.seconds += w.profile()[static_cast<std::size_t>(i)];
                auto const p = detail::product_of(t);
                if (p.is)
                    r.flops +=
                        2.0 * static_cast<double>(p.m * p.n) * static_cast<double>(p.k) * s.segments[g].trips * steps;
            }
    }

    /// Lines of kernel, share of the machine's CPU seconds, GFLOP/s while it ran; the rest is waiting.
    std::string text(double wall_seconds, int cpus) const {
        std::vector<row> sorted = rows;
        for (std::size_t i = 1; i < sorted.size(); ++i)
            for (std::size_t j = i; j > 0 && sorted[j - 1].seconds < sorted[j].seconds; --j)
                std::swap(sorted[j - 1], sorted[j]);
        std::string out;
        char line[160];
        double used = 0;
        for (row const& r : sorted) {
            used += r.seconds;
            std::snprintf(line, sizeof line, "  %-24s %5.1f %%", r.kernel, 100 * r.seconds / (wall_seconds * cpus));
            out += line;
            if (r.flops > 0) {
                std::snprintf(line, sizeof line, "  %6.1f GFLOP/s", 1e-9 * r.flops / r.seconds);
                out += line;
            }
            out += '\n';
        }
        std::snprintf(line, sizeof line, "  %-24s %5.1f %%\n", "waiting and switching",
                      100 - 100 * used / (wall_seconds * cpus));
        return out + line;
    }

  private:
    row& find(char const* kernel) {
        for (row& r : rows)
            if (r.kernel == kernel) return r;
        rows.push_back({kernel, 0, 0});
        return rows.back();
    }
};

}  // namespace shardtype
