#include "PerceptualCInstructionSet.h"

// The compiler's own detection also asks whether the operating system saves the wide registers.
int perceptual_processor_has_avx512(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw");
#else
  return 0;
#endif
}

int perceptual_processor_has_avx2(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return 0;
#endif
}

int perceptual_processor_has_bf16(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return perceptual_processor_has_avx512() && __builtin_cpu_supports("avx512bf16");
#else
  return 0;
#endif
}
