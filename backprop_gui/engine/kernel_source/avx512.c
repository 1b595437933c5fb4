/* The kernel for processors with AVX-512: the same vectors of four, with masks and more registers. */
#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512vl,avx512dq"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,avx512f,avx512vl,avx512dq")
#endif
#define RUN backprop_run_avx512
#define ELEMENTARY backprop_elementary_avx512
#include "iterations.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
