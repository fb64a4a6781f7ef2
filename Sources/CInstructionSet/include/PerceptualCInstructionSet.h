#ifndef PERCEPTUAL_C_INSTRUCTION_SET_H
#define PERCEPTUAL_C_INSTRUCTION_SET_H

// What the importing module was compiled for. A Swift module built with `-Xcc -mavx512f` sees these constants as 1; one
// built without sees 0, so a module knows whether its code really is of its instruction set.
#if defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512DQ__) && defined(__AVX512BW__)
static const int perceptual_compiled_for_avx512 = 1;
#else
static const int perceptual_compiled_for_avx512 = 0;
#endif

#if defined(__AVX512F__) && defined(__AVX512BF16__)
static const int perceptual_compiled_for_bf16 = 1;
#else
static const int perceptual_compiled_for_bf16 = 0;
#endif

#if defined(__AVX2__) && defined(__FMA__)
static const int perceptual_compiled_for_avx2 = 1;
#else
static const int perceptual_compiled_for_avx2 = 0;
#endif

// Arithmetic on whole vectors. Swift's own operators on SIMD types are loops over lanes that the optimiser has to put
// together again; at 16 lanes it often fails, which costs half the speed or more. `fused` is a b + c, rounded once;
// `notNegative` is 0 where x < 0 (and NaN where x is NaN); `wherePositive` is x where the condition is above 0 and else 0;
// `firstLanes` is 0 in the lanes from `count` on; `lesser` is b where a is not less; `turned` has its sign turned where s
// has a negative one; `signed` is x times the sign of s, 0 where s is 0; `negative` is -x, which fused products take in;
// `isAnyNegative` looks at the signs of all lanes.
#pragma clang diagnostic push
// These are always part of their caller, so that no vector is ever an argument.
#pragma clang diagnostic ignored "-Wpsabi"
#define PERCEPTUAL_INLINE static inline __attribute__((always_inline))
// One name for every width of vectors: the argument decides.
#define PERCEPTUAL_OVERLOADED static inline __attribute__((always_inline, overloadable))
#define PERCEPTUAL_ARITHMETIC(LANES, ...)                                                                          \
  typedef float perceptual_float##LANES __attribute__((ext_vector_type(LANES)));                                   \
  typedef int perceptual_integer##LANES __attribute__((ext_vector_type(LANES)));                                   \
  PERCEPTUAL_OVERLOADED perceptual_float##LANES perceptual_sum(                                                    \
      perceptual_float##LANES a, perceptual_float##LANES b) {                                                      \
    return a + b;                                                                                                  \
  }                                                                                                                \
  PERCEPTUAL_OVERLOADED perceptual_float##LANES perceptual_difference(                                             \
      perceptual_float##LANES a, perceptual_float##LANES b) {                                                      \
    return a - b;                                                                                                  \
  }                                                                                                                \
  PERCEPTUAL_OVERLOADED perceptual_float##LANES perceptual_product(                                                \
      perceptual_float##LANES a, perceptual_float##LANES b) {                                                      \
    return a * b;                                                                                                  \
  }                                                                                                                \
  PERCEPTUAL_OVERLOADED perceptual_float##LANES perceptual_quotient(                                               \
      perceptual_float##LANES a, perceptual_float##LANES b) {                                                      \
    return a / b;                                                                                                  \
  }                                                                                                                \
  PERCEPTUAL_OVERLOADED perceptual_float##LANES perceptual_fused(                                                  \
      perceptual_float##LANES a, perceptual_float##LANES b, perceptual_float##LANES c) {                           \
    return __builtin_elementwise_fma(a, b, c);                                                                     \
  }                                                                                                                \
  PERCEPTUAL_OVERLOADED perceptual_float##LANES perceptual_negative(perceptual_float##LANES x) { return -x; }      \
  PERCEPTUAL_OVERLOADED int perceptual_isAnyNegative(perceptual_float##LANES x) {                                  \
    return __builtin_reduce_or((perceptual_integer##LANES)x) < 0;                                                  \
  }                                                                                                                \
  PERCEPTUAL_OVERLOADED perceptual_float##LANES perceptual_magnitude(perceptual_float##LANES x) {                  \
    return (perceptual_float##LANES)((perceptual_integer##LANES)x & 0x7fffffff);                                   \
  }                                                                                                                \
  PERCEPTUAL_OVERLOADED perceptual_float##LANES perceptual_notNegative(perceptual_float##LANES x) {                \
    return (perceptual_float##LANES)((perceptual_integer##LANES)x & ~(x < 0));                                     \
  }                                                                                                                \
  PERCEPTUAL_OVERLOADED perceptual_float##LANES perceptual_wherePositive(                                          \
      perceptual_float##LANES x, perceptual_float##LANES condition) {                                              \
    return (perceptual_float##LANES)((perceptual_integer##LANES)x & (condition > 0));                              \
  }                                                                                                                \
  PERCEPTUAL_OVERLOADED perceptual_float##LANES perceptual_firstLanes(perceptual_float##LANES x, int count) {      \
    const perceptual_integer##LANES numbers = {__VA_ARGS__};                                                       \
    return (perceptual_float##LANES)((perceptual_integer##LANES)x & (numbers < count));                            \
  }                                                                                                                \
  PERCEPTUAL_OVERLOADED perceptual_float##LANES perceptual_lesser(                                                 \
      perceptual_float##LANES a, perceptual_float##LANES b) {                                                      \
    return a < b ? a : b;                                                                                          \
  }                                                                                                                \
  PERCEPTUAL_OVERLOADED perceptual_float##LANES perceptual_turned(                                                 \
      perceptual_float##LANES x, perceptual_float##LANES s) {                                                      \
    const perceptual_integer##LANES sign = (perceptual_integer##LANES)s & (int)0x80000000;                         \
    return (perceptual_float##LANES)((perceptual_integer##LANES)x ^ sign);                                         \
  }                                                                                                                \
  PERCEPTUAL_OVERLOADED perceptual_float##LANES perceptual_signed(                                                 \
      perceptual_float##LANES x, perceptual_float##LANES s) {                                                      \
    return (perceptual_float##LANES)((perceptual_integer##LANES)perceptual_turned(x, s) & (s != 0));               \
  }

// The sum of all lanes in double precision, by halves.
#define PERCEPTUAL_TOTAL(LANES, value)                                                                             \
  typedef double perceptual_double##LANES __attribute__((ext_vector_type(LANES)));                                 \
  PERCEPTUAL_INLINE double perceptual_totalOfDoubles##LANES(perceptual_double##LANES x) {                          \
    return value(x.lo + x.hi);                                                                                     \
  }

