#ifndef PERCEPTUAL_C_INSTRUCTION_SET_H
#define PERCEPTUAL_C_INSTRUCTION_SET_H

// What the importing module was compiled for. A Swift module built with `-Xcc -mavx512f` sees these constants as 1; one
// built without sees 0, so a module knows whether its code really is of its instruction set.
#if defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512DQ__) && defined(__AVX512BW__)
static const int perceptual_compiled_for_avx512 = 1;
#else
static const int perceptual_compiled_for_avx512 = 0;
#endif

#if defined(__AVX2__) && defined(__FMA__)
static const int perceptual_compiled_for_avx2 = 1;
#else
static const int perceptual_compiled_for_avx2 = 0;
#endif

// a b + c, lane by lane, rounded once. Swift's own `addingProduct` is a loop over lanes that the optimiser has to put together
// again, and at 16 lanes it sometimes fails: a third of the speed.
typedef float perceptual_float8 __attribute__((ext_vector_type(8)));
typedef float perceptual_float16 __attribute__((ext_vector_type(16)));

static inline __attribute__((always_inline)) perceptual_float8 perceptual_fused8(
    perceptual_float8 a, perceptual_float8 b, perceptual_float8 c) {
  return __builtin_elementwise_fma(a, b, c);
}

static inline __attribute__((always_inline)) perceptual_float16 perceptual_fused16(
    perceptual_float16 a, perceptual_float16 b, perceptual_float16 c) {
  return __builtin_elementwise_fma(a, b, c);
}

typedef float perceptual_float4 __attribute__((ext_vector_type(4)));

// Square roots of all lanes: Swift's own takes them one after the other.
static inline __attribute__((always_inline)) perceptual_float4 perceptual_root4(perceptual_float4 a) {
  return __builtin_elementwise_sqrt(a);
}

static inline __attribute__((always_inline)) perceptual_float8 perceptual_root8(perceptual_float8 a) {
  return __builtin_elementwise_sqrt(a);
}

static inline __attribute__((always_inline)) perceptual_float16 perceptual_root16(perceptual_float16 a) {
  return __builtin_elementwise_sqrt(a);
}

// a0 b0 a1 b1 ... of the lower and of the upper halves: one instruction each, which a loop over lanes does not always become.
#define PERCEPTUAL_INTERLEAVE(name, vector, ...)                                                                     \
  static inline __attribute__((always_inline)) vector name(vector a, vector b) {                                     \
    return __builtin_shufflevector(a, b, __VA_ARGS__);                                                               \
  }

PERCEPTUAL_INTERLEAVE(perceptual_interleave_low4, perceptual_float4, 0, 4, 1, 5)
PERCEPTUAL_INTERLEAVE(perceptual_interleave_high4, perceptual_float4, 2, 6, 3, 7)
PERCEPTUAL_INTERLEAVE(perceptual_interleave_low8, perceptual_float8, 0, 8, 1, 9, 2, 10, 3, 11)
PERCEPTUAL_INTERLEAVE(perceptual_interleave_high8, perceptual_float8, 4, 12, 5, 13, 6, 14, 7, 15)
PERCEPTUAL_INTERLEAVE(
    perceptual_interleave_low16, perceptual_float16, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
PERCEPTUAL_INTERLEAVE(
    perceptual_interleave_high16, perceptual_float16, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

// What the processor and the operating system offer, from CPUID and XGETBV.
int perceptual_processor_has_avx512(void);
int perceptual_processor_has_avx2(void);

#endif
