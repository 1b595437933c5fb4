/* Forward, loss and backward of one batch, for the instruction set in force.  tells them apart. */

/* Whether a sum of squares tells of numbers that are suspect. */
INLINE bits too_long(vec squares) { return (bits) ~(squares < all_of(SUSPECT_SQUARE)); }

INLINE vec activated(int64_t kind, vec z, vec *slope)
{
    vec a;
    switch (kind) {
    case SIGMOID:
        a = logistic(z);
        *slope = a * (1.0 - a);
        return a;
    case TANH:
        a = hyperbolic_tangent(z);
        *slope = 1.0 - a * a;
        return a;
    case RELU:
        *slope = masked((bits)(z > all_of(0.0)), all_of(1.0));
        return masked((bits)(z > all_of(0.0)), z);
    case LEAKY_RELU:
        *slope = choose((bits)(z > all_of(0.0)), all_of(1.0), all_of(LEAK));
        return choose((bits)(z > all_of(0.0)), z, LEAK * z);
    case ELU:
        *slope = exponential(smaller(z, all_of(0.0)));
        return choose((bits)(z > all_of(0.0)), z, exponential_less_one(smaller(z, all_of(0.0))));
    case SOFTPLUS:
        *slope = logistic(z);
        return softened_ramp(z);
    case SILU:
        *slope = logistic(z);
        a = z * *slope;
        *slope = *slope + a * (1.0 - *slope);
        return a;
    default:
        *slope = all_of(1.0);
        return z;
    }
}

/* What one output adds to the loss, and its slope. */
INLINE vec compared(const struct model *model, vec a, vec y, vec *slope)
{
    vec distance = a - y, p, q, held, size;
    switch (model->loss) {
    case HALF_SQUARED_ERROR:
        *slope = distance;
        return 0.5 * (distance * distance);
    case SQUARED_ERROR:
        *slope = 2.0 * distance;
        return distance * distance;
    case ABSOLUTE_ERROR:
        *slope = masked((bits)(distance != all_of(0.0)), with_sign_of(all_of(1.0), distance));
        return absolute(distance);
    case HUBER:
        size = absolute(distance);
        *slope = larger(all_of(-model->huber), smaller(all_of(model->huber), distance));
        return choose((bits)(size < all_of(model->huber)), 0.5 * (distance * distance),
                      model->huber * (size - 0.5 * model->huber));
    case BINARY_CROSS_ENTROPY:
        p = a, q = 1.0 - a;
        held = distance / (p * q);
        held = choose((bits)(q >= all_of(0.0)) & (bits)(q < all_of(HELD)), -y / p, held);
        *slope = choose((bits)(p >= all_of(0.0)) & (bits)(p < all_of(HELD)), (1.0 - y) / q, held);
        p = choose((bits)(p >= all_of(0.0)) & (bits)(p < all_of(HELD)), all_of(-100.0), logarithm(p));
        q = choose((bits)(q >= all_of(0.0)) & (bits)(q < all_of(HELD)), all_of(-100.0), logarithm(q));
        return -(y * p + (1.0 - y) * q);
    case BINARY_CROSS_ENTROPY_WITH_LOGITS:
        *slope = logistic(a) - y;
        return softened_ramp(a) - y * a;
    default: /* CROSS_ENTROPY */
        *slope = masked((bits)(y != all_of(0.0)), -y / a);
        return masked((bits)(y != all_of(0.0)), -y * logarithm(a));
    }
}

/* NU x NV vectors of `out` = matrix · rows, plus `bias` where it is given, or plus what is `begun`; times
   `slopes` where they are given. An element of the matrix stands at [u * down + i * across]. */
