/*
 * Random numbers for talaria-generate: the same for the same seed on every machine and compiler
 * (draws stand in statements of their own, so that no order of evaluation matters).
 */
#ifndef TALARIA_REGRESS_BENCH_GENERATE_RANDOM_H
#define TALARIA_REGRESS_BENCH_GENERATE_RANDOM_H

#include <stdint.h>

/* Starts the sequence. */
void random_seed(uint64_t seed);

/* The next 64 bits: xoshiro256** (Blackman and Vigna, 2018). */
uint64_t random_next(void);

/* Evenly from [0, 1). */
double random_uniform(void);

/* Evenly from 0 .. limit - 1. */
uint64_t random_below(uint64_t limit);

/* Roughly normal, mean 0 and deviation 1: the sum of three even draws. */
double random_normal(void);

/* 64 bits that follow from `number` alone (splitmix64): the same thing has the same properties. */
uint64_t random_of(uint64_t number);

/* A power law: k of 1 .. n with a probability proportional to 1 / k^s. */
typedef struct Zipf {
    double s, n, h_x1, h_n, cut;
} Zipf;

Zipf zipf_make(double s, uint64_t n);

/* One k: rejection-inversion (Hoermann and Derflinger, 1996), about 1.1 tries a draw for any n. */
uint64_t zipf_draw(const Zipf *zipf);

#endif
