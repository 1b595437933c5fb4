/* How fast the tasks can be trained at all: a program for each net alone, all sizes known to the compiler.

   Plain gradient descent, float64, one thread; no checks, no choice of anything. It shares nothing with the
   program's kernel but the elementary functions on vectors. Compiled with -O3 -march=native. */

#include "vectors.h"

/* z = W x + b for all samples: W has a row for each unit, of `ins` weights and the bias. */
INLINE void forward(const int ins, const int outs, const int nv, double w[outs][ins + 1],
                    const vec x[ins][nv], vec z[outs][nv])
{
    for (int first = 0; first < nv; first += 4)
        for (int u = 0; u < outs; u += 3) {
            const int us = outs - u < 3 ? outs - u : 3, vs = nv - first < 4 ? nv - first : 4;
            vec sum[3][4];
            for (int k = 0; k < us; k++)
                for (int v = 0; v < vs; v++) sum[k][v] = all_of(w[u + k][ins]);
            for (int i = 0; i < ins; i++)
                for (int k = 0; k < us; k++)
                    for (int v = 0; v < vs; v++) sum[k][v] += w[u + k][i] * x[i][first + v];
            for (int k = 0; k < us; k++)
                for (int v = 0; v < vs; v++) z[u + k][first + v] = sum[k][v];
        }
}

INLINE void backward(const int ins, const int outs, const int nv, double w[outs][ins + 1],
                     const vec d[outs][nv], vec before[ins][nv])
{
    for (int first = 0; first < nv; first += 4)
        for (int i = 0; i < ins; i += 3) {
            const int is = ins - i < 3 ? ins - i : 3, vs = nv - first < 4 ? nv - first : 4;
            vec sum[3][4];
            for (int k = 0; k < is; k++)
                for (int v = 0; v < vs; v++) sum[k][v] = all_of(0.0);
            for (int u = 0; u < outs; u++)
                for (int k = 0; k < is; k++)
                    for (int v = 0; v < vs; v++) sum[k][v] += w[u][i + k] * d[u][first + v];
            for (int k = 0; k < is; k++)
                for (int v = 0; v < vs; v++) before[i + k][first + v] = sum[k][v];
        }
}

/* Takes rate · gradient off the weights. */
INLINE void descend(const int ins, const int outs, const int nv, double w[outs][ins + 1],
                    const vec x[ins][nv], const vec d[outs][nv], double rate)
{
    for (int u = 0; u < outs; u++) {
        int i = 0;
        for (; i + 4 <= ins; i += 4) {
            vec s0 = all_of(0.0), s1 = s0, s2 = s0, s3 = s0;
            for (int v = 0; v < nv; v++) {
                s0 += d[u][v] * x[i][v], s1 += d[u][v] * x[i + 1][v];
                s2 += d[u][v] * x[i + 2][v], s3 += d[u][v] * x[i + 3][v];
            }
            *(loose *)(w[u] + i) = (loose)(load_loose(w[u] + i) - rate * totals(s0, s1, s2, s3));
        }
        for (; i < ins; i++) {
            vec sum = all_of(0.0);
            for (int v = 0; v < nv; v++) sum += d[u][v] * x[i][v];
            w[u][i] -= rate * total(sum);
        }
        vec sum = all_of(0.0);
        for (int v = 0; v < nv; v++) sum += d[u][v];
        w[u][ins] -= rate * total(sum);
    }
}

INLINE void tanh_all(const int n, vec *z)
{
    for (int i = 0; i < n; i++) z[i] = hyperbolic_tangent(z[i]);
}

INLINE void times_slope(const int n, vec *d, const vec *a)
{
    for (int i = 0; i < n; i++) d[i] *= 1.0 - a[i] * a[i];
}

/* The slope by the last z of half the squared error behind a tanh, and the loss. Places that fill a batch
   up have weight 0. */
INLINE double compare(const int nv, const vec *a, const double *y, const vec *weight, vec *d)
{
    vec loss = all_of(0.0);
    for (int v = 0; v < nv; v++) {
        vec distance = weight[v] * (a[v] - load_loose(y + 4 * v));
        loss += distance * distance;
        d[v] = distance * (1.0 - a[v] * a[v]);
    }
    return 0.5 * total(loss);
}

