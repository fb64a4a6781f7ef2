/*
 * A loss with its gradient, a mel spectrogram and an error, from C.
 *
 *     clang example.c -I Sources/CInterface/Header/include -L .build/release -lPerceptualC -lm && LD_LIBRARY_PATH=.build/release ./a.out
 */
#include <math.h>
#include <perceptual.h>
#include <stdio.h>
#include <stdlib.h>

enum { IMAGES = 2, SIDE = 192, PIXELS = IMAGES * SIDE * SIDE, SAMPLES = 16000 };

static float prediction[PIXELS], target[PIXELS], gradient[PIXELS], samples[SAMPLES];

/* Ends the program with the library's sentence where a call failed. */
static void check(int32_t status) {
  if (status == PERCEPTUAL_OK) return;
  fprintf(stderr, "%s\n", perceptual_message());
  exit(status);
}

/* MS-SSIM of two batches of one shape. A plan is made once and evaluated as often as there are batches. */
static void similarity(void) {
  for (int i = 0; i < PIXELS; i++) {
    target[i] = 0.5f + 0.4f * sinf(0.01f * (float)i);
    prediction[i] = target[i] + 0.05f * cosf(0.7f * (float)i);
  }
  const int64_t shape[4] = {IMAGES, 1, SIDE, SIDE};
  perceptual_plan *plan = NULL;
  check(perceptual_plan_make("ms-ssim", "{\"preset\": \"pytorch-msssim\"}", shape, 0, &plan));
  float values[IMAGES];
  /* NULL stands for: rows without gaps, an upstream gradient of ones, no gradient of the target. */
  check(perceptual_plan_evaluate(plan, prediction, NULL, target, NULL, NULL, values, gradient, NULL));
  perceptual_plan_free(plan);
  double norm = 0;
  for (int i = 0; i < PIXELS; i++) norm += (double)gradient[i] * gradient[i];
  for (int i = 0; i < IMAGES; i++) printf("MS-SSIM of image %d: %.6f\n", i, (double)values[i]);
  printf("norm of the gradient: %.3e\n", sqrt(norm));
}

/* Any operation of docs/fixtures.md: the shape of the result first, then the result into memory of that size. */
static void spectrogram(void) {
  for (int i = 0; i < SAMPLES; i++) samples[i] = 0.5f * sinf(0.17f * (float)i);
  const char *attributes = "{\"sampleRate\": 16000, \"windowLength\": 512, \"hop\": 128, \"mels\": 64}";
  const int64_t shape[1] = {SAMPLES};
  const perceptual_input input = {"signal", samples, 1, shape, NULL};
  int32_t rank = 0;
  int64_t extents[8];
  check(perceptual_operation_shape("melSpectrogram", attributes, &input, 1, "mel", &rank, extents));
  const int64_t count = extents[0] * extents[1];
  float *mel = (float *)malloc((size_t)count * sizeof(float));
  const perceptual_output output = {"mel", mel, count};
  check(perceptual_operation_run("melSpectrogram", attributes, &input, 1, NULL, 0, &output, 1, 0));
  int64_t loudest = 0;
  for (int64_t i = 0; i < count; i++) loudest = mel[i] > mel[loudest] ? i : loudest;
  printf("mel spectrogram: %d bands, %d frames, band %d is the loudest\n", (int)extents[0], (int)extents[1],
         (int)(loudest / extents[1]));
  free(mel);
}

int main(void) {
  printf("perceptual %s\n", perceptual_version());
  similarity();
  spectrogram();
  /* What does not fit is a status and a sentence. */
  const int64_t small[4] = {1, 1, 16, 16};
  perceptual_plan *plan = NULL;
  const int32_t status = perceptual_plan_make("ms-ssim", NULL, small, 0, &plan);
  printf("status %d: %s\n", (int)status, perceptual_message());
  return status == PERCEPTUAL_MALFORMED ? 0 : 1;
}
