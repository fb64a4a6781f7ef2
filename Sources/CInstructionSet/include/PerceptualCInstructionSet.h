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

// What the processor and the operating system offer, from CPUID and XGETBV.
int perceptual_processor_has_avx512(void);
int perceptual_processor_has_avx2(void);

#endif
