#pragma once

#include <shardtype/model/initialiser.hpp>
#include <shardtype/train/random.hpp>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace shardtype {

/// The standard deviation that `how` asks for (0 for constants).
/// `layer` counts from 0 (0 for parameters outside the layers); `dim` is the model's width.
inline double initial_deviation(initialiser how, long layer, long dim) {
    switch (how.kind) {
        case init::ones:
            return 0;
        case init::normal:
        case init::truncated_normal:
            return how.scale;
        case init::depth_scaled:
            return how.scale / std::sqrt(2 * (static_cast<double>(layer) + 1));
        case init::output:
            return how.scale / std::sqrt(static_cast<double>(dim));
    }
    return 0;
}

/// The first value of one element of a parameter.
///
/// Depends on (how, seed, stream, index, layer) and for `output` on `dim`, never on the layout: `index` is the
/// element's place in the *global* tensor, row major. `stream` names the parameter (one number per role, e.g. 3
/// for wq); equal roles in different layers differ by `layer`. Cost: about 50 ns.
/// Preconditions: 0 <= layer < 2^32, dim > 0, index < 2^48, scale >= 0.
inline float initial_value(initialiser how, std::uint64_t seed, std::uint32_t stream, std::uint64_t index, long layer,
                           long dim) {
    if (layer < 0 || layer > 0xffffffffL)
        throw std::invalid_argument("initial_value: layer " + std::to_string(layer) + " is not in [0, 2^32)");
    if (dim <= 0) throw std::invalid_argument("initial_value: dim " + std::to_string(dim) + " is not positive");
    if (!(how.scale >= 0))
        throw std::invalid_argument("initial_value: scale " + std::to_string(how.scale) + " is negative");
    if (how.kind == init::ones) return static_cast<float>(how.scale);

    const std::uint64_t place = static_cast<std::uint64_t>(layer) << 32 | stream;
    const double deviation = initial_deviation(how, layer, dim);
    if (deviation == 0) return 0;
    if (how.kind == init::normal) return static_cast<float>(deviation * normal(seed, place, index));
    const double cut = how.kind == init::output ? 3 : 2 / deviation;
    return static_cast<float>(deviation * truncated_normal(seed, place, index, cut));
}

}  // namespace shardtype
