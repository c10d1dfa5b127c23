#pragma once

#include <stdexcept>
#include <string>

namespace shardtype {

/// A learning rate that warms up, stays, and decays linearly (torchtitan's rule and defaults).
///
/// With w = warm_steps(), d = decay_steps() and p = steps - w - d, step s (counted from 0) has the factor
/// (s+1)/(w+1) for s < w, then 1 for p steps, then m + (1-m) (1 - (s+1-w-p)/(d+1)) with m = `minimum`.
/// `{8e-4, 2, 0.8, 0, 10}`: 2.67e-4, 5.33e-4, 7.11e-4, 6.22e-4, ..., 0.89e-4.
/// @snippet 05_chain.cpp train
struct learning_rate {
    double base = 8e-4;        ///< the highest rate
    long warmup = 2;           ///< steps; more than `steps` counts as `steps`: the rate then rises to the end
    double decay_ratio = 0.8;  ///< share of `steps` that decays, rounded half to even; warmup has precedence
    double minimum = 0;        ///< where the decay heads for, as a share of `base`
    long steps = 10;           ///< of the whole run

    /// Steps that rise.
    constexpr long warm_steps() const { return warmup < 0 ? 0 : warmup > steps ? steps : warmup; }

    /// Steps that fall.
    constexpr long decay_steps() const {
        const double wanted = static_cast<double>(steps) * decay_ratio;
        long rounded = static_cast<long>(wanted);
        const double rest = wanted - static_cast<double>(rounded);
        if (rest > 0.5 || (rest == 0.5 && rounded % 2 != 0)) ++rounded;
        const long room = steps - warm_steps();
        return rounded > room ? room : rounded;
    }

    /// The rate of a step counted from 0. A step before the first has the first one's rate; past the last
    /// step the decay goes on to `minimum` and stays there.
    constexpr double at(long step) const {
        const long s = step < 0 ? 0 : step;
        const long warm = warm_steps();
        const long decay = decay_steps();
        const long stable = steps - warm - decay;
        if (s < warm) return base * (static_cast<double>(s + 1) / static_cast<double>(warm + 1));
        if (s < warm + stable) return base;
        const long done = s - warm - stable;  // not s + 1: the largest step must not overflow
        if (done >= decay) return base * minimum;
        const double left = 1 - static_cast<double>(done + 1) / static_cast<double>(decay + 1);
        return base * (minimum + (1 - minimum) * left);
    }

    /// Throws std::invalid_argument, naming the knob and its value, for a schedule that makes no sense.
    void check() const {
        // Negated comparisons, so that NaN fails too.
        if (!(base > 0 && base < 1e30)) refuse("base", std::to_string(base), "a positive number");
        if (warmup < 0) refuse("warmup", std::to_string(warmup), "0 or more steps");
        if (!(decay_ratio >= 0 && decay_ratio <= 1)) refuse("decay_ratio", std::to_string(decay_ratio), "in [0, 1]");
        if (!(minimum >= 0 && minimum <= 1)) refuse("minimum", std::to_string(minimum), "in [0, 1]");
        if (steps < 1) refuse("steps", std::to_string(steps), "1 or more");
    }

  private:
    [[noreturn]] static void refuse(const char* knob, const std::string& value, const char* wanted) {
        throw std::invalid_argument(std::string("learning_rate: ") + knob + " = " + value + " must be " + wanted);
    }
};

}  // namespace shardtype
