#pragma once
#include <shardtype/kernels/cuda/cudnn_graph.hpp>

namespace shardtype::cuda::detail {

/// An engine's plan for a graph of operations.
struct cudnn_plan {
    std::shared_ptr<cudnn_descriptor> plan;  ///< none if no engine takes the graph
    long workspace = 0;                      ///< bytes
    std::string refused;                     ///< why not, in the words of the last engine
};

/// The number of values of an attribute, and the first `room` of them.
template <class Value>
std::int64_t cudnn_values(cudnn_descriptor const& of, cudnnBackendAttributeName_t name,
                          cudnnBackendAttributeType_t type, std::int64_t room, Value* to) {
    std::int64_t count = 0;
    cudnn_check(cudnnBackendGetAttribute(of.get(), name, type, room, &count, to), "reading an attribute");
    return count;
}

/// Does the engine of this choice say that its results differ from run to run?
inline bool cudnn_varies(cudnn_descriptor const& choice) {
    cudnn_descriptor const engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
    cudnnBackendDescriptor_t to = engine.get();
    cudnn_values(choice, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &to);
    cudnnBackendNumericalNote_t notes[CUDNN_NUMERICAL_NOTE_TYPE_COUNT] = {};
    auto const count = cudnn_values(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE,
                                    CUDNN_NUMERICAL_NOTE_TYPE_COUNT, notes);
    for (std::int64_t i = 0; i < count; ++i) {
        if (notes[i] == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC) return true;
    }
    return false;
}

/// The heuristics' first engine that takes the graph with at most `bytes` of workspace, among those that do not say
/// that they vary, unless `may_vary`. Compiles kernels: about a second.
inline cudnn_plan make_cudnn_plan(cudnn_descriptor const& graph, cudnn_device const& device, long bytes,
                                  bool may_vary) {
    cudnn_plan made;
    for (cudnnBackendHeurMode_t const mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
        try {
            cudnn_descriptor const heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
            heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
            heuristics.set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
            if (device.described != nullptr) heuristics.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, *device.described);
            heuristics.finalize("choosing engines");
            cudnnBackendDescriptor_t* const none = nullptr;
            auto const count =
                cudnn_values(heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, none);
            std::vector<std::unique_ptr<cudnn_descriptor>> choices;
            std::vector<cudnnBackendDescriptor_t> raw;
            for (std::int64_t i = 0; i < count; ++i) {
                choices.push_back(std::make_unique<cudnn_descriptor>(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR));
                raw.push_back(choices.back()->get());
            }
            auto const usable = cudnn_values(heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                             count, raw.data());
            for (std::int64_t i = 0; i < usable; ++i) {
                auto const& choice = *choices[static_cast<std::size_t>(i)];
                if (!may_vary && cudnn_varies(choice)) {
                    made.refused = "its engine's results vary from run to run";
                    continue;
                }
                try {
                    auto plan = std::make_shared<cudnn_descriptor>(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
                    if (device.handle != nullptr) {
                        auto handle = device.handle;
                        plan->set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
                    } else {
                        plan->set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, *device.described);
                    }
                    plan->set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, choice);
                    plan->finalize("compiling a plan");
                    std::int64_t wanted = 0;
                    cudnn_values(*plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &wanted);
                    if (wanted <= bytes) return {plan, wanted, ""};
                    made.refused = "it wants " + std::to_string(wanted) +
                                   " bytes of workspace, more than the bound of " + std::to_string(bytes);
                } catch (std::runtime_error const& error) {
                    made.refused = error.what();
                }
            }
        } catch (std::runtime_error const& error) {
            made.refused = error.what();
        }
    }
    if (made.refused.empty()) made.refused = "no engine takes it";
    return made;
}

}  // namespace shardtype::cuda::detail
