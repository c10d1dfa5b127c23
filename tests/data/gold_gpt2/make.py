"""Makes the float64 reference run of a small GPT-2 that tests/runtime/gold_gpt2.cpp compares with.

    python3 make.py             writes tokens.bin, start, grads and end .safetensors and run.json beside this file
    python3 make.py --check     compares its own backward with central differences and writes nothing

Needs numpy. Forward and backward are written out here; nothing is shared with the library. `grads` are those of step 1
before clipping. Weights start as float32 numbers; all else is float64.
"""

import json
import pathlib
import struct
import sys

import numpy as np

DIM, LAYERS, HEADS, VOCABULARY, SEQUENCE, BATCH, STEPS = 32, 2, 4, 64, 16, 8, 5
NORM_EPS = 1e-5
# A constant added to all keys moves no weight of the softmax: the gradient of c_attn.k.bias is zero, and in float32
# rounding. AdamW's usual 1e-8 would make steps of that rounding.
LR, BETAS, EPS, WEIGHT_DECAY, MAX_NORM = 8e-4, (0.9, 0.95), 1e-5, 0.1, 1.0


def first_weights(random):
    w = {"wte": (VOCABULARY, DIM), "wpe": (SEQUENCE, DIM)}
    biases = []
    for i in range(LAYERS):
        for name, rows, columns in (("attn.c_attn.q", DIM, DIM), ("attn.c_attn.k", DIM, DIM),
                                    ("attn.c_attn.v", DIM, DIM), ("attn.c_proj", DIM, DIM),
                                    ("mlp.c_fc", 4 * DIM, DIM), ("mlp.c_proj", DIM, 4 * DIM)):
            w[f"h.{i}.{name}"] = (rows, columns)
            biases.append((f"h.{i}.{name}", rows))
    out = {name + ".weight": 0.2 * random.standard_normal(shape) for name, shape in w.items()}
    out.update({name + ".bias": 0.1 * random.standard_normal(n) for name, n in biases})
    for name in ["ln_f"] + [f"h.{i}.ln_{k}" for i in range(LAYERS) for k in (1, 2)]:
        out[name + ".weight"] = 1 + 0.1 * random.standard_normal(DIM)
        out[name + ".bias"] = 0.1 * random.standard_normal(DIM)
    return {name: out[name].astype(np.float32).astype(np.float64) for name in sorted(out)}


# Each operation gives its result and a function from the result's gradient to those of its inputs.

def norm(x, w, b):
    mean = x.mean(-1, keepdims=True)
    scale = 1 / np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + NORM_EPS)
    h = (x - mean) * scale

    def backward(dy):
        g = dy * w
        dx = scale * (g - g.mean(-1, keepdims=True) - h * (g * h).mean(-1, keepdims=True))
        return dx, (dy * h).sum((0, 1)), dy.sum((0, 1))
    return h * w + b, backward


def dense(x, w, b):
    def backward(dy):
        return dy @ w, np.einsum("bsn,bsk->nk", dy, x), dy.sum((0, 1))
    return x @ w.T + b, backward


def gelu(x):
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (x + 0.044715 * x ** 3))

    def backward(dy):
        return dy * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * c * (1 + 3 * 0.044715 * x * x))
    return 0.5 * x * (1 + t), backward


