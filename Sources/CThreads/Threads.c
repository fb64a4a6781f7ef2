#include "PerceptualCThreads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

// A Swift closure (Int) -> Void: its code and its context, which Swift passes one after the other.
typedef __attribute__((swiftcall)) void (*body_function)(long index, __attribute__((swift_context)) void *context);

// Work lies in its caller's frame until all helpers have left it.
struct job {
  body_function body;
  void *context;
  long count;
  atomic_long next;
  // Under the lock: helpers that may still join, those at work, and the job that came after.
  int wanted;
  int active;
  struct job *after;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t offered = PTHREAD_COND_INITIALIZER;
static pthread_cond_t left = PTHREAD_COND_INITIALIZER;
// Jobs that want helpers, oldest first, and how many threads there are.
static struct job *first;
static int threads;
// Rises with every job: what idle threads look at before they sleep.
static atomic_long jobs;

static void run(struct job *job) {
  while (1) {
    const long index = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed);
    if (index >= job->count) return;
    job->body(index, job->context);
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

static void *help(void *unused) {
  (void)unused;
  pthread_mutex_lock(&lock);
  while (1) {
    while (!first) {
      // Waking takes longer than some work does, and the next piece often follows at once.
      const long seen = atomic_load(&jobs);
      pthread_mutex_unlock(&lock);
      for (int i = 0; i < SPINS && atomic_load_explicit(&jobs, memory_order_relaxed) == seen; i++) pause_briefly();
      pthread_mutex_lock(&lock);
      if (!first && atomic_load(&jobs) == seen) pthread_cond_wait(&offered, &lock);
    }
    struct job *job = first;
    job->active++;
    if (--job->wanted == 0) withdraw(job);
    pthread_mutex_unlock(&lock);
    run(job);
    pthread_mutex_lock(&lock);
    if (--job->active == 0) pthread_cond_broadcast(&left);
  }
}

// Called under the lock.
static void start_threads(int count) {
  while (threads < count) {
    pthread_t thread;
    // Where no thread can be had the caller does the work alone.
    if (pthread_create(&thread, NULL, help, NULL) != 0) return;
    pthread_detach(thread);
    threads++;
  }
}

__attribute__((swiftcall)) void perceptual_share(body_function body, void *context, long count, long helpers) {
  struct job job = {.body = body, .context = context, .count = count, .wanted = (int)helpers};
  pthread_mutex_lock(&lock);
  start_threads(job.wanted);
  struct job **place = &first;
  while (*place) place = &(*place)->after;
  *place = &job;
  atomic_fetch_add(&jobs, 1);
  if (helpers == 1) pthread_cond_signal(&offered);
  else pthread_cond_broadcast(&offered);
  pthread_mutex_unlock(&lock);
  run(&job);
  pthread_mutex_lock(&lock);
  if (job.wanted > 0) withdraw(&job);
  while (job.active > 0) pthread_cond_wait(&left, &lock);
  pthread_mutex_unlock(&lock);
}
