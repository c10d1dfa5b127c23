#pragma once
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cuda_runtime.h>
#include <limits>
#include <mutex>
#include <shardtype/kernels/cuda/cudnn_attention_graph.hpp>
#include <shardtype/kernels/cuda/cudnn_plan.hpp>
#include <shardtype/kernels/execution.hpp>
#include <utility>

namespace shardtype::cuda::detail {

/// cuDNN's handle of a device: one per device and process. It is used under its lock, since it carries the stream.
struct cudnn_session {
    int device = 0;
    cudnnHandle_t handle = nullptr;
    std::mutex guard;

    static cudnn_session& of_device() {
        static std::mutex making;
        static std::vector<std::unique_ptr<cudnn_session>> all;
        int device = 0;
        if (cudaError_t const error = cudaGetDevice(&device); error != cudaSuccess)
            throw std::runtime_error(std::string("cudaGetDevice: ") + cudaGetErrorString(error));
        std::lock_guard const lock(making);
        for (auto const& one : all) {
            if (one->device == device) return *one;
        }
        auto made = std::make_unique<cudnn_session>();
        made->device = device;
        cudnn_check(cudnnCreate(&made->handle), "opening the device");
        all.push_back(std::move(made));
        return *all.back();
    }
};

/// What was planned for one shape: an engine's plan for the whole, or for a slice of sequences and heads that is run
/// over all of them.
class cudnn_attention {
  public:
    /// Makes the plan for a device, or for one that is only described; `refused()` says why there is none.
    cudnn_attention(attention_shape s, bool forward, long bytes, bool may_vary, cudnn_device const& device)
        : s_(s), slice_{s.batch, s.kv_heads} {
        if (s.head_dim % 8 != 0) {
            refused_ = "its heads are no multiple of 8";
            return;
        }
        try {
            if (forward) {
                cudnn_attention_graph graph(s, slice_);
                graph.forward();
                take(make_cudnn_plan(graph.finish(device), device, bytes - alignment, false));
                return;
            }
            // cuDNN's engines sum dq by atomic additions in float, and do not say so in their notes; those that keep
            // the probabilities' gradients do not.
            if (auto const part = attention_slice_of(s); part.batch > 0) {
                slice_ = part;
                if (plan_backward(bytes, false, device)) return;
            }
            slice_ = {s.batch, s.kv_heads};
            varies_ = true;
            if (may_vary) plan_backward(bytes, true, device);
        } catch (std::runtime_error const& error) {
            refused_ = error.what();
        }
    }

    bool planned() const { return plan_ != nullptr; }
    /// Whether results differ from run to run.
    bool varies() const { return varies_; }
    /// Why there is no plan.
    std::string const& refused() const { return refused_; }
    /// Bytes of scratch that a call takes.
    long scratch_bytes() const { return alignment + workspace_ + delta_bytes_ + sum_bytes_; }
    /// Calls of the library per call.
    long calls() const { return s_.batch / slice_.batch * (s_.kv_heads / slice_.kv_heads); }

    void forward(execution const& e, bf16 const* q, bf16 const* k, bf16 const* v, bf16* out, float* lse) const {
        call with(*this, e);
        with.add(attention_q, q);
        with.add(attention_k, k);
        with.add(attention_v, v);
        with.add(attention_out, out);
        with.add(attention_lse, lse);
        with.run();
    }

    void backward(execution const& e, bf16 const* q, bf16 const* k, bf16 const* v, bf16 const* out, float const* lse,
                  bf16 const* dout, bf16* dq, bf16* dk, bf16* dv) const {
        long const group = s_.heads / s_.kv_heads;
        for (long b = 0; b < s_.batch; b += slice_.batch)
            for (long kv = 0; kv < s_.kv_heads; kv += slice_.kv_heads) {
                long const at = (b * s_.seq * s_.heads + kv * group) * s_.head_dim;
                long const at_kv = (b * s_.seq * s_.kv_heads + kv) * s_.head_dim;
                call with(*this, e);
                with.add(attention_q, q + at);
                with.add(attention_k, k + at_kv);
                with.add(attention_v, v + at_kv);
                with.add(attention_out, out + at);
                with.add(attention_lse, lse + (b * s_.heads + kv * group) * s_.seq);
                with.add(attention_dout, dout + at);
                with.add(attention_dq, dq + at);
                with.add(attention_dk, dk + at_kv);
                with.add(attention_dv, dv + at_kv);
                with.add_value(attention_one_value, with.one);
                with.add(attention_delta, with.workspace + workspace_);
                if (sum_bytes_ > 0) with.add(attention_dq_float, with.workspace + workspace_ + delta_bytes_);
                with.run();
            }
    }

  private:
    static constexpr long alignment = 256;

    /// The operands of one call of the library.
    struct call {
        cudnn_attention const& of;
        void* stream;
        char* workspace;
        float scale, hidden = -std::numeric_limits<float>::infinity(), one = 1;
        std::int64_t ids[16] = {};
        void* operands[16] = {};
        int count = 0;

