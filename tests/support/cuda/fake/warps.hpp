#pragma once
#include "blocks.hpp"

/// What the threads of a block call to wait for one another and to exchange values.

inline void __syncthreads(fake::code_place where = fake::code_place::current()) { fake::this_block().barrier(where); }
inline void __syncwarp(unsigned mask = 0xffffffffU, fake::code_place where = fake::code_place::current()) {
    auto& block = fake::this_block();
    block.meet(block.now(), mask, where);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int = 32, fake::code_place where = fake::code_place::current()) {
    return fake::this_block().exchange(
        value, mask, [lanes](unsigned lane) { return lane ^ static_cast<unsigned>(lanes); }, where);
}
template <class T>
T __shfl_sync(unsigned mask, T value, int from, int = 32, fake::code_place where = fake::code_place::current()) {
    return fake::this_block().exchange(
        value, mask, [from](unsigned) { return static_cast<unsigned>(from); }, where);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned lanes, int = 32,
                   fake::code_place where = fake::code_place::current()) {
    return fake::this_block().exchange(
        value, mask, [lanes](unsigned lane) { return lane + lanes < 32 ? lane + lanes : lane; }, where);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned lanes, int = 32,
                 fake::code_place where = fake::code_place::current()) {
    return fake::this_block().exchange(
        value, mask, [lanes](unsigned lane) { return lane >= lanes ? lane - lanes : lane; }, where);
}
