#ifndef PERCEPTUAL_C_DISPATCH_H
#define PERCEPTUAL_C_DISPATCH_H

// Calls work(context, 0) ... work(context, count - 1), each once, on this thread and on up to `helpers` of Dispatch, and
// returns when all have ended. Allocates nothing but what Dispatch does to wake a thread that sleeps.
void perceptual_share(
    const void *context, void (*work)(const void *context, long index), long count, long helpers);

#endif
