/* One call's work: unpack, run, pack. Included once for each instruction set, which names RUN. */

#include "model.h"
#include "vectors.h"

#include "layers.h"
#include "update.h"

#include "batches.h"
#include "single.h"

/* Room for everything, cut from `work`; the first `n` doubles of it are aligned to a vector. */
static double *cut(double **work, int64_t n)
{
    double *found = *work;
    *work += FILLED(n);
    return found;
}

static void lay_out(const struct model *model, struct room *room, double *work)
{
    int64_t pad = PLACES(model->batch);
    work = (double *)(((uintptr_t)work + 31) & ~(uintptr_t)31);
    room->parameters = cut(&work, model->inner_size);
    room->gradient = cut(&work, model->inner_size);
    room->first = cut(&work, model->inner_size);
    room->second = cut(&work, model->inner_size);
    room->losses = cut(&work, pad);
    room->lanes = (int64_t *)cut(&work, pad);
    room->inputs = cut(&work, (model->widths[0] + 1) * pad);
    room->targets = cut(&work, model->widths[model->layers] * pad);
    for (int64_t l = 1; l <= model->layers; l++) {
        room->values[l] = cut(&work, (model->widths[l] + 1) * pad);
        room->slopes[l] = cut(&work, model->widths[l] * pad);
        room->deltas[l] = cut(&work, model->widths[l] * pad);
    }
    /* A bias is one more weight, of a value that is 1. */
    for (int64_t s = 0; pad > 1 && s < pad; s++) {
        room->inputs[model->widths[0] * pad + s] = 1;
        for (int64_t l = 1; l <= model->layers; l++) room->values[l][model->widths[l] * pad + s] = 1;
    }
}

static void fetch(const struct model *model, double *inner, const double *outer)
{
    for (int64_t i = 0; outer && i < model->size; i++) inner[model->places[i]] = outer[i];
}

static void bring(const struct model *model, const double *inner, double *outer)
{
    for (int64_t i = 0; outer && i < model->size; i++) outer[i] = inner[model->places[i]];
}

static int64_t run(const struct model *model, const struct data *data, struct room *room, int64_t count,
                   int64_t updates, const double *parameters, const double *first, const double *second,
                   double *losses)
{
    fetch(model, room->parameters, parameters);
    fetch(model, room->first, first);
    fetch(model, room->second, second);
    return (model->batch > 1 ? run_batches : run_single)(model, data, room, count, updates, losses);
}

int64_t RUN(const struct model *model, const struct data *data, double *work, int64_t count,
            int64_t updates, double *parameters, double *first, double *second, double *losses,
            double *sample_losses)
{
    struct room room;
    lay_out(model, &room, work);
    int64_t done = run(model, data, &room, count, updates, parameters, first, second, losses);
    if (done < count) /* what is suspect was begun: up to there once more */
        run(model, data, &room, done, updates, parameters, first, second, losses);
    bring(model, room.parameters, parameters);
    bring(model, room.first, first);
    bring(model, room.second, second);
    for (int64_t s = 0; done > 0 && s < model->batch; s++) sample_losses[s] = room.losses[s];
    return done;
}

/* The elementary functions by themselves, for the tests: 0 e^x, 1 e^x - 1, 2 ln x, 3 ln(1 + x), 4 tanh,
   5 sigmoid. `count` is a multiple of four. */
void ELEMENTARY(int64_t kind, int64_t count, const double *x, double *y)
{
    for (int64_t i = 0; i < count; i += 4) {
        vec v = load_loose(x + i), r;
        switch (kind) {
        case 0: r = exponential(v); break;
        case 1: r = exponential_less_one(v); break;
        case 2: r = logarithm(v); break;
        case 3: r = logarithm_of_one_more(v); break;
        case 4: r = hyperbolic_tangent(v); break;
        default: r = logistic(v);
        }
        *(loose *)(y + i) = (loose)r;
    }
}
