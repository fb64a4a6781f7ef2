// What one core of this machine can do, for tools/benchmark/run and kernels: the peak of fused multiply-adds of single
// precision, and what is read from and written to each cache and memory. Prints one JSON object; compile with
// -O2 -march=native. GCC and Clang.

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif
typedef float vector __attribute__((vector_size(4 * LANES)));

// Of processor time: others on the machine interrupt a round.
static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

// Keeps a value in a register and the compiler from knowing it.
#define OPAQUE(v) __asm__ volatile("" : "+v"(v))

// GFLOP/s of twelve independent chains of a = a b + c.
static double peak(void) {
  vector zero, b, c;
  memset(&zero, 0, sizeof zero);
  c = zero + 1e-3f;
  b = zero + 0.5f;
  OPAQUE(b);
  OPAQUE(c);
  vector a0 = c, a1 = c, a2 = c, a3 = c, a4 = c, a5 = c, a6 = c, a7 = c, a8 = c, a9 = c, a10 = c, a11 = c;
  double best = 0;
  for (int round = 0; round < 20; round++) {
    const long steps = 4000000;
    const double start = now();
    for (long step = 0; step < steps; step++) {
#define STEP(a) a = a * b + c; OPAQUE(a);
      STEP(a0) STEP(a1) STEP(a2) STEP(a3) STEP(a4) STEP(a5) STEP(a6) STEP(a7) STEP(a8) STEP(a9) STEP(a10) STEP(a11)
    }
    const double rate = 2.0 * 12 * LANES * (double)steps / (now() - start) * 1e-9;
    if (rate > best) best = rate;
  }
  return best;
}


enum way { READ, WRITE, READ_TWO_WRITE_ONE };

// GB/s through a buffer of so many bytes.
static double bandwidth(char *memory, size_t bytes, enum way way) {
  const size_t step = 8 * sizeof(vector);
  const size_t third = bytes / 3 / step * step;
  const size_t length = way == READ_TWO_WRITE_ONE ? third : bytes / step * step;
  const double moved = way == READ_TWO_WRITE_ONE ? 3.0 * (double)length : (double)length;
  vector value;
  memset(&value, 0, sizeof value);
  OPAQUE(value);
  double best = 0;
  for (int round = 0; round < 7; round++) {
    const long times = 1 + (long)(2e8 / (double)(length + 1));
    const double start = now();
    for (long time = 0; time < times; time++) {
      char *a = memory, *b = memory + third, *c = memory + 2 * third;
#define AT(base, i) *(volatile vector *)((base) + at + (i) * sizeof(vector))
#define EIGHT(BODY) BODY(0) BODY(1) BODY(2) BODY(3) BODY(4) BODY(5) BODY(6) BODY(7)
#define READ_ONE(i) { vector v = AT(a, i); OPAQUE(v); }
#define WRITE_ONE(i) AT(a, i) = value;
#define SUM_ONE(i) AT(c, i) = AT(a, i) + AT(b, i);
      if (way == READ) {
        for (size_t at = 0; at < length; at += step) { EIGHT(READ_ONE) }
      } else if (way == WRITE) {
        for (size_t at = 0; at < length; at += step) { EIGHT(WRITE_ONE) }
      } else {
        for (size_t at = 0; at < length; at += step) { EIGHT(SUM_ONE) }
      }
    }
    const double rate = moved * (double)times / (now() - start) * 1e-9;
    if (rate > best) best = rate;
  }
  return best;
}

int main(void) {
  static const struct { const char *name; size_t bytes; } places[] = {
    {"L1", 24 << 10}, {"L2", 600 << 10}, {"L3", 6 << 20}, {"memory", 384 << 20},
  };
  char *memory = aligned_alloc(4096, 384 << 20);
  if (!memory) return 1;
  memset(memory, 0, 384 << 20);
  printf("{\"lanes\": %d, \"peak\": %.1f", LANES, peak());
  for (int i = 0; i < 4; i++) {
    printf(", \"%s\": {\"bytes\": %zu, \"read\": %.1f, \"write\": %.1f, \"both\": %.1f}", places[i].name, places[i].bytes,
           bandwidth(memory, places[i].bytes, READ), bandwidth(memory, places[i].bytes, WRITE),
           bandwidth(memory, places[i].bytes, READ_TWO_WRITE_ONE));
  }
  printf("}\n");
  return 0;
}
