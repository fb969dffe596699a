/* Random numbers for talaria-generate. */
#include "regress/bench/generate_random.h"

#include <math.h>

static uint64_t state[4];

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t random_of(uint64_t number)
{
    uint64_t z = number + UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

void random_seed(uint64_t seed)
{
    for (uint64_t i = 0; i < 4; i++)
        state[i] = random_of(seed + i * UINT64_C(0x9E3779B97F4A7C15));
}

uint64_t random_next(void)
{
    uint64_t result = rotate(state[1] * 5, 7) * 9, t = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= t;
    state[3] = rotate(state[3], 45);
    return result;
}

double random_uniform(void)
{
    return (double)(random_next() >> 11) * 0x1p-53;
}

uint64_t random_below(uint64_t limit)
{
    return (uint64_t)(random_uniform() * (double)limit);
}

double random_normal(void)
{
    double sum = random_uniform();
    sum += random_uniform();
    sum += random_uniform();
    return (sum - 1.5) * 2;
}

static double zipf_h(const Zipf *zipf, double x)
{
    double t = (1 - zipf->s) * log(x);
    return (fabs(t) > 1e-8 ? expm1(t) / t : 1 + t / 2) * log(x);
}

static double zipf_h_inverse(const Zipf *zipf, double x)
{
    double t = x * (1 - zipf->s);
    if (t < -1)
        t = -1;
    return exp((fabs(t) > 1e-8 ? log1p(t) / t : 1 - t / 2) * x);
}

Zipf zipf_make(double s, uint64_t n)
{
    Zipf zipf = {.s = s, .n = (double)n};
    zipf.h_x1 = zipf_h(&zipf, 1.5) - 1;
    zipf.h_n = zipf_h(&zipf, zipf.n + 0.5);
    zipf.cut = 2 - zipf_h_inverse(&zipf, zipf_h(&zipf, 2.5) - pow(2, -s));
    return zipf;
}

uint64_t zipf_draw(const Zipf *zipf)
{
    for (;;) {
        double u = zipf->h_n + random_uniform() * (zipf->h_x1 - zipf->h_n);
        double x = zipf_h_inverse(zipf, u);
        double k = floor(x + 0.5);
        k = k < 1 ? 1 : k > zipf->n ? zipf->n : k;
        if (k - x <= zipf->cut || u >= zipf_h(zipf, k + 0.5) - pow(k, -zipf->s))
            return (uint64_t)k;
    }
}
