/* Iterations with one sample: a vector is four units, for there are no four samples. */

/* z of up to 4 * NB units of a layer. */
INLINE void weigh_block(const int NB, const double *w, int64_t stride, int64_t ins, int64_t biased,
                        const double *x, double *z)
{
    vec sum[4], other[4];
    for (int b = 0; b < NB; b++) {
        sum[b] = biased ? load(w + ins * stride + 4 * b) : all_of(0.0);
        other[b] = all_of(0.0);
    }
    int64_t i = 0;
    for (; i + 2 <= ins; i += 2) {
        vec even = all_of(x[i]), odd = all_of(x[i + 1]);
        for (int b = 0; b < NB; b++) {
            sum[b] += even * load(w + i * stride + 4 * b);
            other[b] += odd * load(w + (i + 1) * stride + 4 * b);
        }
    }
    if (i < ins)
        for (int b = 0; b < NB; b++) sum[b] += all_of(x[i]) * load(w + i * stride + 4 * b);
    for (int b = 0; b < NB; b++) store(z + 4 * b, sum[b] + other[b]);
}

INLINE void weigh(const double *w, int64_t stride, int64_t ins, int64_t biased, const double *x, double *z)
{
    for (int64_t u = 0; u < stride; u += 16) switch (stride - u) {
        case 4: weigh_block(1, w + u, stride, ins, biased, x, z + u); break;
        case 8: weigh_block(2, w + u, stride, ins, biased, x, z + u); break;
        case 12: weigh_block(3, w + u, stride, ins, biased, x, z + u); break;
        default: weigh_block(4, w + u, stride, ins, biased, x, z + u);
        }
}

/* What arrives at the values before a layer, times their slopes; zero in the places that fill up. */
INLINE void send_back(const double *w, int64_t stride, int64_t ins, const double *deltas,
                      const double *slopes, double *out)
{
    for (int64_t i = 0; i < ins; i += 4) {
        vec sum[4] = {all_of(0.0), all_of(0.0), all_of(0.0), all_of(0.0)};
        int64_t rows = ins - i > 4 ? 4 : ins - i;
        for (int64_t u = 0; u < stride; u += 4) {
            vec delta = load(deltas + u);
            sum[0] += delta * load(w + i * stride + u);
            if (rows > 1) sum[1] += delta * load(w + (i + 1) * stride + u);
            if (rows > 2) sum[2] += delta * load(w + (i + 2) * stride + u);
            if (rows > 3) sum[3] += delta * load(w + (i + 3) * stride + u);
        }
        store(out + i, totals(sum[0], sum[1], sum[2], sum[3]) * load(slopes + i));
    }
}

/* Each gradient is the delta of its unit times the value that came in, 1 for a bias. */
INLINE bits spread(double *w, int64_t stride, int64_t ins, int64_t biased, const double *x,
                   const double *deltas, double rate, double *kept)
{
    bits bad = {0, 0, 0, 0};
    for (int64_t i = 0; i < ins + biased; i++) {
        vec value = all_of(i < ins ? x[i] : 1.0);
        for (int64_t u = 0; u < stride; u += 4) {
            vec gradient = value * load(deltas + u);
            bad |= beyond(gradient, SUSPECT);
            if (kept) {
                store(kept + i * stride + u, gradient);
            } else {
                vec weight = load(w + i * stride + u) - rate * gradient;
                bad |= beyond(weight, SUSPECT);
                store(w + i * stride + u, weight);
            }
        }
    }
    return bad;
}

/* As compare, for outputs that lie side by side. */
INLINE bits compare_side_by_side(const struct model *model, struct room *room, const double *y,
                                 double *loss)
{
    int64_t last = model->layers, outputs = model->widths[last], filled = FILLED(outputs);
    double *a = room->values[last], *d = room->deltas[last];
    int softmax = model->activations[last - 1] == SOFTMAX || model->loss == SOFTMAX_CROSS_ENTROPY;
    bits bad = {0, 0, 0, 0};
    double sum = 0, products = 0, all = 0, along = 0;
    if (softmax) {
        double top = a[0], least = a[0];
        for (int64_t k = 0; k < outputs; k++) {
            top = a[k] > top ? a[k] : top, least = a[k] < least ? a[k] : least;
        }
        for (int64_t k = 0; k < outputs; k++) products += y[k] * (a[k] - top), all += y[k];
        for (int64_t k = 0; k < filled; k += 4) store(a + k, exponential(load(a + k) - top));
        for (int64_t k = 0; k < outputs; k++) sum += a[k];
        if (model->loss == SOFTMAX_CROSS_ENTROPY) {
            *loss = all * log(sum) - products;
            for (int64_t k = 0; k < filled; k++)
                d[k] = k < outputs ? (a[k] * (all / sum) - y[k]) * room->slopes[last][k] : 0.0;
            return beyond(all_of(*loss), SUSPECT);
        }
        bad |= beyond(all_of(top - least), 700.0);
        for (int64_t k = 0; k < filled; k += 4) store(a + k, load(a + k) / sum);
    }
    vec losses = all_of(0.0);
    for (int64_t k = 0; k < filled; k += 4) {
        bits lane = (bits){k, k + 1, k + 2, k + 3} < (bits){outputs, outputs, outputs, outputs};
        vec slope;
        losses += masked(lane, compared(model, load(a + k), load(y + k), &slope) * model->loss_scale);
        if (!softmax) slope *= load(room->slopes[last] + k);
        store(d + k, masked(lane, slope * model->loss_scale));
    }
    if (softmax) {
        for (int64_t k = 0; k < outputs; k++) along += d[k] * a[k];
        for (int64_t k = 0; k < outputs; k++) d[k] = a[k] * (d[k] - along);
    }
    *loss = total(losses);
    return bad | beyond(all_of(*loss), SUSPECT);
}

