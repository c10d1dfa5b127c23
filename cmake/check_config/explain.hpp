#pragma once

#include <string>

#include <shardtype/model/job_checks.hpp>

// A job's verdict as one line, with the numbers of the file.

/// `tensor_parallel_degree 4`
inline std::string knob_and_value(shardtype::job const& j, shardtype::job_verdict const& v, shardtype::knob k) {
    return std::string(name_of(k)) + " " + std::to_string(shardtype::detail::shown_value(j, v, k));
}

/// `vocabulary 128256 is not a multiple of tensor_parallel_degree 1 x data_parallel_shard_degree 512 = 512`
inline std::string explain_multiple(shardtype::job const& j, shardtype::job_verdict const& v,
                                    shardtype::detail::factors const& f, int first) {
    std::string out = " is not a multiple of ";
    long product = 1;
    for (int i = first; i < f.count; ++i) {
        out += (i > first ? " x " : "") + knob_and_value(j, v, f.at[i]);
        product *= shardtype::detail::shown_value(j, v, f.at[i]);
    }
    return f.count - first > 1 ? out + " = " + std::to_string(product) : out;
}

/// What is wrong: every factor, by name.
inline std::string explain_fault(shardtype::job const& j, shardtype::job_verdict const& v) {
    using shardtype::code;
    using shardtype::knob;
    knob const at = first_fault(j).at;  // v.at is the knob of the fix
    auto const f = shardtype::detail::factors_of(v.what, at);
    auto const show = [&](knob k) { return knob_and_value(j, v, k); };
    auto const value = [&](knob k) { return value_of(j, k); };
    switch (v.what) {
        case code::job_size:
            return show(at) + " is not from 1 to " + std::to_string(most_of(j, at));
        case code::job_degree:
            return show(at) + " is below 1";
        case code::job_degree_not_there:
            return show(at) + " is not supported yet";
        case code::job_world_size: {
            std::string factors;
            long product = 1;
            for (int i = 1; i < f.count; ++i)
                if (value(f.at[i]) != -1) {
                    factors += (factors.empty() ? "" : " x ") + show(f.at[i]);
                    product = shardtype::detail::bounded_product(product, value(f.at[i]));
                }
            std::string const much = product > shardtype::largest_knob ? "more" : std::to_string(product);
            factors += " = " + much;
            if (value(knob::data_parallel_shard_degree) == -1)
                return factors + " does not divide world_size " + std::to_string(j.world_size) +
                       ", so nothing is left for data_parallel_shard_degree -1";
            return factors + ", and world_size is " + std::to_string(j.world_size);
        }
        case code::job_head_dimension:
            return show(knob::dim) + " is not an even multiple of " + show(knob::heads);
        case code::job_kv_heads:
            return show(knob::kv_heads) + " is neither a multiple nor a divisor of " +
                   show(knob::tensor_parallel_degree);
        case code::job_kv_columns: {
            long const rows = value(knob::kv_heads) * (value(knob::dim) / value(knob::heads));
            bool const shared = value(knob::kv_heads) < v.dims.tp;
            shardtype::detail::factors const by{
                {shared ? knob::kv_heads : knob::tensor_parallel_degree, knob::data_parallel_shard_degree}, 2};
            return show(knob::kv_heads) + " x (" + show(knob::dim) + " / " + show(knob::heads) +
                   ") = " + std::to_string(rows) + explain_multiple(j, v, by, 0);
        }
        default:
            return show(f.at[0]) + explain_multiple(j, v, f, 1);
    }
}

/// The fault and what to write instead.
inline std::string explain(shardtype::job const& j, shardtype::job_verdict const& v) {
    std::string out =
        "[ST-J7" +
        std::to_string(100 + static_cast<int>(v.what) - static_cast<int>(shardtype::code::job_size) + 1).substr(1) +
        "] " + explain_fault(j, v);
    char const* join = "; write ";
    for (shardtype::knob_value const& fix : v.fix)
        if (fix.is != shardtype::knob::none) {
            out += join + std::string(name_of(fix.is)) + " = " + std::to_string(fix.value);
            join = " and ";
        }
    return out;
}