#define BATCHES(nv, samples) \
    vec weight[nv]; \
    for (int s = 0; s < 4 * nv; s++) ((double *)weight)[s] = s < samples;

/* 2-4-2-1, tanh. Data: batches × values × places. */
void train_t2(double *w, const double *x, const double *y, int64_t batches, double rate, int64_t updates,
              double *losses)
{
    enum { NV = 3, M = 10 };
    BATCHES(NV, M)
    double (*w1)[3] = (void *)w, (*w2)[5] = (void *)(w + 12), (*w3)[3] = (void *)(w + 22);
    for (int64_t n = 0, place = 0; n < updates; n++, place = place + 1 == batches ? 0 : place + 1) {
        vec x0[2][NV], a1[4][NV], a2[2][NV], a3[1][NV], d1[4][NV], d2[2][NV], d3[1][NV];
        for (int i = 0; i < 2 * NV; i++) ((vec *)x0)[i] = load_loose(x + place * 8 * NV + 4 * i);
        forward(2, 4, NV, w1, x0, a1);
        tanh_all(4 * NV, a1[0]);
        forward(4, 2, NV, w2, a1, a2);
        tanh_all(2 * NV, a2[0]);
        forward(2, 1, NV, w3, a2, a3);
        tanh_all(NV, a3[0]);
        losses[n] = compare(NV, a3[0], y + place * 4 * NV, weight, d3[0]) / M;
        backward(2, 1, NV, w3, d3, d2);
        times_slope(2 * NV, d2[0], a2[0]);
        backward(4, 2, NV, w2, d2, d1);
        times_slope(4 * NV, d1[0], a1[0]);
        descend(2, 1, NV, w3, a2, d3, rate / M);
        descend(4, 2, NV, w2, a1, d2, rate / M);
        descend(2, 4, NV, w1, x0, d1, rate / M);
    }
}

/* 7-8-8-8-8-8-8-1, tanh. */
#define TRAIN_T3(name, NV, M) \
    void name(double *w, const double *x, const double *y, int64_t batches, double rate, int64_t updates, \
              double *losses) \
    { \
        BATCHES(NV, M) \
        double (*w1)[8] = (void *)w, (*w7)[9] = (void *)(w + 64 + 5 * 72); \
        for (int64_t n = 0, place = 0; n < updates; n++, place = place + 1 == batches ? 0 : place + 1) { \
            vec x0[7][NV], a[6][8][NV], d[6][8][NV], a7[1][NV], d7[1][NV]; \
            for (int i = 0; i < 7 * NV; i++) ((vec *)x0)[i] = load_loose(x + place * 28 * NV + 4 * i); \
            forward(7, 8, NV, w1, x0, a[0]); \
            tanh_all(8 * NV, a[0][0]); \
            for (int l = 1; l < 6; l++) { \
                forward(8, 8, NV, (void *)(w + 64 + (l - 1) * 72), a[l - 1], a[l]); \
                tanh_all(8 * NV, a[l][0]); \
            } \
            forward(8, 1, NV, w7, a[5], a7); \
            tanh_all(NV, a7[0]); \
            losses[n] = compare(NV, a7[0], y + place * 4 * NV, weight, d7[0]) / M; \
            backward(8, 1, NV, w7, d7, d[5]); \
            times_slope(8 * NV, d[5][0], a[5][0]); \
            for (int l = 5; l >= 1; l--) { \
                backward(8, 8, NV, (void *)(w + 64 + (l - 1) * 72), d[l], d[l - 1]); \
                times_slope(8 * NV, d[l - 1][0], a[l - 1][0]); \
                descend(8, 8, NV, (void *)(w + 64 + (l - 1) * 72), a[l - 1], d[l], rate / M); \
            } \
            descend(8, 1, NV, w7, a[5], d7, rate / M); \
            descend(7, 8, NV, w1, x0, d[0], rate / M); \
        } \
    }
TRAIN_T3(train_t3_b10, 3, 10)
TRAIN_T3(train_t3_b30, 8, 30)

