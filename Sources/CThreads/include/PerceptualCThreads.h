#ifndef PERCEPTUAL_C_THREADS_H
#define PERCEPTUAL_C_THREADS_H

// Threads that wait for work and outlive it. Execution.forEach calls
//
//     perceptual_share(body, count, helpers)
//
// body(0) ... body(count - 1), each once, by the caller and up to `helpers` others, and returns when all have ended.
// Nothing is allocated but the threads themselves, when they are first asked for. Swift declares the function itself:
// as here it would need a block or a C function, and a closure that does not escape becomes neither without allocating.

#endif
