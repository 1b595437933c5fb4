/* From the mean gradient to the new parameters: penalties, clipping, and the optimisers. All in place. */

/* Penalties and clipping, as engine/gradient_terms.py does it. */
static void terms(const struct model *model, const double *p, double *g)
{
    int64_t n = model->inner_size;
    if (model->l1 != 0 || model->l2 != 0)
        for (int64_t i = 0; i < n; i += 4) {
            vec w = load(p + i);
            vec sign = masked((bits)(w != all_of(0.0)), with_sign_of(all_of(1.0), w));
            store(g + i, load(g + i) + model->l2 * w + model->l1 * sign);
        }
    if (model->clip_value != 0)
        for (int64_t i = 0; i < n; i += 4) {
            vec low = larger(all_of(-model->clip_value), load(g + i));
            store(g + i, smaller(all_of(model->clip_value), low));
        }
    if (model->clip_norm != 0) {
        vec sum = all_of(0.0);
        for (int64_t i = 0; i < n; i += 4) {
            vec x = load(g + i);
            sum += model->trained ? masked(*(const bits *)(model->trained + i), x * x) : x * x;
        }
        double factor = model->clip_norm / (sqrt(total(sum)) + NORM_EPSILON);
        if (factor < 1)
            for (int64_t i = 0; i < n; i += 4) store(g + i, factor * load(g + i));
    }
}

/* One vector of four parameters; `kept` are what the optimiser keeps, `before` as they were. */
INLINE vec moved(const struct model *model, int64_t kind, vec p, vec g, vec kept[2], double m_share,
                 double v_share)
{
    switch (kind) {
    case MOMENTUM:
        kept[0] = model->momentum * kept[0] + g;
        return p - model->rate * kept[0];
    case NESTEROV:
        kept[0] = model->momentum * kept[0] + g;
        return p - model->rate * (g + model->momentum * kept[0]);
    case ADAGRAD:
        kept[0] = kept[0] + g * g;
        return p - model->rate * (g / (root(kept[0]) + model->epsilon));
    case RMSPROP:
        kept[0] = model->alpha * kept[0] + (1 - model->alpha) * (g * g);
        return p - model->rate * (g / (root(kept[0]) + model->epsilon));
    case ADAM:
    case ADAMW:
        kept[0] = model->beta1 * kept[0] + (1 - model->beta1) * g;
        kept[1] = model->beta2 * kept[1] + (1 - model->beta2) * (g * g);
        return p - model->rate * ((kept[0] * m_share) / (root(kept[1] * v_share) + model->epsilon));
    default:
        return p - model->rate * g;
    }
}

INLINE bits move_all(const struct model *model, const int64_t kind, const int states, int64_t updates,
                     double *p, const double *g, double *first, double *second)
{
    double m_share = 1, v_share = 1;
    if (states == 2) {
        m_share = 1 / (1 - pow(model->beta1, (double)updates));
        v_share = 1 / (1 - pow(model->beta2, (double)updates));
    }
    bits bad = {0, 0, 0, 0};
    for (int64_t i = 0; i < model->inner_size; i += 4) {
        vec before[2], kept[2], old = load(p + i), gradient = load(g + i), start = old;
        if (states > 0) before[0] = kept[0] = load(first + i);
        if (states > 1) before[1] = kept[1] = load(second + i);
        if (model->decay != 0 && kind == ADAMW) start = old * (1 - model->rate * model->decay);
        if (model->decay != 0 && kind != ADAMW) gradient = gradient + model->decay * old;
        vec fresh = moved(model, kind, start, gradient, kept, m_share, v_share);
        if (model->trained) {
            bits mask = *(const bits *)(model->trained + i);
            fresh = choose(mask, fresh, old);
            for (int k = 0; k < states; k++) kept[k] = choose(mask, kept[k], before[k]);
        }
        bad |= beyond(fresh, SUSPECT);
        for (int k = 0; k < states; k++) bad |= beyond(kept[k], SUSPECT_STATE);
        store(p + i, fresh);
        if (states > 0) store(first + i, kept[0]);
        if (states > 1) store(second + i, kept[1]);
    }
    return bad;
}

/* One update, number `updates`, of all parameters. Returns what is suspect. */
static bits update(const struct model *model, int64_t updates, double *p, double *g, double *first,
                         double *second)
{
    if (model->l1 != 0 || model->l2 != 0 || model->clip_value != 0 || model->clip_norm != 0)
        terms(model, p, g);
    switch (model->optimizer) {
    case MOMENTUM: return move_all(model, MOMENTUM, 1, updates, p, g, first, second);
    case NESTEROV: return move_all(model, NESTEROV, 1, updates, p, g, first, second);
    case ADAGRAD: return move_all(model, ADAGRAD, 1, updates, p, g, first, second);
    case RMSPROP: return move_all(model, RMSPROP, 1, updates, p, g, first, second);
    case ADAM: return move_all(model, ADAM, 2, updates, p, g, first, second);
    case ADAMW: return move_all(model, ADAMW, 2, updates, p, g, first, second);
    default: return move_all(model, GRADIENT_DESCENT, 0, updates, p, g, first, second);
    }
}
