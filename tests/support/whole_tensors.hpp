#pragma once

#include <shardtype/train/state.hpp>

#include <cmath>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace st = shardtype;

/// `layers.*.x` with the layer's number.
inline std::string name_of(st::parameter_record const& p, int layer) {
    std::string name = p.name.data;
    auto const star = name.find('*');
    if (star != std::string::npos) name.replace(star, 1, std::to_string(p.first_layer + layer));
    return name;
}

/// Calls f(number, layer, record) for every parameter of a rank's program.
template <class F>
void for_each_parameter(st::walker const& w, F f) {
    st::schedule_view const& s = w.program().schedule;
    for (int k = 0; k < s.parameter_count; ++k)
        for (int layer = 0; layer < s.parameters[k].is.layers; ++layer) f(k, layer, s.parameters[k].is);
}

struct difference {
    double worst = 0;
    std::string at = "nothing";
    void note(double value, std::string const& where) {
        if (!(value <= worst)) worst = value, at = where;  // NaN is worse than all
    }
};

/// Named tensors put together from the pieces of all ranks. Pieces that several ranks hold must be equal bit by bit.
class whole_tensors {
  public:
    template <class T>
    void add(std::string const& name, st::layout const& x, int const* coordinate, T const* values) {
        std::lock_guard const lock(mutex_);
        tensor& to = tensors_[name];
        to.values.resize(static_cast<std::size_t>(x.count()));
        to.seen.resize(to.values.size());
        st::for_each_run(x, coordinate, [&](long global, long local, long count) {
            for (long i = 0; i < count; ++i) {
                auto const g = static_cast<std::size_t>(global + i);
                double const value = static_cast<double>(values[local + i]);
                if (to.seen[g] && std::memcmp(&to.values[g], &value, sizeof value) != 0) ++unequal_;
                to.values[g] = value;
                to.seen[g] = true;
            }
        });
    }
    template <class T>
    void add_weights(st::walker const& w) {
        for_each_parameter(w, [&](int k, int layer, st::parameter_record const& p) {
            add(name_of(p, layer), p.stored, w.context().coordinate, st::read_parameter<T>(w, k, layer).data());
        });
    }
    template <class T>
    void add_gradients(st::walker const& w) {
        for_each_parameter(w, [&](int k, int layer, st::parameter_record const& p) {
            add(name_of(p, layer), p.stored, w.context().coordinate, st::read_gradient<T>(w, k, layer).data());
        });
    }

    /// Elements on which two ranks disagree.
    long unequal() const { return unequal_; }
    std::size_t count() const { return tensors_.size(); }
    std::map<std::string, std::vector<double>> values() const {
        std::map<std::string, std::vector<double>> all;
        for (auto const& [name, t] : tensors_) all[name] = t.values;
        return all;
    }
    /// The worst |x - reference| / |reference| over tensors (Euclidean norms). NaN where something is
    /// missing.
    template <class V>
    difference from(std::map<std::string, V> const& reference) const {
        difference d;
        if (reference.size() != tensors_.size()) d.note(NAN, "another set of tensors");
        for (auto const& [name, t] : tensors_) {
            auto const found = reference.find(name);
            if (found == reference.end() || found->second.size() != t.values.size()) {
                d.note(NAN, name + " (missing or of another size)");
                continue;
            }
            double apart = 0, norm = 0;
            for (std::size_t i = 0; i < t.values.size(); ++i) {
                double const r = static_cast<double>(found->second[i]), x = t.seen[i] ? t.values[i] : NAN;
                apart += (x - r) * (x - r);
                norm += r * r;
            }
            d.note(std::sqrt(apart / norm), name);
        }
        return d;
    }

  private:
    struct tensor {
        std::vector<double> values;
        std::vector<bool> seen;
    };
    std::mutex mutex_;
    std::map<std::string, tensor> tensors_;
    long unequal_ = 0;
};
