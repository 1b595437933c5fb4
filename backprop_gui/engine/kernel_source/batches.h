/* Iterations with batches: every array holds values × samples, so that a vector is four samples. */

struct room {
    double *values[MOST_LAYERS + 1], *slopes[MOST_LAYERS + 1], *deltas[MOST_LAYERS + 1];
    double *inputs, *targets, *losses, *parameters, *gradient, *first, *second;
    int64_t *lanes;
};

/* Rows of the data into values × samples. Of a shorter batch the places behind it are zero. */
static void gather(const double *rows, int64_t width, const int64_t *order, int64_t first,
                         int64_t samples, int64_t pad, double *into)
{
    for (int64_t s = 0; s < samples; s++) {
        const double *row = rows + (order ? order[s] : first + s) * width;
        for (int64_t i = 0; i < width; i++) into[i * pad + s] = row[i];
    }
    for (int64_t s = samples; s < FILLED(samples); s++)
        for (int64_t i = 0; i < width; i++) into[i * pad + s] = 0;
}

/* The sum in numpy's order, so that a mean has its very bits. */
static double pairwise_sum(const double *x, int64_t n)
{
    if (n < 8) {
        double sum = 0;
        for (int64_t i = 0; i < n; i++) sum += x[i];
        return sum;
    }
    if (n > 128) {
        int64_t half = n / 2 / 8 * 8;
        return pairwise_sum(x, half) + pairwise_sum(x + half, n - half);
    }
    vec low = load_loose(x), high = load_loose(x + 4);
    int64_t i = 8;
    for (; i + 8 <= n; i += 8) low += load_loose(x + i), high += load_loose(x + i + 4);
    double sum = ((low[0] + low[1]) + (low[2] + low[3])) + ((high[0] + high[1]) + (high[2] + high[3]));
    for (; i < n; i++) sum += x[i];
    return sum;
}

/* z, then a in its place, and the slopes; sums too large are suspect. */
INLINE bits activate(const int64_t kind, double *z, double *slopes, int64_t n)
{
    vec squares = all_of(0.0);
    for (int64_t i = 0; i < n; i += 4) {
        vec sum = load(z + i), slope;
        squares += sum * sum;
        store(z + i, activated(kind, sum, &slope));
        store(slopes + i, slope);
    }
    return too_long(squares);
}

static bits activate_all(int64_t kind, double *z, double *slopes, int64_t n)
{
    switch (kind) {
    case SIGMOID: return activate(SIGMOID, z, slopes, n);
    case TANH: return activate(TANH, z, slopes, n);
    case RELU: return activate(RELU, z, slopes, n);
    case LEAKY_RELU: return activate(LEAKY_RELU, z, slopes, n);
    case ELU: return activate(ELU, z, slopes, n);
    case SOFTPLUS: return activate(SOFTPLUS, z, slopes, n);
    case SILU: return activate(SILU, z, slopes, n);
    default: return activate(IDENTITY, z, slopes, n);
    }
}

/* Whole layers as one: the places of vectors that a shorter batch leaves out are passed over. */
static bits activate_layer(int64_t kind, double *z, double *slopes, int64_t units, int64_t pad,
                                 int64_t vectors)
{
    if (4 * vectors == pad) return activate_all(kind, z, slopes, units * pad);
    bits bad = {0, 0, 0, 0};
    for (int64_t u = 0; u < units; u++)
        bad |= activate_all(kind, z + u * pad, slopes + u * pad, 4 * vectors);
    return bad;
}

static bits forward(const struct model *model, struct room *room, int64_t pad, int64_t vectors)
{
    bits bad = {0, 0, 0, 0};
    for (int64_t l = 0; l < model->layers; l++) {
        int64_t ins = model->widths[l], outs = model->widths[l + 1], stride = FILLED(ins + model->biased[l]);
        const double *w = room->parameters + model->starts[l];
        multiply(outs, vectors, w, stride, 1, ins, room->values[l], pad, model->biased[l] ? w + ins : 0, 0,
                 room->values[l + 1]);
        bad |= activate_layer(model->activations[l], room->values[l + 1], room->slopes[l + 1], outs,
                                    pad, vectors);
    }
    return bad;
}

