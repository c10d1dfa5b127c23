// Causal attention of Llama-3 8B's heads (32 of queries, 8 of keys and values, 128 wide) in bf16, as a step calls it, from and
// to the [batch, seq, heads, head_dim] of the activations, against cuDNN alone on operands that lie as suits it: heads
// apart, with their groups together or all by themselves. Flops are those of the causal half: two products forward, five
// backward.

#include <shardtype/bench/gpu/measure.hpp>
#include <shardtype/kernels/cuda/attention.hpp>

namespace st = shardtype;
namespace gpu = st::bench::gpu;
using st::bf16;
using st::cuda::attention_direction;
using st::cuda::attention_shape;

namespace {

double flops(attention_shape s, bool backward) {
    return (backward ? 5.0 : 2.0) * static_cast<double>(s.batch * s.heads) * static_cast<double>(s.seq) *
           static_cast<double>(s.seq) * static_cast<double>(s.head_dim);
}

/// One shape's operands and its call.
class attention {
  public:
    attention(attention_shape s, bool backward)
        : s_(s),
          backward_(backward),
          q_(gpu::noise<bf16>(queries())),
          k_(gpu::noise<bf16>(keys())),
          v_(gpu::noise<bf16>(keys())),
          dout_(gpu::noise<bf16>(backward ? queries() : 0)),
          out_(queries()),
          dq_(backward ? queries() : 0),
          dk_(backward ? keys() : 0),
          dv_(backward ? keys() : 0),
          lse_(s.batch * s.heads * s.seq),
          on_(std::max(st::cuda::attention_forward_scratch_bytes<bf16>(s),
                       st::cuda::attention_backward_scratch_bytes<bf16>(s))),
          forward_call_(s, attention_direction::forward),
          call_(s, backward ? attention_direction::backward : attention_direction::forward) {
        forward_call_.forward(on_.exec(), q_, k_, v_, out_, lse_);
    }
    gpu::context const& on() const { return on_; }
    bool by_library() const { return call_.by_library(); }
    void operator()() const {
        if (backward_)
            call_.backward(on_.exec(), q_, k_, v_, out_, lse_, dout_, dq_, dk_, dv_);
        else
            call_.forward(on_.exec(), q_, k_, v_, out_, lse_);
    }

  private:
    long queries() const { return s_.batch * s_.seq * s_.heads * s_.head_dim; }
    long keys() const { return s_.batch * s_.seq * s_.kv_heads * s_.head_dim; }

    attention_shape s_;
    bool backward_;
    gpu::array<bf16> q_, k_, v_, dout_, out_, dq_, dk_, dv_;
    gpu::array<float> lse_;
    gpu::context on_;
    st::cuda::prepared_attention<bf16> forward_call_, call_;
};

double library_alone(attention_shape s, bool backward) {
    long const group = s.heads / s.kv_heads;
    double best = 0;
    for (attention_shape const apart : {attention_shape{s.batch * s.kv_heads, s.seq, group, 1, s.head_dim},
                                        attention_shape{s.batch * s.heads, s.seq, 1, 1, s.head_dim}}) {
        attention const call(apart, backward);
        if (!call.by_library()) continue;
        best = std::max(best, flops(s, backward) / gpu::time_calls(call.on(), call).best);
    }
    if (best == 0) throw std::runtime_error("there is no cuDNN, or no plan of its own, to compare with");
    return best;
}

void run(benchmark::State& state, bool backward) {
    gpu::guarded(state, [&] {
        attention_shape const s{1, state.range(0), 32, 8, 128};
        double const limit = library_alone(s, backward);
        attention const call(s, backward);
        gpu::row(state, call.on(), flops(s, backward), gpu::flops_per_second, limit,
                 call.by_library() ? "cuDNN alone" : "cuDNN alone; the row is our own kernel's", call);
    });
}
void attention_forward(benchmark::State& state) { run(state, false); }
void attention_backward(benchmark::State& state) { run(state, true); }
BENCHMARK(attention_forward)->Arg(2048)->Arg(8192)->Apply(gpu::settings);
BENCHMARK(attention_backward)->Arg(2048)->Arg(8192)->Apply(gpu::settings);

}  // namespace
