#ifndef PERCEPTUAL_C_PAIRS_H
#define PERCEPTUAL_C_PAIRS_H

// Pairs of bf16 numbers, one in the lower and one in the upper half of each lane of 32 bits, as the products of AVX512_BF16
// take them. `low` and `high` are the halves as floats. `rounded` is a float rounded to bf16, to nearest, ties to even, in
// the upper half, with zeros in the lower one: subnormal floats become 0 and what is not a number stays so, as in the
// instructions that convert. `pair` joins two such, the first below.
#pragma clang diagnostic push
// These are always part of their caller, so that no vector is ever an argument.
#pragma clang diagnostic ignored "-Wpsabi"
#define PERCEPTUAL_PAIRS_INLINE static inline __attribute__((always_inline))
#define PERCEPTUAL_PAIRS_OVERLOADED static inline __attribute__((always_inline, overloadable))
#define PERCEPTUAL_PAIRS(LANES)                                                                                      \
  typedef float perceptual_pairs##LANES __attribute__((ext_vector_type(LANES)));                                     \
  typedef unsigned perceptual_bits##LANES __attribute__((ext_vector_type(LANES)));                                   \
  PERCEPTUAL_PAIRS_OVERLOADED perceptual_pairs##LANES perceptual_low(perceptual_pairs##LANES x) {                    \
    return (perceptual_pairs##LANES)((perceptual_bits##LANES)x << 16);                                               \
  }                                                                                                                  \
  PERCEPTUAL_PAIRS_OVERLOADED perceptual_pairs##LANES perceptual_high(perceptual_pairs##LANES x) {                   \
    return (perceptual_pairs##LANES)((perceptual_bits##LANES)x & 0xffff0000u);                                       \
  }                                                                                                                  \
  PERCEPTUAL_PAIRS_OVERLOADED perceptual_pairs##LANES perceptual_rounded(perceptual_pairs##LANES x) {                \
    const perceptual_bits##LANES bits = (perceptual_bits##LANES)x;                                                   \
    const perceptual_bits##LANES nearest = bits + 0x7fffu + ((bits >> 16) & 1u);                                     \
    const perceptual_bits##LANES quiet = bits | 0x400000u;                                                           \
    const perceptual_bits##LANES isSpecial = (perceptual_bits##LANES)(x != x);                                       \
    const perceptual_bits##LANES isSmall = (perceptual_bits##LANES)((bits & 0x7f800000u) == 0u);                     \
    const perceptual_bits##LANES number = (nearest & ~isSmall) | (bits & 0x80000000u);                               \
    return (perceptual_pairs##LANES)(((quiet & isSpecial) | (number & ~isSpecial)) & 0xffff0000u);                   \
  }                                                                                                                  \
  PERCEPTUAL_PAIRS_OVERLOADED perceptual_pairs##LANES perceptual_pair(                                               \
      perceptual_pairs##LANES low, perceptual_pairs##LANES high) {                                                   \
    return (perceptual_pairs##LANES)(((perceptual_bits##LANES)low >> 16) | (perceptual_bits##LANES)high);            \
  }

PERCEPTUAL_PAIRS(4)
PERCEPTUAL_PAIRS(8)
PERCEPTUAL_PAIRS(16)

// The instructions. `product` adds to each lane of `sum` the product of the upper halves and then that of the lower ones,
// each rounded once; `neighbours` are the pairs of 32 floats in their order, `rows` those of two vectors lane by lane.
#if defined(__AVX512F__) && defined(__AVX512BF16__)
typedef float perceptual_native_floats __attribute__((vector_size(64)));
typedef __bf16 perceptual_native_halves __attribute__((vector_size(64)));
typedef short perceptual_native_shorts __attribute__((vector_size(64)));

PERCEPTUAL_PAIRS_INLINE perceptual_pairs16 perceptual_native_product16(
    perceptual_pairs16 sum, perceptual_pairs16 a, perceptual_pairs16 b) {
  return (perceptual_pairs16)__builtin_ia32_dpbf16ps_512(
      (perceptual_native_floats)sum, (perceptual_native_halves)a, (perceptual_native_halves)b);
}
PERCEPTUAL_PAIRS_INLINE perceptual_pairs16 perceptual_native_neighbours16(perceptual_pairs16 a, perceptual_pairs16 b) {
  return (perceptual_pairs16)__builtin_ia32_cvtne2ps2bf16_512(
      (perceptual_native_floats)b, (perceptual_native_floats)a);
}
PERCEPTUAL_PAIRS_INLINE perceptual_pairs16 perceptual_native_rows16(perceptual_pairs16 a, perceptual_pairs16 b) {
  const perceptual_native_shorts both = (perceptual_native_shorts)perceptual_native_neighbours16(a, b);
  return (perceptual_pairs16)__builtin_shufflevector(
      both, both, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29,
      14, 30, 15, 31);
}
#else
// Without the set's flags, as a dependency is compiled, nothing calls them.
PERCEPTUAL_PAIRS_INLINE perceptual_pairs16 perceptual_native_product16(
    perceptual_pairs16 sum, perceptual_pairs16 a, perceptual_pairs16 b) {
  return sum;
}
PERCEPTUAL_PAIRS_INLINE perceptual_pairs16 perceptual_native_neighbours16(perceptual_pairs16 a, perceptual_pairs16 b) {
  return a;
}
PERCEPTUAL_PAIRS_INLINE perceptual_pairs16 perceptual_native_rows16(perceptual_pairs16 a, perceptual_pairs16 b) {
  return a;
}
#endif

#pragma clang diagnostic pop
#endif
