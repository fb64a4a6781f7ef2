#ifndef PERCEPTUAL_C_TILES_H
#define PERCEPTUAL_C_TILES_H

// Matrix products on tiles of bf16 numbers (Intel's AMX), for which Swift has no operations.
//
// A tile is a kibibyte. A left factor holds sixteen rows of thirty-two depths; a right factor sixteen rows of two depths for
// each of sixteen columns, the earlier depth first; sums are sixteen rows of sixteen floats. Factors are rounded to nearest,
// ties to even, subnormal floats to 0. Every pointer is on 64 bytes, pitches are in bytes.

// Whether the processor has such tiles of bf16 numbers and the system lets this process use them.
int perceptual_processor_has_tiles(void);

// sums[m][n] (accumulates: +=) the sum over k < depths of a[m][k] b[n][k]: tiles, `aPitch`, `bPitch`, `rowPitch` and
// `columnPitch` apart; those of successive k follow each other. `columns` is even. Sums are in single precision: of a pair of
// tiles those of the earlier and of the later depths of each two, then both, then what was there, each rounded. Sums under
// 2^-126 are 0.
void perceptual_tiles_multiply(
    const void *a, long aPitch, const void *b, long bPitch, float *sums, long rowPitch, long columnPitch, long rows,
    long columns, long depths, int accumulates);

// Rows of sixteen floats as one half (0 or 1) of the depths of left factors, sixteen rows a tile, tiles `pitch` apart; zeros
// beyond the last row.
void perceptual_tiles_left(const float *x, long rows, void *factors, long half, long pitch);

// Columns instead, with the rows as depths, thirty-two a tile: for left factors, and for right ones. Zeros beyond the last row.
void perceptual_tiles_left_columns(const float *x, long rows, void *factors);
void perceptual_tiles_right(const float *x, long rows, void *factors);

// Sixteen depths of `columns` columns, [16][columns], as one half (0 or 1) of the depths of right factors, sixteen columns a
// tile, tiles `pitch` apart.
void perceptual_tiles_right_half(const float *x, long columns, void *factors, long half, long pitch);

#endif