INLINE bits activate_single(const struct model *model, struct room *room, int64_t l)
{
    return activate_all(model->activations[l], room->values[l + 1], room->slopes[l + 1],
                          FILLED(model->widths[l + 1]));
}

/* Plain gradient descent of a net whose layers have up to four units: a layer is one vector. It is the
   delay from one operation to the next that counts here, so everything is kept at hand. */
static int64_t run_tiny(const struct model *model, const struct data *data, struct room *room,
                        int64_t count, double *losses)
{
    int64_t last = model->layers, outs = model->widths[last], place = data->place;
    vec rate = all_of(model->rate), scale = all_of(model->loss_scale), slopes[MOST_LAYERS], zero = all_of(0.0);
    bits lane = (bits){0, 1, 2, 3} < (bits){outs, outs, outs, outs};
    for (int64_t n = 0; n < count; n++) {
        int64_t row = data->order ? data->order[n] : place;
        vec squares = zero, a = zero, y = zero, slope;
        room->values[0] = (double *)data->inputs + row * model->widths[0];
        for (int64_t l = 0; l < last; l++) {
            int64_t ins = model->widths[l];
            const double *w = room->parameters + model->starts[l], *x = room->values[l];
            vec z = model->biased[l] ? load(w + 4 * ins) : zero, other = zero;
            switch (ins) {
            case 4: other += x[3] * load(w + 12); /* fall through */
            case 3: z += x[2] * load(w + 8);      /* fall through */
            case 2: other += x[1] * load(w + 4);  /* fall through */
            default: z += x[0] * load(w);
            }
            z += other;
            squares += z * z;
            a = activated(model->activations[l], z, &slopes[l]);
            store(room->values[l + 1], a);
        }
        for (int64_t k = 0; k < outs; k++) y[k] = data->targets[row * outs + k];
        losses[n] = total(masked(lane, compared(model, a, y, &slope) * scale));
        vec delta = masked(lane, slope * scale * slopes[last - 1]);
        for (int64_t l = last - 1; l >= 0; l--) {
            int64_t ins = model->widths[l];
            double *w = room->parameters + model->starts[l];
            const double *x = room->values[l];
            vec before = zero, step = rate * delta;
            squares += delta * delta;
            if (l > 0) {
                vec first = delta * load(w), second = ins > 1 ? delta * load(w + 4) : zero;
                vec third = ins > 2 ? delta * load(w + 8) : zero;
                before = totals(first, second, third, ins > 3 ? delta * load(w + 12) : zero) * slopes[l - 1];
            }
            for (int64_t i = 0; i < ins; i++) {
                vec weight = load(w + 4 * i) - x[i] * step;
                squares += weight * weight;
                store(w + 4 * i, weight);
            }
            if (model->biased[l]) {
                vec bias = load(w + 4 * ins) - step;
                squares += bias * bias;
                store(w + 4 * ins, bias);
            }
            delta = before;
        }
        bits bad = too_long(squares);
        if ((bad[0] | bad[1] | bad[2] | bad[3]) || !(losses[n] < SUSPECT)) return n;
        if (++place == model->rows) place = 0;
    }
    room->losses[0] = count ? losses[count - 1] : 0;
    return count;
}

static int is_tiny(const struct model *model)
{
    for (int64_t l = 0; l <= model->layers; l++)
        if (model->widths[l] > 4) return 0;
    return model->plain && model->loss != SOFTMAX_CROSS_ENTROPY &&
           model->activations[model->layers - 1] != SOFTMAX;
}

/* Up to `count` iterations; how many were done before the first that is suspect. */
static int64_t run_single(const struct model *model, const struct data *data, struct room *room,
                                int64_t count, int64_t updates, double *losses)
{
    int64_t last = model->layers, ins = model->widths[0], outs = model->widths[last], place = data->place;
    double rate = model->rate;
    if (is_tiny(model)) return run_tiny(model, data, room, count, losses);
    for (int64_t n = 0; n < count; n++) {
        int64_t row = data->order ? data->order[n] : place;
        room->values[0] = (double *)data->inputs + row * ins;
        const double *targets = data->targets + row * outs;
        for (int64_t k = 0; k < outs; k++) room->targets[k] = targets[k];
        bits bad = {0, 0, 0, 0};
        for (int64_t l = 0; l < last; l++) {
            weigh(room->parameters + model->starts[l], FILLED(model->widths[l + 1]), model->widths[l],
                  model->biased[l], room->values[l], room->values[l + 1]);
            bad |= activate_single(model, room, l);
        }
        bad |= compare_side_by_side(model, room, room->targets, losses + n);
        for (int64_t l = last - 1; l >= 0; l--) {
            double *w = room->parameters + model->starts[l];
            int64_t stride = FILLED(model->widths[l + 1]);
            if (l > 0)
                send_back(w, stride, model->widths[l], room->deltas[l + 1], room->slopes[l],
                          room->deltas[l]);
            bad |= spread(w, stride, model->widths[l], model->biased[l], room->values[l],
                          room->deltas[l + 1], rate, model->plain ? 0 : room->gradient + model->starts[l]);
        }
        if (!model->plain)
            bad |= update(model, updates + n + 1, room->parameters, room->gradient, room->first,
                                room->second);
        if (bad[0] | bad[1] | bad[2] | bad[3]) return n;
        if (++place == model->rows) place = 0;
    }
    room->losses[0] = count ? losses[count - 1] : 0;
    return count;
}
