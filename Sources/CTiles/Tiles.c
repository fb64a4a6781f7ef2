#include "PerceptualCTiles.h"

#if defined(__x86_64__) && defined(__linux__)

#include <cpuid.h>
#include <immintrin.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TILES __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#define TILES_INLINE TILES static inline __attribute__((always_inline))

enum { tileBytes = 1024, lineBytes = 64, lanes = 16, tileDepths = 32 };

// The tiles' registers are large: Linux saves them for processes that have asked.
static int request(void) {
  enum { requestPermission = 0x1023, tileData = 18 };
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vl") ||
      !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512bf16")) {
    return 0;
  }
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  const unsigned products = 1u << 22, tiles = 1u << 24;
  if (!(d & products) || !(d & tiles)) return 0;
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
}

int perceptual_processor_has_tiles(void) {
  // 0 is not asked yet, 1 no, 2 yes. Two threads that ask at once get the same answer.
  static int answer;
  int known = __atomic_load_n(&answer, __ATOMIC_RELAXED);
  if (known == 0) {
    known = request() ? 2 : 1;
    __atomic_store_n(&answer, known, __ATOMIC_RELAXED);
  }
  return known == 2;
}

// MARK: Factors

TILES_INLINE __m512 row(const float *x, long index, long rows) {
  return index < rows ? _mm512_load_ps(x + index * lanes) : _mm512_setzero_ps();
}