def attention(q, k, v):
    split = lambda x: x.reshape(BATCH, SEQUENCE, HEADS, DIM // HEADS).transpose(0, 2, 1, 3)
    merge = lambda x: x.transpose(0, 2, 1, 3).reshape(BATCH, SEQUENCE, DIM)
    q, k, v = split(q), split(k), split(v)
    root = np.sqrt(DIM // HEADS)
    scores = np.where(np.tril(np.ones((SEQUENCE, SEQUENCE), bool)), q @ k.transpose(0, 1, 3, 2) / root, -np.inf)
    p = np.exp(scores - scores.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)

    def backward(dy):
        dy = split(dy)
        dp = dy @ v.transpose(0, 1, 3, 2)
        ds = p * (dp - (dp * p).sum(-1, keepdims=True)) / root
        return merge(ds @ k), merge(ds.transpose(0, 1, 3, 2) @ q), merge(p.transpose(0, 1, 3, 2) @ dy)
    return merge(p @ v), backward


def cross_entropy(logits, targets):
    shifted = logits - logits.max(-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    hot = np.eye(VOCABULARY)[targets]
    return -(log_p * hot).sum() / targets.size, (np.exp(log_p) - hot) / targets.size


def loss_and_gradients(w, tokens, targets):
    grad = {name: np.zeros_like(value) for name, value in w.items()}
    tape = []  # of (function, names of the weights), all in the order of forward

    def apply(f, x, name):
        y, backward = f(x, w[name + ".weight"], w[name + ".bias"])

        def back(dy):
            dx, dw, db = backward(dy)
            grad[name + ".weight"] += dw
            grad[name + ".bias"] += db
            return dx
        return y, back

    x = w["wte.weight"][tokens] + w["wpe.weight"]
    for i in range(LAYERS):
        h, back_1 = apply(norm, x, f"h.{i}.ln_1")
        parts = [apply(dense, h, f"h.{i}.attn.c_attn.{part}") for part in "qkv"]
        a, back_a = attention(*(y for y, _ in parts))
        o, back_o = apply(dense, a, f"h.{i}.attn.c_proj")
        x = x + o
        h, back_2 = apply(norm, x, f"h.{i}.ln_2")
        f, back_f = apply(dense, h, f"h.{i}.mlp.c_fc")
        g, back_g = gelu(f)
        m, back_m = apply(dense, g, f"h.{i}.mlp.c_proj")
        x = x + m
        tape.append((back_1, [back for _, back in parts], back_a, back_o, back_2, back_f, back_g, back_m))
    x, back_n = apply(norm, x, "ln_f")
    loss, d = cross_entropy(x @ w["wte.weight"].T, targets)

    grad["wte.weight"] += np.einsum("bsv,bsh->vh", d, x)
    d = back_n(d @ w["wte.weight"])
    for back_1, back_qkv, back_a, back_o, back_2, back_f, back_g, back_m in reversed(tape):
        d = d + back_2(back_f(back_g(back_m(d))))
        d = d + back_1(sum(back(dy) for back, dy in zip(back_qkv, back_a(back_o(d)))))
    np.add.at(grad["wte.weight"], tokens, d)
    grad["wpe.weight"] += d.sum(0)
    return loss, grad


def learning_rate(step, warmup=2, decay_ratio=0.8):
    decay = min(round(STEPS * decay_ratio), STEPS - warmup)
    stable = STEPS - warmup - decay
    if step < warmup:
        return LR * (step + 1) / (warmup + 1)
    if step < warmup + stable:
        return LR
    return LR * (1 - (step + 1 - warmup - stable) / (decay + 1))


def batch_of(tokens, step):
    at = step * BATCH * SEQUENCE
    rows = lambda shift: tokens[at + shift:at + shift + BATCH * SEQUENCE].reshape(BATCH, SEQUENCE)
    return rows(0), rows(1)


def check(w, tokens):
    _, grad = loss_and_gradients(w, *batch_of(tokens, 0))
    random, worst, h = np.random.default_rng(3), 0, 1e-5
    for name, value in w.items():
        flat, largest = value.reshape(-1), max(np.abs(grad[name]).max(), 1e-3)
        for i in random.integers(flat.size, size=6):
            kept, sides = flat[i], []
            for sign in (1, -1):
                flat[i] = kept + sign * h
                sides.append(loss_and_gradients(w, *batch_of(tokens, 0))[0])
            flat[i] = kept
            error = abs((sides[0] - sides[1]) / (2 * h) - grad[name].reshape(-1)[i]) / largest
            worst = max(worst, error)
            assert error < 1e-6, (name, int(i), error)
    print(f"backward and central differences: worst {worst:.2g} of a tensor's largest gradient")


def write_tensors(path, tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name in sorted(tensors):
        piece = tensors[name].astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensors[name].shape),
                        "data_offsets": [len(data), len(data) + len(piece)]}
        data += piece
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def main():
    random = np.random.default_rng(2)
    tokens = random.integers(VOCABULARY, size=STEPS * BATCH * SEQUENCE + 1)
    w = first_weights(random)
    if "--check" in sys.argv:
        return check(w, tokens)
    here = pathlib.Path(__file__).resolve().parent
    header = [20240520, 1, tokens.size] + [0] * 253
    (here / "tokens.bin").write_bytes(np.array(header, "<i4").tobytes() + tokens.astype("<u2").tobytes())
    write_tensors(here / "start.safetensors", w)
    first = {name: np.zeros_like(x) for name, x in w.items()}
    second = {name: np.zeros_like(x) for name, x in w.items()}
    losses, norms, rates = [], [], []
    for step in range(STEPS):
        loss, grad = loss_and_gradients(w, *batch_of(tokens, step))
        total = np.sqrt(sum((g * g).sum() for g in grad.values()))
        if step == 0:
            write_tensors(here / "grads.safetensors", grad)
        rate, scale = learning_rate(step), min(1, MAX_NORM / (total + 1e-6))
        for name, x in w.items():
            g = grad[name] * scale
            first[name] = BETAS[0] * first[name] + (1 - BETAS[0]) * g
            second[name] = BETAS[1] * second[name] + (1 - BETAS[1]) * g * g
            m, v = first[name] / (1 - BETAS[0] ** (step + 1)), second[name] / (1 - BETAS[1] ** (step + 1))
            w[name] = x * (1 - rate * WEIGHT_DECAY) - rate * m / (np.sqrt(v) + EPS)
        losses.append(float(loss)), norms.append(float(total)), rates.append(float(rate))
    write_tensors(here / "end.safetensors", w)
    (here / "run.json").write_text(json.dumps({
        "config": {"dim": DIM, "layers": LAYERS, "heads": HEADS, "vocab": VOCABULARY, "seq": SEQUENCE,
                   "batch": BATCH, "steps": STEPS, "norm_eps": NORM_EPS},
        "optimizer": {"lr": LR, "betas": BETAS, "eps": EPS, "weight_decay": WEIGHT_DECAY, "max_norm": MAX_NORM,
                      "lr_per_step": rates},
        "data": "step s, row b reads tokens [s*batch*seq + b*seq, + seq); targets are shifted by one",
        "loss": losses, "grad_norm": norms}, indent=1) + "\n")
    print("loss", losses, "\ngradient norm", norms)


if __name__ == "__main__":
    main()
