#pragma once

#include <shardtype/ops/cpu_scratch.hpp>

namespace shardtype {

/// What the ranks that these communicators join run on; a specialisation beside other communicators names another back
/// end. A back end is the part that the schedule sees: bounds on scratch, staging and room.
template <class Communicators>
struct back_end {
    using type = cpu_back_end;  ///< or derived from it
};
/// The same, by its type.
template <class Communicators>
using back_end_of = typename back_end<Communicators>::type;

/// The part of a back end that runs: `kernel<K>`, its implementation of a kernel name, and
/// `make_device(bytes, communicators)`. runtime/cpu/implementation.hpp and runtime/cuda/implementation.hpp specialise it.
template <class BackEnd>
struct implementation;

}  // namespace shardtype
