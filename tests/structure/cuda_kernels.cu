// The host kernels, called from a file that nvcc compiles: a CUDA program may use the CPU back end too.
#include <shardtype/runtime.hpp>

namespace st = shardtype;

void norm_and_attend(st::execution const& context, float* x, float const* weight, float* rstd, float* out, float* lse) {
    constexpr st::cpu::attention_shape shape{.batch = 2, .seq = 64, .heads = 4, .kv_heads = 2, .head_dim = 16};
    constexpr long width = shape.heads * shape.head_dim;
    st::cpu::rms_norm_forward(context, x, weight, x, rstd, shape.batch * shape.seq, width, 1e-5f);
    st::cpu::attention_forward(context, shape, x, x, x, out, lse);
}