INLINE void multiply_block(const int NU, const int NV, const double *matrix, int64_t down, int64_t across,
                           int64_t count, const double *rows, int64_t pad, const double *bias,
                           const double *slopes, int begun, double *out)
{
    vec sum[4][3];
    for (int u = 0; u < NU; u++)
        for (int v = 0; v < NV; v++)
            sum[u][v] = begun ? load(out + u * pad + 4 * v) : all_of(bias ? bias[u * down] : 0.0);
    for (int64_t i = 0; i < count; i++) {
        vec row[3];
        for (int v = 0; v < NV; v++) row[v] = load_loose(rows + i * pad + 4 * v);
        for (int u = 0; u < NU; u++) {
            vec factor = all_of(matrix[u * down + i * across]);
            for (int v = 0; v < NV; v++) sum[u][v] += factor * row[v];
        }
    }
    for (int u = 0; u < NU; u++)
        for (int v = 0; v < NV; v++)
            store(out + u * pad + 4 * v,
                  slopes ? sum[u][v] * load(slopes + u * pad + 4 * v) : sum[u][v]);
}

#define BLOCK(NU, NV) \
    case 4 * NU + NV: multiply_block(NU, NV, m, down, across, now, r, pad, b, s, begun, o); break;
#define BLOCKS(NU) BLOCK(NU, 1) BLOCK(NU, 2) BLOCK(NU, 3)
#define ROWS_AT_ONCE 128 /* so that they stay in the nearest cache */

INLINE void multiply(int64_t units, int64_t vectors, const double *matrix, int64_t down, int64_t across,
                     int64_t count, const double *rows, int64_t pad, const double *bias,
                     const double *slopes, double *out)
{
    for (int64_t v = 0; v < vectors;) {
        int64_t nv = vectors - v;
        nv = nv == 4 ? 2 : nv > 3 ? 3 : nv;
        for (int64_t begun = 0; begun < count; begun += ROWS_AT_ONCE) {
            int64_t now = count - begun > ROWS_AT_ONCE ? ROWS_AT_ONCE : count - begun;
            const double *r = rows + begun * pad + 4 * v;
            for (int64_t u = 0; u < units; u += 4) {
                int64_t nu = units - u > 4 ? 4 : units - u;
                const double *m = matrix + u * down + begun * across, *b = bias ? bias + u * down : 0;
                const double *s = slopes && begun + now == count ? slopes + u * pad + 4 * v : 0;
                double *o = out + u * pad + 4 * v;
                switch (4 * nu + nv) { BLOCKS(4) BLOCKS(3) BLOCKS(2) BLOCKS(1) }
            }
        }
        v += nv;
    }
}

/* The gradients of NU x NI weights, summed over the samples: either taken off at once, or kept. */
INLINE void gradient_block(const int NU, const int NI, const double *deltas, const double *values,
                           int64_t pad, int64_t vectors, int64_t stride, double rate, double *weights,
                           double *kept, vec *squares)
{
    vec sum[2][4];
    for (int u = 0; u < 2; u++)
        for (int i = 0; i < 4; i++) sum[u][i] = all_of(0.0);
    for (int64_t v = 0; v < vectors; v++) {
        vec value[4];
        for (int i = 0; i < NI; i++) value[i] = load_loose(values + i * pad + 4 * v);
        for (int u = 0; u < NU; u++) {
            vec delta = load(deltas + u * pad + 4 * v);
            for (int i = 0; i < NI; i++) sum[u][i] += delta * value[i];
        }
    }
    for (int u = 0; u < NU; u++) {
        vec gradient = totals(sum[u][0], sum[u][1], sum[u][2], sum[u][3]);
        *squares += gradient * gradient;
        if (kept) {
            store(kept + u * stride, rate * gradient);
        } else {
            vec weight = load(weights + u * stride) - rate * gradient;
            *squares += weight * weight;
            store(weights + u * stride, weight);
        }
    }
}

#define PIECE(NU, NI) \
    case 8 * NU + NI: gradient_block(NU, NI, d, a, pad, vectors, stride, rate, w, k, &squares); break;
#define VALUES_AT_ONCE 32
#define PIECES(NU) PIECE(NU, 1) PIECE(NU, 2) PIECE(NU, 3) PIECE(NU, 4)