        call(cudnn_attention const& made, execution const& e)
            : of(made),
              stream(e.stream),
              scale(static_cast<float>(1 / std::sqrt(static_cast<double>(made.s_.head_dim)))) {
            auto const at = reinterpret_cast<std::uintptr_t>(e.scratch);
            std::uintptr_t const skipped = (alignment - at % alignment) % alignment;
            if (static_cast<long>(e.scratch_bytes) - static_cast<long>(skipped) < made.scratch_bytes() - alignment)
                throw std::runtime_error("attention: needs " + std::to_string(made.scratch_bytes()) +
                                         " bytes of scratch, got " + std::to_string(e.scratch_bytes));
            workspace = static_cast<char*>(e.scratch) + skipped;
            add_value(attention_scale_value, scale);
            add_value(attention_hidden_value, hidden);
        }
        call(call const&) = delete;
        call& operator=(call const&) = delete;
        ~call() = default;

        void add(std::int64_t id, void const* operand) {
            if (reinterpret_cast<std::uintptr_t>(operand) % 16 != 0)
                throw std::runtime_error("attention: operands must be aligned to 16 bytes");
            ids[count] = id;
            operands[count++] = const_cast<void*>(operand);
        }
        void add_value(std::int64_t id, float const& value) {
            ids[count] = id;
            operands[count++] = const_cast<float*>(&value);
        }
        void run() {
            cudnn_descriptor const pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
            void* room = workspace;
            pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, count, ids);
            pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, count, operands);
            pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &room);
            pack.finalize("operands");
            auto& session = cudnn_session::of_device();
            std::lock_guard const lock(session.guard);
            cudnn_check(cudnnSetStream(session.handle, static_cast<cudaStream_t>(stream)), "setting the stream");
            cudnn_check(cudnnBackendExecute(session.handle, of.plan_->get(), pack.get()), "running attention");
        }
    };

    bool plan_backward(long bytes, bool in_float, cudnn_device const& device) {
        long const rows = slice_.batch * slice_.kv_heads * (s_.heads / s_.kv_heads) * s_.seq;
        auto const whole = [](long n) { return (n + alignment - 1) / alignment * alignment; };
        delta_bytes_ = whole(rows * 4);
        sum_bytes_ = in_float ? whole(rows * s_.head_dim * 4) : 0;
        cudnn_attention_graph graph(s_, slice_);
        graph.backward(in_float);
        take(make_cudnn_plan(graph.finish(device), device, bytes - alignment - delta_bytes_ - sum_bytes_, in_float));
        return planned();
    }

    void take(cudnn_plan made) {
        plan_ = made.plan;
        workspace_ = (made.workspace + alignment - 1) / alignment * alignment;
        refused_ = made.refused;
    }

    attention_shape s_;
    attention_slice slice_;
    std::shared_ptr<cudnn_descriptor> plan_;
    long workspace_ = 0, delta_bytes_ = 0, sum_bytes_ = 0;
    bool varies_ = false;
    std::string refused_;
};

/// The plan for a shape on the current device, made once per process; none where cuDNN has none that fits, which a line
/// on stderr says. With the environment's SHARDTYPE_DETERMINISTIC=1 plans whose results vary are not taken.
inline std::shared_ptr<cudnn_attention const> cudnn_attention_plan(attention_shape s, bool forward, long bytes) {
    struct known {
        int device;
        attention_shape s;
        bool forward;
        long bytes;
        std::shared_ptr<cudnn_attention const> plan;
    };
    static std::mutex guard;
    static std::vector<known> all;
    std::string const what = "attention's " + std::string(forward ? "forward" : "backward") + " of " +
                             std::to_string(s.batch) + " x " + std::to_string(s.seq) + " with " +
                             std::to_string(s.heads) + "/" + std::to_string(s.kv_heads) + " heads of " +
                             std::to_string(s.head_dim);
    std::lock_guard const lock(guard);
    std::shared_ptr<cudnn_attention const> plan;
    int device = -1;
    try {
        auto& session = cudnn_session::of_device();
        device = session.device;
        for (auto const& one : all) {
            if (one.device == device && one.forward == forward && one.bytes == bytes && one.s.batch == s.batch &&
                one.s.seq == s.seq && one.s.heads == s.heads && one.s.kv_heads == s.kv_heads &&
                one.s.head_dim == s.head_dim)
                return one.plan;
        }
        char const* const said = std::getenv("SHARDTYPE_DETERMINISTIC");
        bool const may_vary = said == nullptr || said[0] != '1';
        plan =
            std::make_shared<cudnn_attention const>(s, forward, bytes, may_vary, cudnn_device{session.handle, nullptr});
        if (!plan->planned()) {
            std::fprintf(stderr, "shardtype: cuDNN has no plan for %s, our own kernel runs: %s\n", what.c_str(),
                         plan->refused().c_str());
            plan = nullptr;
        } else if (plan->varies()) {
            std::fprintf(stderr,
                         "shardtype: cuDNN's plan for %s sums in no fixed order, its bits vary from run to run\n",
                         what.c_str());
        }
    } catch (std::runtime_error const& error) {
        std::fprintf(stderr, "shardtype: no cuDNN for %s, our own kernel runs: %s\n", what.c_str(), error.what());
        plan = nullptr;
    }
    all.push_back({device, s, forward, bytes, plan});
    return plan;
}

}  // namespace shardtype::cuda::detail