/* The losses of the samples, and the slopes of the loss by the last layer's z. */
static bits compare(const struct model *model, struct room *room, int64_t pad, int64_t vectors,
                          const double *targets, const int64_t *lanes)
{
    int64_t last = model->layers, outputs = model->widths[last];
    double *a = room->values[last], *d = room->deltas[last];
    bits bad = {0, 0, 0, 0};
    int softmax = model->activations[last - 1] == SOFTMAX, fused = model->loss == SOFTMAX_CROSS_ENTROPY;
    for (int64_t v = 0; softmax && v < vectors; v++) {
        vec sum;
        bad |= shares(a, outputs, pad, v, &sum);
        for (int64_t k = 0; k < outputs; k++) {
            double *share = a + k * pad + 4 * v;
            store(share, load(share) / sum);
        }
    }
    bad |= fused ? compare_shares(model, a, targets, pad, vectors, lanes, d, room->losses)
                 : compare_outputs(model, a, targets, pad, vectors, lanes, d, room->losses);
    if (model->activations[last - 1] == IDENTITY) return bad;
    for (int64_t v = 0; v < vectors; v++) {
        vec along = all_of(0.0);
        for (int64_t k = 0; softmax && k < outputs; k++)
            along += load(d + k * pad + 4 * v) * load(a + k * pad + 4 * v);
        for (int64_t k = 0; k < outputs; k++) {
            int64_t at = k * pad + 4 * v;
            vec slope = load(softmax ? a + at : room->slopes[last] + at);
            store(d + at, slope * (load(d + at) - along));
        }
    }
    return bad;
}

static bits backward(const struct model *model, struct room *room, int64_t pad, int64_t vectors,
                           int64_t samples)
{
    bits bad = {0, 0, 0, 0};
    double rate = (model->plain ? model->rate : 1.0) / (model->summed ? 1.0 : (double)samples);
    for (int64_t l = model->layers - 1; l >= 0; l--) {
        int64_t ins = model->widths[l], outs = model->widths[l + 1], stride = FILLED(ins + model->biased[l]);
        double *w = room->parameters + model->starts[l];
        if (l > 0)
            multiply(ins, vectors, w, 1, stride, outs, room->deltas[l + 1], pad, 0, room->slopes[l],
                     room->deltas[l]);
        bad |= gradients(outs, ins + model->biased[l], room->deltas[l + 1], room->values[l], pad, vectors,
                         stride, rate, w, model->plain ? 0 : room->gradient + model->starts[l]);
    }
    return bad;
}

/* Up to `count` iterations; how many were done before the first that is suspect. */
static int64_t run_batches(const struct model *model, const struct data *data, struct room *room,
                                 int64_t count, int64_t updates, double *losses)
{
    int64_t pad = PLACES(model->batch), per_epoch = (model->rows + model->batch - 1) / model->batch;
    int64_t ins = model->widths[0], outs = model->widths[model->layers];
    int64_t place = data->place, given = -1, before = 0;
    const int64_t *order = data->order;
    const double *targets = room->targets;
    room->values[0] = room->inputs;
    for (int64_t n = 0; n < count; n++) {
        int64_t left = model->rows - place * model->batch;
        int64_t samples = left < model->batch ? left : model->batch, vectors = FILLED(samples) / 4;
        if (data->packed) {
            room->values[0] = (double *)data->inputs + place * (ins + 1) * pad;
            targets = data->targets + place * outs * pad;
        } else if (order || place != given) { /* one batch alone stays where it is */
            gather(data->inputs, ins, order, place * model->batch, samples, pad, room->inputs);
            gather(data->targets, outs, order, place * model->batch, samples, pad, room->targets);
            given = place;
        }
        if (samples != before)
            for (int64_t s = 0; s < 4 * vectors; s++) room->lanes[s] = s < samples ? -1 : 0;
        before = samples;
        bits bad = forward(model, room, pad, vectors);
        bad |= compare(model, room, pad, vectors, targets, room->lanes);
        bad |= backward(model, room, pad, vectors, samples);
        if (!model->plain)
            bad |= update(model, updates + n + 1, room->parameters, room->gradient, room->first,
                                room->second);
        losses[n] = pairwise_sum(room->losses, samples) / (model->summed ? 1.0 : (double)samples);
        if ((bad[0] | bad[1] | bad[2] | bad[3]) || !(losses[n] < SUSPECT)) return n;
        if (order) order += samples;
        if (++place == per_epoch) place = 0;
    }
    return count;
}
