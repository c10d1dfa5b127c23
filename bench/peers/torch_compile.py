#!/usr/bin/env python3
"""Llama 3 8B's layer sizes at a small depth, trained by PyTorch with torch.compile: what bench/gpu/train_step.cpp does.

usage: python3 bench/peers/torch_compile.py [--layers N] [--seq N] [--batch N] [--steps N] [--no-compile]

The same model, sizes, tokens per step, bf16 products beside float32 weights, gradients and AdamW states, clipping to norm 1,
on random tokens. Attention is SDPA's flash or cuDNN kernel, AdamW is fused, matrix products of float32 may use TF32. Prints
one line: tokens/s of the median step, and MFU by torchtitan's count of flops, of the device's dense bf16 peak.
Exit code 77 with one line where Python has no torch, or torch no GPU.
"""

import argparse
import math
import statistics
import sys
import time

try:
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError:
    print("skipped: torch is not installed, so torch.compile was not measured")
    sys.exit(77)

WIDTH, HIDDEN, HEADS, KV_HEADS, VOCABULARY, THETA = 4096, 14336, 32, 8, 128256, 500000.0
PEAKS = {"H100 PCIe": 756e12, "H100 NVL": 835e12, "H100": 989e12, "H200": 989e12, "A100": 312e12, "B200": 2250e12}


class Linear(nn.Linear):
    """Of float32 weights that are cast to bf16 for each step, as mixed precision of sharded trainers does it."""

    def __init__(self, into, out):
        super().__init__(into, out, bias=False)

    def forward(self, x):
        return F.linear(x, self.weight.bfloat16())


class Norm(nn.RMSNorm):
    def __init__(self):
        super().__init__(WIDTH, eps=1e-5)

    def forward(self, x):
        return F.rms_norm(x, (WIDTH,), self.weight.bfloat16(), self.eps)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.head_dim = WIDTH // HEADS
        self.wq = Linear(WIDTH, WIDTH)
        self.wk = Linear(WIDTH, KV_HEADS * self.head_dim)
        self.wv = Linear(WIDTH, KV_HEADS * self.head_dim)
        self.wo = Linear(WIDTH, WIDTH)

    def forward(self, x, cos, sin):
        batch, seq, _ = x.shape
        q, k, v = (w(x).view(batch, seq, -1, self.head_dim) for w in (self.wq, self.wk, self.wv))
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        out = F.scaled_dot_product_attention(
            q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), is_causal=True, enable_gqa=True
        )
        return self.wo(out.transpose(1, 2).reshape(batch, seq, -1))


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm = Norm()
        self.attention = Attention()
        self.ffn_norm = Norm()
        self.w1 = Linear(WIDTH, HIDDEN)
        self.w2 = Linear(HIDDEN, WIDTH)
        self.w3 = Linear(WIDTH, HIDDEN)

    def forward(self, x, cos, sin):
        x = x + self.attention(self.attention_norm(x), cos, sin)
        h = self.ffn_norm(x)
        return x + self.w2(F.silu(self.w1(h)) * self.w3(h))


class Llama(nn.Module):
    def __init__(self, layers, seq):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.norm = Norm()
        self.output = Linear(WIDTH, VOCABULARY)
        head_dim = WIDTH // HEADS
        rates = THETA ** (-torch.arange(0, head_dim, 2, dtype=torch.float64) / head_dim)
        angles = torch.outer(torch.arange(seq, dtype=torch.float64), rates)
        self.register_buffer("cos", angles.cos().float(), persistent=False)
        self.register_buffer("sin", angles.sin().float(), persistent=False)

    def forward(self, tokens, targets):
        x = self.embedding(tokens).bfloat16()
        for layer in self.layers:
            x = layer(x, self.cos, self.sin)
        logits = self.output(self.norm(x))
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())


def rotate(x, cos, sin):
    even, odd = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    c, s = cos[:, None, :], sin[:, None, :]
    return torch.stack((even * c - odd * s, even * s + odd * c), -1).flatten(-2).type_as(x)


def flops_per_token(model, layers, seq):
    """torchtitan's: 6 flops for each parameter but the embedding's, and attention without its causal half."""
    parameters = sum(p.numel() for p in model.parameters()) - model.embedding.weight.numel()
    return 6 * parameters + 12 * layers * WIDTH * seq


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--seq", type=int, default=8192)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--no-compile", action="store_true")
    a = parser.parse_args()
    if not torch.cuda.is_available():
        print("skipped: no CUDA device that torch can use")
        sys.exit(77)

    torch.manual_seed(1)
    torch.backends.cuda.matmul.allow_tf32 = True
    device = torch.device("cuda")
    with device:
        model = Llama(a.layers, a.seq)
    for p in model.parameters():
        if p.dim() > 1:
            nn.init.normal_(p, std=0.02)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    forward = model if a.no_compile else torch.compile(model)
    tokens = torch.randint(0, VOCABULARY, (a.batch, a.seq + 1), device=device)

    def step():
        loss = forward(tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss

    begin = time.time()
    for _ in range(3):
        loss = step()
    torch.cuda.synchronize()
    started = time.time() - begin
    taken = []
    for _ in range(a.steps):
        events = [torch.cuda.Event(enable_timing=True) for _ in range(2)]
        events[0].record()
        loss = step()
        events[1].record()
        torch.cuda.synchronize()
        taken.append(events[0].elapsed_time(events[1]) * 1e-3)
    if not math.isfinite(loss.item()):
        print("torch: the loss is not finite", file=sys.stderr)
        sys.exit(1)

    name = torch.cuda.get_device_name()
    peak = next((p for key, p in PEAKS.items() if key in name), None)
    rate = a.batch * a.seq / statistics.median(taken)
    mfu = f"{100 * rate * flops_per_token(model, a.layers, a.seq) / peak:.1f} % MFU" if peak else "MFU unknown"
    print(
        f"torch {torch.__version__} {'eager' if a.no_compile else 'compile'}: {rate:.0f} tokens/s, {mfu}, median step "
        f"{1e3 * statistics.median(taken):.1f} ms, best {1e3 * min(taken):.1f} ms, {a.layers} layers, {a.batch} x {a.seq} tokens, "
        f"peak memory {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB, first 3 steps {started:.0f} s, {name}"
    )


if __name__ == "__main__":
    main()
