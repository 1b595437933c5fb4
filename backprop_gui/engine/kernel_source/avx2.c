/* The kernel for processors with AVX2 and FMA, whatever the compiler takes for granted. */
#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#define RUN backprop_run_avx2
#define ELEMENTARY backprop_elementary_avx2
#include "iterations.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