// Brings the line at an address into the cache. The address need not be valid.
PERCEPTUAL_INLINE void perceptual_prefetch(const float *address) { __builtin_prefetch(address); }
// The same for the second-level cache only.
PERCEPTUAL_INLINE void perceptual_prefetch_second(const float *address) { __builtin_prefetch(address, 0, 2); }

PERCEPTUAL_ARITHMETIC(4, 0, 1, 2, 3)
PERCEPTUAL_ARITHMETIC(8, 0, 1, 2, 3, 4, 5, 6, 7)
PERCEPTUAL_ARITHMETIC(16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)

// 1 / x within a unit in the last place for x of moderate size: an estimate of 14 bits and a step of Newton's method,
// where a division holds up a unit of the processor for sixteen cycles.
PERCEPTUAL_INLINE perceptual_float16 perceptual_reciprocal16(perceptual_float16 x) {
  const perceptual_float16 one = 1.0f;
#ifdef __AVX512F__
  typedef float vector __attribute__((vector_size(64)));
  const perceptual_float16 estimate =
      (perceptual_float16)__builtin_ia32_rcp14ps512_mask((vector)x, (vector)one, (unsigned short)-1);
  return perceptual_fused(perceptual_fused(-x, estimate, one), estimate, estimate);
#else
  // Without the set's flags, as a dependency is compiled, nothing calls it.
  return one / x;
#endif
}

PERCEPTUAL_TOTAL(2, )
PERCEPTUAL_TOTAL(4, perceptual_totalOfDoubles2)
PERCEPTUAL_TOTAL(8, perceptual_totalOfDoubles4)
PERCEPTUAL_TOTAL(16, perceptual_totalOfDoubles8)

PERCEPTUAL_OVERLOADED double perceptual_total(perceptual_float4 x) {
  return perceptual_totalOfDoubles4(__builtin_convertvector(x, perceptual_double4));
}
PERCEPTUAL_OVERLOADED double perceptual_total(perceptual_float8 x) {
  return perceptual_totalOfDoubles8(__builtin_convertvector(x, perceptual_double8));
}
PERCEPTUAL_OVERLOADED double perceptual_total(perceptual_float16 x) {
  return perceptual_totalOfDoubles16(__builtin_convertvector(x, perceptual_double16));
}

#pragma clang diagnostic pop

// What the processor and the operating system offer, from CPUID and XGETBV.
int perceptual_processor_has_avx512(void);
int perceptual_processor_has_avx2(void);
int perceptual_processor_has_bf16(void);

#endif
