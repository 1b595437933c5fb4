/* What the kernel is told of a model, and what it keeps while it runs. engine/kernel.py holds the same. */

#ifndef MODEL_H
#define MODEL_H

#include <stdint.h>

enum activation { IDENTITY, SIGMOID, TANH, RELU, LEAKY_RELU, ELU, SOFTPLUS, SILU, SOFTMAX };

enum loss {
    HALF_SQUARED_ERROR,
    SQUARED_ERROR,
    ABSOLUTE_ERROR,
    HUBER,
    BINARY_CROSS_ENTROPY,
    BINARY_CROSS_ENTROPY_WITH_LOGITS,
    CROSS_ENTROPY,
    SOFTMAX_CROSS_ENTROPY
};

enum optimizer { GRADIENT_DESCENT, MOMENTUM, NESTEROV, ADAGRAD, RMSPROP, ADAM, ADAMW };

/* A chain of dense layers. Layer l takes widths[l] values and gives widths[l + 1].

   Inside, its weights stand at starts[l]. For batches: a row for each unit, of widths[l] weights and the
   bias, filled up with zeros to a multiple of four. For single samples: a row for each value that comes
   in, and one of the biases, each with a place for every unit, filled up likewise. */
struct model {
    int64_t layers, loss, optimizer, batch, rows, size, inner_size, plain, summed;
    double loss_scale, huber; /* 1, or 1 / outputs for a mean over them */
    double rate, decay, momentum, alpha, beta1, beta2, epsilon, l1, l2, clip_value, clip_norm;
    const int64_t *widths, *activations, *biased, *starts;
    const int64_t *places;  /* where each parameter stands inside */
    const int64_t *trained; /* inside: all bits where a parameter is trained; NULL when all are */
};

/* Data of a run. `order` names the rows, one iteration behind the other. Without it batches begin with
   number `place` of their epoch; then the data may be packed: values × samples of each batch, filled up. */
struct data {
    const double *inputs, *targets;
    const int64_t *order;
    int64_t place, packed;
};

#define SUSPECT 1e100 /* numbers beyond are left to the operation table, which judges what is finite */
#define SUSPECT_SQUARE 1e200
#define SUSPECT_STATE 1e250
#define MOST_LAYERS 64
#define LEAK 0.01
#define HELD 3.7200759760208359630e-44 /* e^-100 */
#define NORM_EPSILON 1e-6

#define FILLED(n) (((n) + 3) & ~(int64_t)3)

/* How many places an array has for each value: one for each sample of a batch, filled up. Rows whose
   lengths are powers of two would fall on the same lines of the cache. */
#define PLACES(batch) ((batch) == 1 ? 1 : FILLED(batch) + (FILLED(batch) % 32 ? 0 : 4))

#endif
