// Counts allocations: loaded before everything else, its functions are found before those of the C library, which they
// call under the names that glibc also gives them. tools/allocations/run says what for.

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *address, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_long calls;
static atomic_long bytes;

// 0: how many allocations so far, by all threads; 1: how many bytes they asked for.
long perceptual_allocations(int what) { return atomic_load(what == 0 ? &calls : &bytes); }

static void count(size_t size) {
  atomic_fetch_add(&calls, 1);
  atomic_fetch_add(&bytes, (long)size);
}

void *malloc(size_t size) {
  count(size);
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count(number * size);
  return __libc_calloc(number, size);
}

void *realloc(void *address, size_t size) {
  count(size);
  return __libc_realloc(address, size);
}

void *memalign(size_t alignment, size_t size) {
  count(size);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count(size);
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **address, size_t alignment, size_t size) {
  count(size);
  *address = __libc_memalign(alignment, size);
  return *address ? 0 : ENOMEM;
}
