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
typedef void elementary_function(int64_t kind, int64_t count, const double *x, double *y);
elementary_function backprop_elementary_portable, backprop_elementary_avx2, backprop_elementary_avx512;

/* How many doubles of work space a model needs; they must be zero before its first run. */
EXPORT int64_t backprop_room(const struct model *model)
{
    int64_t pad = PLACES(model->batch);
    int64_t room = 4 * FILLED(model->inner_size) + 2 * FILLED(pad) + FILLED((model->widths[0] + 1) * pad);
    for (int64_t l = 1; l <= model->layers; l++)
        room += FILLED((model->widths[l] + 1) * pad) + 2 * FILLED(model->widths[l] * pad);
    return room + FILLED(model->widths[model->layers] * pad) + 4;
}

static int64_t narrowest = 2;

/* Use no more of the processor than this, from now on; for the tests. */
EXPORT void backprop_narrow(int64_t breadth) { narrowest = breadth; }

/* What is used of the processor: 0 what any has, 1 AVX2, 2 AVX-512. */
EXPORT int64_t backprop_breadth(void)
{
    int64_t found = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        int wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
        found = wide && __builtin_cpu_supports("avx512dq") ? 2 : 1;
    }
#endif
    return found < narrowest ? found : narrowest;
}

#if defined(__x86_64__)
#define CHOSEN(name) \
    (backprop_breadth() == 2 ? name##_avx512 : backprop_breadth() == 1 ? name##_avx2 : name##_portable)
#else
#define CHOSEN(name) name##_portable
#endif

EXPORT void backprop_elementary(int64_t kind, int64_t count, const double *x, double *y)
{
    CHOSEN(backprop_elementary)(kind, count, x, y);
}

/* Up to `count` iterations; returns how many were done. `updates` is how many updates the optimiser did
   before. Parameters and what the optimiser keeps (NULL: nothing) are changed in place; `losses` takes the
   loss of each batch before its update, `sample_losses` those of the last one's samples. */
EXPORT int64_t backprop_run(ARGUMENTS)
{
    return CHOSEN(backprop_run)(model, data, work, count, updates, parameters, first, second, losses,
                                sample_losses);
}

EXPORT int64_t backprop_version(void) { return sizeof(struct model); }
