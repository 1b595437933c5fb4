/* Training of dense chains, compiled: many updates in one call, without Python's lock.

   Plain C without Python.h; engine/kernel.py loads it by ctypes. An iteration is a pure function of the
   parameters, the optimiser's state and its place in the run, however many are done in a call. One in
   which a number is not finite, or so large that it might be on the way there, is not done: the operation
   table judges it. The same code is compiled for each instruction set; the best is chosen when it runs. */

#include <stdint.h>

#include "model.h"

#if !defined(__GNUC__) && !defined(__clang__)
#error "the kernel needs the vector extensions of GCC or Clang"
#endif

#define EXPORT __attribute__((visibility("default")))
#define ARGUMENTS \
    const struct model *model, const struct data *data, double *work, int64_t count, int64_t updates, \
        double *parameters, double *first, double *second, double *losses, double *sample_losses

typedef int64_t run_function(ARGUMENTS);
run_function backprop_run_portable, backprop_run_avx2, backprop_run_avx512;

/* How many doubles of work space a model needs; they must be zero before its first run. */
EXPORT int64_t backprop_room(const struct model *model)
{
    int64_t pad = PLACES(model->batch);
    int64_t room = 4 * FILLED(model->inner_size) + 2 * FILLED(pad) + FILLED((model->widths[0] + 1) * pad);
    for (int64_t l = 1; l <= model->layers; l++)
        room += FILLED((model->widths[l] + 1) * pad) + 2 * FILLED(model->widths[l] * pad);
    return room + FILLED(model->widths[model->layers] * pad) + 4;
}

/* What is used of the processor: 0 what any has, 1 AVX2, 2 AVX-512. */
EXPORT int64_t backprop_breadth(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return 0;
    int wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
    return wide && __builtin_cpu_supports("avx512dq") ? 2 : 1;
#else
    return 0;
#endif
}

/* Up to `count` iterations; returns how many were done. `updates` is how many updates the optimiser did
   before. Parameters and what the optimiser keeps (NULL: nothing) are changed in place; `losses` takes the
   loss of each batch before its update, `sample_losses` those of the last one's samples. */
EXPORT int64_t backprop_run(ARGUMENTS)
{
    run_function *chosen = backprop_run_portable;
#if defined(__x86_64__)
    int64_t breadth = backprop_breadth();
    chosen = breadth == 2 ? backprop_run_avx512 : breadth == 1 ? backprop_run_avx2 : chosen;
#endif
    return chosen(model, data, work, count, updates, parameters, first, second, losses, sample_losses);
}

EXPORT int64_t backprop_version(void) { return sizeof(struct model); }