/* 64-32-10, ReLU, softmax and cross-entropy; the last batch of an epoch has `rest` samples. */
void train_t4(double *w, const double *x, const double *y, int64_t batches, double rate, int64_t updates,
              double *losses, int64_t rest)
{
    enum { NV = 8, M = 32 };
    double (*w1)[65] = (void *)w, (*w2)[33] = (void *)(w + 32 * 65);
    for (int64_t n = 0, place = 0; n < updates; n++, place = place + 1 == batches ? 0 : place + 1) {
        static __thread vec a1[32][NV], d1[32][NV], z[10][NV], d[10][NV];
        const vec (*x0)[NV] = (const void *)(x + place * 64 * 4 * NV);
        const vec (*t)[NV] = (const void *)(y + place * 10 * 4 * NV);
        int samples = place + 1 == batches ? (int)rest : M;
        forward(64, 32, NV, w1, x0, a1);
        for (int u = 0; u < 32; u++)
            for (int v = 0; v < NV; v++) a1[u][v] = larger(a1[u][v], all_of(0.0));
        forward(32, 10, NV, w2, a1, z);
        vec loss = all_of(0.0);
        for (int v = 0; v < NV; v++) {
            vec top = z[0][v], sum = all_of(0.0), own = all_of(0.0), counts;
            for (int k = 1; k < 10; k++) top = larger(top, z[k][v]);
            for (int s = 0; s < 4; s++) counts[s] = 4 * v + s < samples;
            for (int k = 0; k < 10; k++) {
                own += t[k][v] * (z[k][v] - top);
                d[k][v] = exponential(z[k][v] - top);
                sum += d[k][v];
            }
            loss += counts * (logarithm(sum) - own);
            vec share = counts / sum;
            for (int k = 0; k < 10; k++) d[k][v] = d[k][v] * share - t[k][v];
        }
        losses[n] = total(loss) / samples;
        backward(32, 10, NV, w2, d, d1);
        for (int u = 0; u < 32; u++)
            for (int v = 0; v < NV; v++) d1[u][v] = masked((bits)(a1[u][v] > all_of(0.0)), d1[u][v]);
        descend(32, 10, NV, w2, a1, d, rate / samples);
        descend(64, 32, NV, w1, x0, d1, rate / samples);
    }
}

/* 2-2-2-1, sigmoid, one sample. A layer's two units lie side by side in one vector. */
void train_t1(double *w, const double *x, const double *y, int64_t batches, double rate, int64_t updates,
              double *losses)
{
    typedef double pair __attribute__((vector_size(16)));
#define LOGISTIC(p) ({ vec r = logistic((vec){(p)[0], (p)[1], 0, 0}); (pair){r[0], r[1]}; })
    pair u0 = {w[0], w[3]}, u1 = {w[1], w[4]}, ub = {w[2], w[5]};
    pair v0 = {w[6], w[9]}, v1 = {w[7], w[10]}, vb = {w[8], w[11]};
    pair o = {w[12], w[13]};
    double ob = w[14], x0 = x[0], x1 = x[4], target = y[0]; /* four places for one sample */
    (void)batches;
    for (int64_t n = 0; n < updates; n++) {
        pair a = LOGISTIC(u0 * x0 + u1 * x1 + ub);
        pair b = LOGISTIC(v0 * a[0] + v1 * a[1] + vb);
        pair products = o * b, z = {products[0] + products[1] + ob, 0};
        double c = LOGISTIC(z)[0], distance = c - target, dc = distance * (c * (1 - c));
        losses[n] = 0.5 * distance * distance;
        pair db = dc * o * (b * (1.0 - b)), p0 = v0 * db, p1 = v1 * db;
        pair da = (pair){p0[0] + p0[1], p1[0] + p1[1]} * (a * (1.0 - a));
        o -= (rate * dc) * b, ob -= rate * dc;
        db *= rate, da *= rate;
        v0 -= db * a[0], v1 -= db * a[1], vb -= db;
        u0 -= da * x0, u1 -= da * x1, ub -= da;
    }
    w[0] = u0[0], w[3] = u0[1], w[1] = u1[0], w[4] = u1[1], w[2] = ub[0], w[5] = ub[1];
    w[6] = v0[0], w[9] = v0[1], w[7] = v1[0], w[10] = v1[1], w[8] = vb[0], w[11] = vb[1];
    w[12] = o[0], w[13] = o[1], w[14] = ob;
}
