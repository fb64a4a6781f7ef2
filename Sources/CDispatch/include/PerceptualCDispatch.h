#ifndef PERCEPTUAL_C_DISPATCH_H
#define PERCEPTUAL_C_DISPATCH_H

// Calls work(context, 0) ... work(context, count - 1), each once, on this thread and on up to `helpers` of Dispatch, and
// returns when all have ended. Allocates nothing but what Dispatch does to wake a thread that sleeps.
void perceptual_share(
    const void *context, void (*work)(const void *context, long index), long count, long helpers);

// Between the two calls the process is not forked; a thread may nest them. A child of fork has one thread and works on
// that alone.
void perceptual_delay_forks(void);
void perceptual_admit_forks(void);

#endif
