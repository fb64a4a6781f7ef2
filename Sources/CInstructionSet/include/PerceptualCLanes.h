#ifndef PERCEPTUAL_C_LANES_H
#define PERCEPTUAL_C_LANES_H

// Moves and square roots of whole vectors. Swift's own are loops over lanes: the square root stays one, sixteen calls of a
// scalar instruction, and shuffles are put together again only sometimes. `interleave` is a0 b0 a1 b1 ... of the lower or
// of the upper halves.
#define PERCEPTUAL_LANES(LANES)                                                                                      \
  typedef float perceptual_lanes##LANES __attribute__((ext_vector_type(LANES)));                                     \
  static inline __attribute__((always_inline, overloadable)) perceptual_lanes##LANES perceptual_root(                \
      perceptual_lanes##LANES a) {                                                                                   \
    return __builtin_elementwise_sqrt(a);                                                                            \
  }                                                                                                                  \
  static inline __attribute__((always_inline, overloadable)) perceptual_lanes##LANES perceptual_choice(              \
      perceptual_lanes##LANES condition, perceptual_lanes##LANES a, perceptual_lanes##LANES b) {                     \
    return condition > 0 ? a : b;                                                                                    \
  }                                                                                                                  \
  static inline __attribute__((always_inline, overloadable)) void perceptual_stream(                                 \
      perceptual_lanes##LANES a, float *address) {                                                                   \
    __builtin_nontemporal_store(a, (perceptual_lanes##LANES *)address);                                              \
  }

#define PERCEPTUAL_INTERLEAVE(name, vector, ...)                                                                     \
  static inline __attribute__((always_inline, overloadable)) vector name(vector a, vector b) {                       \
    return __builtin_shufflevector(a, b, __VA_ARGS__);                                                               \
  }

PERCEPTUAL_LANES(4)
PERCEPTUAL_LANES(8)
PERCEPTUAL_LANES(16)
PERCEPTUAL_INTERLEAVE(perceptual_interleave_low, perceptual_lanes4, 0, 4, 1, 5)
PERCEPTUAL_INTERLEAVE(perceptual_interleave_high, perceptual_lanes4, 2, 6, 3, 7)
PERCEPTUAL_INTERLEAVE(perceptual_interleave_low, perceptual_lanes8, 0, 8, 1, 9, 2, 10, 3, 11)
PERCEPTUAL_INTERLEAVE(perceptual_interleave_high, perceptual_lanes8, 4, 12, 5, 13, 6, 14, 7, 15)
PERCEPTUAL_INTERLEAVE(
    perceptual_interleave_low, perceptual_lanes16, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
PERCEPTUAL_INTERLEAVE(
    perceptual_interleave_high, perceptual_lanes16, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

// Within each 128 bits: of single lanes, and of pairs of lanes. `even` and `odd` take every second 128 bits of both.
PERCEPTUAL_INTERLEAVE(perceptual_single_low, perceptual_lanes8, 0, 8, 1, 9, 4, 12, 5, 13)
PERCEPTUAL_INTERLEAVE(perceptual_single_high, perceptual_lanes8, 2, 10, 3, 11, 6, 14, 7, 15)
PERCEPTUAL_INTERLEAVE(perceptual_pair_low, perceptual_lanes8, 0, 1, 8, 9, 4, 5, 12, 13)
PERCEPTUAL_INTERLEAVE(perceptual_pair_high, perceptual_lanes8, 2, 3, 10, 11, 6, 7, 14, 15)
PERCEPTUAL_INTERLEAVE(perceptual_even, perceptual_lanes8, 0, 1, 2, 3, 8, 9, 10, 11)
PERCEPTUAL_INTERLEAVE(perceptual_odd, perceptual_lanes8, 4, 5, 6, 7, 12, 13, 14, 15)
PERCEPTUAL_INTERLEAVE(
    perceptual_single_low, perceptual_lanes16, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
PERCEPTUAL_INTERLEAVE(
    perceptual_single_high, perceptual_lanes16, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
PERCEPTUAL_INTERLEAVE(
    perceptual_pair_low, perceptual_lanes16, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
PERCEPTUAL_INTERLEAVE(
    perceptual_pair_high, perceptual_lanes16, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
PERCEPTUAL_INTERLEAVE(
    perceptual_even, perceptual_lanes16, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
PERCEPTUAL_INTERLEAVE(
    perceptual_odd, perceptual_lanes16, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)

#endif
