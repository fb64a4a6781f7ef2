#include "PerceptualCDispatch.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#if __has_include(<dispatch/dispatch.h>)
#include <dispatch/dispatch.h>
#else
// Swift's toolchains for Linux keep the header where only Swift finds it.
extern void *dispatch_get_global_queue(intptr_t identifier, uintptr_t flags);
extern void dispatch_async_f(void *queue, void *context, void (*work)(void *context));
#endif

// dispatch_apply_f wakes a sleeping thread for every loop, which takes longer than some loops do. So a helper that has
// ended one looks for the next for a while before it goes back to Dispatch.

// Work lies in its caller's frame until all helpers have left it.
struct job {
  void (*work)(const void *context, long index);
  const void *context;
  long count;
  // Under the lock: helpers that may still join, those at work, and the job that came after.
  long wanted;
  long active;
  struct job *after;
  // On a cache line that nothing else is read from.
  _Alignas(64) atomic_long next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t left = PTHREAD_COND_INITIALIZER;
// Jobs that want helpers, oldest first, and how many helpers have been asked for and not gone back.
static struct job *first;
static long helping;
// Rises with every job: what helpers look at before they go back.
static atomic_long jobs;

static void run(struct job *job) {
  while (1) {
    const long index = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed);
    if (index >= job->count) return;
    job->work(job->context, index);
  }
}

// Called under the lock.
static void withdraw(struct job *job) {
  struct job **place = &first;
  while (*place && *place != job) place = &(*place)->after;
  if (*place) *place = job->after;
}

// Some tens of microseconds.
enum { SPINS = 1000 };

static inline void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void help(void *unused) {
  (void)unused;
  pthread_mutex_lock(&lock);
  while (1) {
    if (!first) {
      const long seen = atomic_load(&jobs);
      pthread_mutex_unlock(&lock);
      for (int i = 0; i < SPINS && atomic_load_explicit(&jobs, memory_order_relaxed) == seen; i++) pause_briefly();
      pthread_mutex_lock(&lock);
      if (!first && atomic_load(&jobs) == seen) break;
      continue;
    }
    struct job *job = first;
    job->active++;
    if (--job->wanted == 0) withdraw(job);
    pthread_mutex_unlock(&lock);
    run(job);
    pthread_mutex_lock(&lock);
    if (--job->active == 0) pthread_cond_broadcast(&left);
  }
  helping--;
  pthread_mutex_unlock(&lock);
}

void perceptual_share(
    const void *context, void (*work)(const void *context, long index), long count, long helpers) {
  struct job job = {.work = work, .context = context, .count = count, .wanted = helpers};
  pthread_mutex_lock(&lock);
  struct job **place = &first;
  while (*place) place = &(*place)->after;
  *place = &job;
  atomic_fetch_add(&jobs, 1);
  long missing = helpers > helping ? helpers - helping : 0;
  helping += missing;
  pthread_mutex_unlock(&lock);
  while (missing-- > 0) dispatch_async_f(dispatch_get_global_queue(0, 0), NULL, help);
  run(&job);
  pthread_mutex_lock(&lock);
  if (job.wanted > 0) withdraw(&job);
  while (job.active > 0) pthread_cond_wait(&left, &lock);
  pthread_mutex_unlock(&lock);
}

// Held for reading by whoever has a lock that a child of fork may need. glibc lets readers nest while a writer waits.
static pthread_rwlock_t forks = PTHREAD_RWLOCK_INITIALIZER;

void perceptual_delay_forks(void) { pthread_rwlock_rdlock(&forks); }
void perceptual_admit_forks(void) { pthread_rwlock_unlock(&forks); }

#if defined(__linux__)
static void before_fork(void) {
  pthread_rwlock_wrlock(&forks);
  pthread_mutex_lock(&lock);
}

static void after_fork_in_parent(void) {
  pthread_mutex_unlock(&lock);
  pthread_rwlock_unlock(&forks);
}

static void after_fork_in_child(void) {
  forks = (pthread_rwlock_t)PTHREAD_RWLOCK_INITIALIZER;
  lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
  left = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
  first = NULL;
  // As if there were helpers enough: Dispatch does not survive a fork.
  helping = LONG_MAX / 2;
}

__attribute__((constructor)) static void watch_forks(void) {
  pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}
#endif