/* `rate` is the learning rate over the samples where weights are changed at once, 1 over them else. */
INLINE bits gradients(int64_t units, int64_t values, const double *deltas, const double *before,
                      int64_t pad, int64_t vectors, int64_t stride, double rate, double *weights,
                      double *kept)
{
    vec squares = all_of(0.0);
    for (int64_t first = 0; first < values; first += VALUES_AT_ONCE) {
        int64_t end = values - first > VALUES_AT_ONCE ? first + VALUES_AT_ONCE : values;
        for (int64_t u = 0; u < units; u += 2)
            for (int64_t i = first; i < end; i += 4) {
                int64_t nu = units - u > 2 ? 2 : units - u, ni = values - i > 4 ? 4 : values - i;
                const double *d = deltas + u * pad, *a = before + i * pad;
                double *w = weights + u * stride + i, *k = kept ? kept + u * stride + i : 0;
                switch (8 * nu + ni) { PIECES(2) PIECES(1) }
            }
    }
    return too_long(squares);
}

/* e^(z - max z) in place of z, in one column of vectors, and their sum; where it might underflow is suspect. */
INLINE bits shares(double *a, int64_t outputs, int64_t pad, int64_t v, vec *sum)
{
    vec top = load(a + 4 * v), least = top, all = all_of(0.0);
    for (int64_t k = 1; k < outputs; k++) {
        top = larger(top, load(a + k * pad + 4 * v));
        least = smaller(least, load(a + k * pad + 4 * v));
    }
    for (int64_t k = 0; k < outputs; k++) {
        vec e = exponential(load(a + k * pad + 4 * v) - top);
        store(a + k * pad + 4 * v, e);
        all += e;
    }
    *sum = all;
    return beyond(top - least, 700.0);
}

/* Softmax and cross-entropy at once: the losses of the samples, and the slopes by z in `deltas`. */
INLINE bits compare_shares(const struct model *model, double *z, const double *targets, int64_t pad,
                           int64_t vectors, const int64_t *lanes, double *deltas, double *losses)
{
    int64_t outputs = model->widths[model->layers];
    bits bad = {0, 0, 0, 0};
    for (int64_t v = 0; v < vectors; v++) {
        bits lane = *(const bits *)(lanes + 4 * v);
        vec products = all_of(0.0), all = all_of(0.0), top = load(z + 4 * v), sum = all_of(0.0);
        for (int64_t k = 1; k < outputs; k++) top = larger(top, load(z + k * pad + 4 * v));
        for (int64_t k = 0; k < outputs; k++) {
            vec y = load(targets + k * pad + 4 * v), shifted = load(z + k * pad + 4 * v) - top;
            vec e = exponential(shifted);
            products += y * shifted, all += y, sum += e;
            store(deltas + k * pad + 4 * v, e);
        }
        vec factor = all / sum;
        for (int64_t k = 0; k < outputs; k++) {
            vec slope = load(deltas + k * pad + 4 * v) * factor - load(targets + k * pad + 4 * v);
            store(deltas + k * pad + 4 * v, masked(lane, slope));
        }
        vec loss = masked(lane, all * logarithm(sum) - products);
        bad |= beyond(loss, SUSPECT);
        store(losses + 4 * v, loss);
    }
    return bad;
}

/* Any other loss: of the samples, and the slopes by the outputs in `deltas`. */
INLINE bits compare_outputs(const struct model *model, const double *outputs, const double *targets,
                            int64_t pad, int64_t vectors, const int64_t *lanes, double *deltas,
                            double *losses)
{
    int64_t count = model->widths[model->layers];
    bits bad = {0, 0, 0, 0};
    for (int64_t v = 0; v < vectors; v++) {
        bits lane = *(const bits *)(lanes + 4 * v);
        vec loss = all_of(0.0);
        for (int64_t k = 0; k < count; k++) {
            int64_t at = k * pad + 4 * v;
            vec slope;
            loss += compared(model, load(outputs + at), load(targets + at), &slope);
            store(deltas + at, masked(lane, slope * model->loss_scale));
        }
        loss = masked(lane, loss * model->loss_scale);
        bad |= beyond(loss, SUSPECT);
        store(losses + 4 * v, loss);
    }
    return bad;
}
