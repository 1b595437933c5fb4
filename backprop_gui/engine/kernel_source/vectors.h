/* Vectors of four float64 and their elementary functions, for whatever instruction set is in force.

   Only arguments that the kernel needs are served: exponentials of numbers up to 0, logarithms of
   numbers that are no denormals. Errors are about one unit in the last place; the tests hold them
   against numpy. NaN may get lost in a maximum, so sums are looked at before they come here. */

#include <math.h>
#include <stdint.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

typedef double vec __attribute__((vector_size(32)));
typedef double loose __attribute__((vector_size(32), aligned(8)));
typedef int64_t bits __attribute__((vector_size(32)));

#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
#define SHUFFLE(a, b, i, j, k, l) __builtin_shuffle(a, b, (bits){i, j, k, l})
#endif

INLINE vec all_of(double x) { return (vec){x, x, x, x}; }
INLINE vec load(const double *p) { return *(const vec *)p; }
INLINE vec load_loose(const double *p) { return (vec)(*(const loose *)p); }
INLINE void store(double *p, vec x) { *(vec *)p = x; }
INLINE vec masked(bits mask, vec x) { return (vec)((bits)x & mask); }
INLINE vec absolute(vec x) { return (vec)((bits)x & INT64_MAX); }
#if defined(__AVX2__)
INLINE vec choose(bits mask, vec yes, vec no) { return (vec)_mm256_blendv_pd((__m256d)no, (__m256d)yes, (__m256d)mask); }
INLINE vec larger(vec a, vec b) { return (vec)_mm256_max_pd((__m256d)a, (__m256d)b); }
INLINE vec smaller(vec a, vec b) { return (vec)_mm256_min_pd((__m256d)a, (__m256d)b); }
#else
INLINE vec choose(bits mask, vec yes, vec no) { return (vec)(((bits)yes & mask) | ((bits)no & ~mask)); }
INLINE vec larger(vec a, vec b) { return choose((bits)(a > b), a, b); }
INLINE vec smaller(vec a, vec b) { return choose((bits)(a < b), a, b); }
#endif
INLINE vec with_sign_of(vec size, vec x) { return (vec)((bits)size | ((bits)x & INT64_MIN)); }
INLINE bits beyond(vec x, double limit) { return (bits) ~(absolute(x) < all_of(limit)); } /* NaN too */
INLINE double total(vec x) { return (x[0] + x[2]) + (x[1] + x[3]); }

INLINE vec root(vec x)
{
    vec r;
    for (int i = 0; i < 4; i++) r[i] = __builtin_sqrt(x[i]);
    return r;
}

/* The four totals of four vectors. */
INLINE vec totals(vec a, vec b, vec c, vec d)
{
    vec ab = SHUFFLE(a, b, 0, 4, 2, 6) + SHUFFLE(a, b, 1, 5, 3, 7);
    vec cd = SHUFFLE(c, d, 0, 4, 2, 6) + SHUFFLE(c, d, 1, 5, 3, 7);
    return SHUFFLE(ab, cd, 0, 1, 4, 5) + SHUFFLE(ab, cd, 2, 3, 6, 7);
}

#define ROUNDING 6755399441055744.0 /* 1.5 · 2^52: added and taken away, it rounds to whole numbers */

/* x = n ln 2 + r with |r| <= ln 2 / 2; gives e^r - 1 and, in `power`, 2^n. For -708 <= x <= 0. */
INLINE vec reduced(vec x, vec *power)
{
    vec shifted = x * 1.4426950408889634 + ROUNDING;
    vec n = shifted - ROUNDING;
    *power = (vec)(((bits)shifted + 1023) << 52);
    vec r = x - n * 6.93147180369123816490e-01;
    r = r - n * 1.90821492927058770002e-10;
    /* (e^r - 1 - r)/r², interpolated at Chebyshev's places. */
    vec r2 = r * r, r4 = r2 * r2;
    vec p01 = 0.5 + r * 0.16666666666666671008;
    vec p23 = 0.041666666666669767 + r * 0.0083333333333261120526;
    vec p45 = 0.0013888888888883731828 + r * 0.00019841269874901259234;
    vec p67 = 0.000024801587325605322782 + r * 2.7557255297969644392e-6;
    vec p89 = 2.7557273570102139673e-7 + r * 2.5105259538448493419e-8;
    vec low = p01 + r2 * p23, high = p45 + r2 * p67;
    vec top = p89 + r2 * 2.0914717341716375952e-9;
    vec q = low + r4 * (high + r4 * top);
    return r + r2 * q;
}

/* e^x for x <= 0; 0 below -708. */
INLINE vec exponential(vec x)
{
    vec power, small = reduced(larger(x, all_of(-708.0)), &power);
    return masked((bits)(x >= all_of(-708.0)), power + power * small);
}

/* e^x - 1 for x <= 0. */
INLINE vec exponential_less_one(vec x)
{
    vec power, small = reduced(larger(x, all_of(-60.0)), &power);
    return (power - 1.0) + power * small;
}

/* ln x for x >= 0 that are no denormals; -infinity at 0, NaN below. As in fdlibm. */
INLINE vec logarithm(vec x)
{
    bits shifted = (bits)x + (0x3ff0000000000000LL - 0x3fe6a09e667f3bcdLL);
    typedef uint64_t plain __attribute__((vector_size(32)));
    bits exponent = (bits)((plain)shifted >> 52) - 1023;
    vec m = (vec)((shifted & 0x000fffffffffffffLL) + 0x3fe6a09e667f3bcdLL);
    vec k = (vec)(exponent + 0x4338000000000000LL) - ROUNDING;
    vec f = m - 1.0, s = f / (2.0 + f), z = s * s, w = z * z;
    vec even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    vec odd = z * (6.666666666666735130e-01 +
                   w * (2.857142874366239149e-01 +
                        w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
    vec half = 0.5 * f * f, rest = even + odd;
    vec result = k * 6.93147180369123816490e-01 -
                 ((half - (s * (half + rest) + k * 1.90821492927058770002e-10)) - f);
    result = choose((bits)(x > all_of(0.0)), result, all_of(__builtin_nan("")));
    return choose((bits)(x == all_of(0.0)), all_of(-__builtin_inf()), result);
}

/* ln(1 + x) for 0 <= x <= 1. */
INLINE vec logarithm_of_one_more(vec x)
{
    vec sum = 1.0 + x;
    return logarithm(sum) + (x - (sum - 1.0)) / sum;
}

INLINE vec logistic(vec z)
{
    vec decay = exponential(-absolute(z));
    return choose((bits)(z >= all_of(0.0)), all_of(1.0), decay) / (1.0 + decay);
}

INLINE vec hyperbolic_tangent(vec z)
{
    vec e = exponential_less_one(-2.0 * absolute(z));
    return (vec)((bits)(e / (2.0 + e)) ^ (~(bits)z & INT64_MIN)); /* e/(2 + e) is no more than -0 */
}

/* ln(1 + e^z) */
INLINE vec softened_ramp(vec z)
{
    return larger(z, all_of(0.0)) + logarithm_of_one_more(exponential(-absolute(z)));
}
