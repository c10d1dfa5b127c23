#pragma once

#include <shardtype/tensor/layout.hpp>

namespace shardtype {

/// An operation has at most so many operands.
inline constexpr int max_operands = 4;

/// An operation as data. Each operand's dimensions carry factor letters, as in an einsum: "bsk,nk->bsn". What
/// placements are legal, what comes out and what the gradients are follows (rules/infer.hpp).
struct rule {
    int operands = 0;                       ///< how many
    char in[max_operands][max_rank + 1]{};  ///< a letter per dimension of each operand
    char out[max_rank + 1]{};               ///< a letter per dimension of the result
    unsigned linear = 0;                    ///< operands in which the operation is linear, each by itself (bit mask)
    unsigned sum = 0;                       ///< operands in which it is linear together: all partial or none (mask)
    unsigned constant = 0;       ///< operands without gradient (token ids, tables); invariant counts as replicate there
    char whole[max_rank + 1]{};  ///< factors that no axis may split (a normalised dimension)
    char kernel_whole[max_rank + 1]{};  ///< factors that could be split, but the kernel takes them whole [ST-R313]
    char paired = 0;      ///< a factor whose elements belong together two by two: a part of odd extent is wrong
    char equal[5]{};      ///< pairs of factors of equal extent (a query's and a key's sequence)
    unsigned ids = 0;     ///< operands of integers
    unsigned wide = 0;    ///< operands that may have float elements beside bf16 ones
    unsigned weight = 0;  ///< parameters: a fix keeps them split; with bf16, [ST-S621]
    char fused = 0;       ///< a factor that the operation reduces itself, result invariant (vocabulary-parallel loss)
    char grouped = 0;     ///< a factor of which operand 0 has a whole multiple (query heads over kv heads)
    double flops = 0;     ///< floating-point operations per point of the factors of operands 0 and 1, forward
    double backward = 2;  ///< backward's operations over forward's

    /// Whether no axis may split factor f.
    constexpr bool is_whole(char f) const { return f != 0 && find(whole, f) >= 0; }
    /// Whether only the kernel keeps factor f whole.
    constexpr bool is_kernel_whole(char f) const { return f != 0 && find(kernel_whole, f) >= 0; }
    /// Whether operand i has no gradient.
    constexpr bool is_constant(int i) const { return ((constant >> i) & 1U) != 0; }
    /// Whether operand i is a parameter.
    constexpr bool is_weight(int i) const { return ((weight >> i) & 1U) != 0; }
    /// The same operation, with these operands constant beside its own.
    constexpr rule with_constants(unsigned operand_mask) const {
        rule r = *this;
        r.constant |= operand_mask;
        return r;
    }
    /// Whether the operation is linear in operand i.
    constexpr bool is_linear(int i) const { return ((linear >> i) & 1U) != 0; }
    /// Whether the operation is linear in operand i and others together.
    constexpr bool is_summand(int i) const { return ((sum >> i) & 1U) != 0; }
    /// The dimension of operand i that carries factor f, or -1.
    constexpr int dim_of(int i, char f) const { return find(in[i], f); }
    /// The result's dimension with factor f, or -1.
    constexpr int out_dim_of(char f) const { return find(out, f); }
    /// Dimensions of operand i.
    constexpr int rank_of(int i) const { return length(in[i]); }
    /// Dimensions of the result.
    constexpr int out_rank() const { return length(out); }

  private:
    static constexpr int find(char const* text, char f) {
        for (int d = 0; text[d] != 0; ++d)
            if (text[d] == f) return d;
        return -1;
    }
    static constexpr int length(char const* text) {
        int n = 0;
        while (text[n] != 0) ++n;
        return n;
    }
};

}  // namespace shardtype
