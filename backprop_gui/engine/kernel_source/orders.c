/* The order in which a shuffled epoch takes the rows: that of numpy.random.default_rng([seed, epoch])
   .permutation(rows), number for number. engine/kernel.py compares the two before it relies on it.

   numpy's SeedSequence (after M. E. O'Neill's seed_seq_fe), PCG64 (XSL-RR), and the shuffle of Fisher and
   Yates. */

#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

#if defined(__SIZEOF_INT128__)

typedef unsigned __int128 wide;

struct generator {
    wide state, increment;
    uint32_t kept;
    int has_kept;
};

static uint32_t hashed(uint32_t value, uint32_t *constant)
{
    value ^= *constant;
    *constant *= 0x931e8875u;
    value *= *constant;
    return value ^ value >> 16;
}

static uint32_t mixed(uint32_t x, uint32_t y)
{
    uint32_t result = 0xca01f9ddu * x - 0x4973f715u * y;
    return result ^ result >> 16;
}

static void step(struct generator *generator)
{
    const wide factor = (wide)0x2360ed051fc65da4u << 64 | 0x4385df649fccf645u;
    generator->state = generator->state * factor + generator->increment;
}

static struct generator seeded(uint32_t seed, uint32_t epoch)
{
    uint32_t constant = 0x43b0d7e5u, pool[4] = {seed, epoch, 0, 0}, words[8];
    uint64_t values[4];
    for (int i = 0; i < 4; i++) pool[i] = hashed(pool[i], &constant);
    for (int from = 0; from < 4; from++)
        for (int to = 0; to < 4; to++)
            if (from != to) pool[to] = mixed(pool[to], hashed(pool[from], &constant));
    constant = 0x8b51f9ddu;
    for (int i = 0; i < 8; i++) {
        uint32_t value = pool[i % 4] ^ constant;
        constant *= 0x58f38dedu;
        value *= constant;
        words[i] = value ^ value >> 16;
    }
    for (int i = 0; i < 4; i++) values[i] = words[2 * i] | (uint64_t)words[2 * i + 1] << 32;
    struct generator generator = {0, ((wide)values[2] << 64 | values[3]) << 1 | 1, 0, 0};
    step(&generator);
    generator.state += (wide)values[0] << 64 | values[1];
    step(&generator);
    return generator;
}

static uint32_t next(struct generator *generator)
{
    if (generator->has_kept) {
        generator->has_kept = 0;
        return generator->kept;
    }
    step(generator);
    uint64_t folded = (uint64_t)(generator->state >> 64) ^ (uint64_t)generator->state;
    unsigned turn = (unsigned)(generator->state >> 122);
    uint64_t number = folded >> turn | folded << (-turn & 63);
    generator->has_kept = 1;
    generator->kept = (uint32_t)(number >> 32);
    return (uint32_t)number;
}

/* Evenly one of 0 ... most: bits are drawn until they are not too large. */
static uint32_t up_to(struct generator *generator, uint32_t most)
{
    uint32_t mask = UINT32_MAX >> __builtin_clz(most), number;
    do number = next(generator) & mask;
    while (number > most);
    return number;
}

/* The orders of `epochs` epochs from `first` on, one behind the other. Rows, seed and epochs are below 2^32.
   Returns whether it can do that at all. */
EXPORT int64_t backprop_orders(int64_t rows, int64_t seed, int64_t first, int64_t epochs, int64_t *orders)
{
    for (int64_t epoch = first; epoch < first + epochs; epoch++, orders += rows) {
        struct generator generator = seeded((uint32_t)seed, (uint32_t)epoch);
        for (int64_t i = 0; i < rows; i++) orders[i] = i;
        for (int64_t i = rows - 1; i > 0; i--) {
            int64_t j = up_to(&generator, (uint32_t)i), row = orders[j];
            orders[j] = orders[i];
            orders[i] = row;
        }
    }
    return 1;
}

#else

EXPORT int64_t backprop_orders(int64_t rows, int64_t seed, int64_t first, int64_t epochs, int64_t *orders)
{
    (void)rows, (void)seed, (void)first, (void)epochs, (void)orders;
    return 0;
}

#endif