// Two vectors rounded, lane by lane side by side.
TILES_INLINE __m512i pairs(__m512 first, __m512 second) {
  const __m512i sideBySide = _mm512_set_epi16(
      31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(sideBySide, (__m512i)_mm512_cvtne2ps_pbh(second, first));
}

TILES void perceptual_tiles_left(const float *x, long rows, void *factors, long half, long pitch) {
  char *tile = (char *)factors + half * (lineBytes / 2);
  for (long first = 0; first < rows; first += 16, tile += pitch) {
    for (long r = 0; r < 16; r++) {
      const __m256i rounded = (__m256i)_mm512_cvtneps_pbh(row(x, first + r, rows));
      _mm256_store_si256((__m256i *)(tile + r * lineBytes), rounded);
    }
  }
}

TILES void perceptual_tiles_right(const float *x, long rows, void *factors) {
  char *line = factors;
  for (long first = 0; first < rows; first += tileDepths) {
    for (long pair = 0; pair < 16; pair++, line += lineBytes) {
      _mm512_store_si512(line, pairs(row(x, first + 2 * pair, rows), row(x, first + 2 * pair + 1, rows)));
    }
  }
}

// Rows and columns of sixteen by sixteen numbers of 32 bits exchanged.
TILES_INLINE void exchange(__m512i t[16]) {
  __m512i u[16];
  for (int i = 0; i < 16; i += 2) {
    u[i] = _mm512_unpacklo_epi32(t[i], t[i + 1]);
    u[i + 1] = _mm512_unpackhi_epi32(t[i], t[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    t[i] = _mm512_unpacklo_epi64(u[i], u[i + 2]);
    t[i + 1] = _mm512_unpackhi_epi64(u[i], u[i + 2]);
    t[i + 2] = _mm512_unpacklo_epi64(u[i + 1], u[i + 3]);
    t[i + 3] = _mm512_unpackhi_epi64(u[i + 1], u[i + 3]);
  }
  // t[4 g + j] holds, in its quarter q, column 4 q + j of rows 4 g to 4 g + 3.
  for (int j = 0; j < 4; j++) {
    const __m512i a = _mm512_shuffle_i32x4(t[j], t[4 + j], 0x88), b = _mm512_shuffle_i32x4(t[j], t[4 + j], 0xdd);
    const __m512i c = _mm512_shuffle_i32x4(t[8 + j], t[12 + j], 0x88), d = _mm512_shuffle_i32x4(t[8 + j], t[12 + j], 0xdd);
    u[j] = _mm512_shuffle_i32x4(a, c, 0x88);
    u[8 + j] = _mm512_shuffle_i32x4(a, c, 0xdd);
    u[4 + j] = _mm512_shuffle_i32x4(b, d, 0x88);
    u[12 + j] = _mm512_shuffle_i32x4(b, d, 0xdd);
  }
  for (int i = 0; i < 16; i++) t[i] = u[i];
}

TILES void perceptual_tiles_left_columns(const float *x, long rows, void *factors) {
  char *line = factors;
  for (long first = 0; first < rows; first += tileDepths) {
    __m512i both[16];
    for (long pair = 0; pair < 16; pair++) {
      both[pair] = pairs(row(x, first + 2 * pair, rows), row(x, first + 2 * pair + 1, rows));
    }
    exchange(both);
    for (int r = 0; r < 16; r++, line += lineBytes) _mm512_store_si512(line, both[r]);
  }
}

TILES void perceptual_tiles_right_half(const float *x, long columns, void *factors, long half, long pitch) {
  char *tile = (char *)factors + half * (tileBytes / 2);
  for (long column = 0; column < columns; column += lanes, tile += pitch) {
    for (long pair = 0; pair < 8; pair++) {
      const float *even = x + 2 * pair * columns + column;
      _mm512_store_si512(tile + pair * lineBytes, pairs(_mm512_load_ps(even), _mm512_load_ps(even + columns)));
    }
  }
}

// MARK: Products

// Sums are tiles 0 to 3, two left factors 4 and 5, two right ones 6 and 7.
TILES_INLINE void configure(void) {
  struct {
    unsigned char palette, start, reserved[14];
    unsigned short lineBytes[16];
    unsigned char rows[16];
  } shapes;
  memset(&shapes, 0, sizeof shapes);
  shapes.palette = 1;
  for (int tile = 0; tile < 8; tile++) {
    shapes.lineBytes[tile] = lineBytes;
    shapes.rows[tile] = 16;
  }
  _tile_loadconfig(&shapes);
}

struct sums {
  char *first;
  long rowPitch, columnPitch;
};

TILES_INLINE void ask(struct sums sums, long line) {
  const char *at = sums.first + line * lineBytes;
  _mm_prefetch(at, _MM_HINT_T0);
  _mm_prefetch(at + sums.columnPitch, _MM_HINT_T0);
  _mm_prefetch(at + sums.rowPitch, _MM_HINT_T0);
  _mm_prefetch(at + sums.rowPitch + sums.columnPitch, _MM_HINT_T0);
}

// Two rows of tiles, or one, by two columns. The sums that come `next` are asked for meanwhile.
TILES_INLINE void multiplyPair(
    const char *a0, const char *a1, const char *b0, const char *b1, struct sums sums, long depths, const char *next,
    int isPair, int accumulates) {
  char *const c1 = sums.first + sums.rowPitch;
  if (accumulates) {
    _tile_loadd(0, sums.first, lineBytes);
    _tile_loadd(1, sums.first + sums.columnPitch, lineBytes);
    if (isPair) {
      _tile_loadd(2, c1, lineBytes);
      _tile_loadd(3, c1 + sums.columnPitch, lineBytes);
    }
  } else {
    _tile_zero(0);
    _tile_zero(1);
    if (isPair) {
      _tile_zero(2);
      _tile_zero(3);
    }
  }
  const struct sums following = {(char *)next, sums.rowPitch, sums.columnPitch};
  for (long k = 0; k < depths; k++) {
    if (accumulates && k < 4) {
      for (long line = 4 * k; line < 4 * k + 4; line++) ask(following, line);
    }
    const long at = k * tileBytes;
    _tile_loadd(4, a0 + at, lineBytes);
    if (isPair) _tile_loadd(5, a1 + at, lineBytes);
    _tile_loadd(6, b0 + at, lineBytes);
    _tile_loadd(7, b1 + at, lineBytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    if (isPair) {
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, sums.first, lineBytes);
  _tile_stored(1, sums.first + sums.columnPitch, lineBytes);
  if (isPair) {
    _tile_stored(2, c1, lineBytes);
    _tile_stored(3, c1 + sums.columnPitch, lineBytes);
  }
}

TILES void perceptual_tiles_multiply(
    const void *a, long aPitch, const void *b, long bPitch, float *sums, long rowPitch, long columnPitch, long rows,
    long columns, long depths, int accumulates) {
  // Right factors that stay in the first cache, of 48 KiB, while the left ones pass.
  const long columnsAtOnce = 32 / depths > 2 ? 32 / depths / 2 * 2 : 2;
  configure();
  for (long first = 0; first < columns; first += columnsAtOnce) {
    const long last = first + columnsAtOnce < columns ? first + columnsAtOnce : columns;
    for (long m = 0; m < rows; m += 2) {
      const char *a0 = (const char *)a + m * aPitch;
      for (long n = first; n < last; n += 2) {
        const char *b0 = (const char *)b + n * bPitch;
        char *c = (char *)sums + m * rowPitch + n * columnPitch;
        const char *next = n + 2 < last ? c + 2 * columnPitch : (char *)sums + (m + 2) * rowPitch + first * columnPitch;
        const struct sums here = {c, rowPitch, columnPitch};
        if (m + 1 < rows) {
          multiplyPair(a0, a0 + aPitch, b0, b0 + bPitch, here, depths, next, 1, accumulates);
        } else {
          multiplyPair(a0, a0, b0, b0 + bPitch, here, depths, next, 0, accumulates);
        }
      }
    }
  }
  _tile_release();
}

#else

// Nothing asks for tiles where there are none.
int perceptual_processor_has_tiles(void) { return 0; }
void perceptual_tiles_multiply(
    const void *a, long aPitch, const void *b, long bPitch, float *sums, long rowPitch, long columnPitch, long rows,
    long columns, long depths, int accumulates) {}
void perceptual_tiles_left(const float *x, long rows, void *factors, long half, long pitch) {}
void perceptual_tiles_left_columns(const float *x, long rows, void *factors) {}
void perceptual_tiles_right(const float *x, long rows, void *factors) {}
void perceptual_tiles_right_half(const float *x, long columns, void *factors, long half, long pitch) {}

#endif
