/*
 * What Header/include/perceptual.h promises, checked. tools/c-interface/run compiles and runs it.
 *
 *     test WEIGHTS RECORDING FOLDER     # a checkpoint, a recording, and a folder for what is written
 */
#include <math.h>
#include <perceptual.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks, failures;

#define CHECK(condition, ...)                                                                                                         \
  do {                                                                                                                                \
    checks++;                                                                                                                         \
    if (!(condition)) {                                                                                                               \
      failures++;                                                                                                                     \
      fprintf(stderr, "test.c:%d: ", __LINE__);                                                                                       \
      fprintf(stderr, __VA_ARGS__);                                                                                                   \
      fprintf(stderr, " [last sentence: %s]\n", perceptual_message());                                                                \
    }                                                                                                                                 \
  } while (0)

/* That a call succeeds, or is refused with a status and a sentence that has these words. */
#define SUCCEEDS(call) CHECK((call) == PERCEPTUAL_OK, "%s fails", #call)
#define REFUSED(status, words, call)                                                                                                  \
  do {                                                                                                                                \
    const int32_t found = (call);                                                                                                     \
    CHECK(found == (status), "%s gives %d, not %d", #call, (int)found, (int)(status));                                                \
    CHECK(strstr(perceptual_message(), words), "%s does not say \"%s\"", #call, words);                                               \
  } while (0)

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define SAME(one, other, count) (memcmp(one, other, (size_t)(count) * sizeof *(one)) == 0)

static float *floats(int64_t count) {
  float *elements = calloc((size_t)count, sizeof(float));
  if (!elements) abort();
  return elements;
}

/* Numbers in [0, 1], the same in every run. */
static float *noise(int64_t count, uint32_t seed) {
  float *elements = floats(count);
  for (int64_t i = 0; i < count; i++) {
    seed = seed * 1664525u + 1013904223u;
    elements[i] = (float)(seed >> 8) / 16777216.0f;
  }
  return elements;
}

static int64_t elements_of(const int64_t shape[4]) { return shape[0] * shape[1] * shape[2] * shape[3]; }

static perceptual_plan *plan_of(const char *loss, const char *options, const int64_t shape[4], int32_t threads) {
  perceptual_plan *plan = NULL;
  SUCCEEDS(perceptual_plan_make(loss, options, shape, threads, &plan));
  if (!plan) exit(1);
  return plan;
}

/* ---- Losses ---- */

typedef struct {
  const char *loss, *options, *operation, *attributes;
  int64_t shape[4];
  int64_t values;
} loss_case;

static const loss_case LOSSES[] = {
    {"mse", NULL, "meanSquaredError", NULL, {3, 2, 16, 20}, 3},
    {"ssim", NULL, "structuralSimilarity", NULL, {2, 2, 32, 40}, 2},
    {"ssim", "{\"preset\": \"scikit-image-default\", \"dataRange\": 2}", "structuralSimilarity",
     "{\"windowSize\": 7, \"window\": \"uniform\", \"covariance\": \"sample\", \"dataRange\": 2}", {2, 1, 24, 25}, 2},
    {"ms-ssim", NULL, "multiScaleStructuralSimilarity", NULL, {2, 1, 176, 180}, 2},
    {"ms-ssim", "{\"weights\": [0.4, 0.6]}", "multiScaleStructuralSimilarity", "{\"weights\": [0.4, 0.6]}", {2, 3, 40, 41}, 2},
    {"nlpd", NULL, "normalizedLaplacianPyramidDistance", NULL, {2, 1, 72, 96}, 2},
    {"nlpd", "{\"family\": \"tensorflow\", \"pooling\": \"batch\"}", "normalizedLaplacianPyramidDistance",
     "{\"family\": \"tensorflow\", \"pooling\": \"batch\"}", {3, 1, 80, 72}, 1},
};

/* Plans and operations agree, and both give the same bits for any number of threads. */
static void losses(const loss_case *given) {
  const int64_t count = elements_of(given->shape), values = given->values;
  float *x = noise(count, 1), *y = noise(count, 2), *upstream = noise(values, 3);
  float *value = floats(values), *gradient = floats(count), *target_gradient = floats(count);
  for (int32_t threads = 0; threads <= 3; threads++) {
    perceptual_plan *plan = plan_of(given->loss, given->options, given->shape, threads);
    CHECK(perceptual_plan_value_count(plan) == values, "%s has %d values", given->loss, (int)perceptual_plan_value_count(plan));
    float *v = floats(values), *g = floats(count), *t = floats(count), *alone = floats(values), *once = floats(count);
    SUCCEEDS(perceptual_plan_evaluate(plan, x, NULL, y, NULL, upstream, v, g, t));
    if (threads == 0) {
      memcpy(value, v, (size_t)values * 4);
      memcpy(gradient, g, (size_t)count * 4);
      memcpy(target_gradient, t, (size_t)count * 4);
    }
    CHECK(SAME(value, v, values) && SAME(gradient, g, count) && SAME(target_gradient, t, count), "%s depends on %d threads", given->loss,
        (int)threads);
    SUCCEEDS(perceptual_plan_evaluate(plan, x, NULL, y, NULL, NULL, alone, NULL, NULL));
    for (int64_t i = 0; i < values; i++)
      CHECK(fabsf(alone[i] - v[i]) <= 1e-6f * fabsf(v[i]), "%s without a gradient is %.9g, with one %.9g", given->loss, alone[i], v[i]);
    SUCCEEDS(perceptual_plan_evaluate(plan, x, NULL, y, NULL, upstream, NULL, NULL, once));
    CHECK(SAME(t, once, count), "%s: the target's gradient alone differs", given->loss);
    SUCCEEDS(perceptual_plan_evaluate(plan, x, NULL, y, NULL, upstream, NULL, NULL, NULL));
    perceptual_plan_free(plan);
    free(v), free(g), free(t), free(alone), free(once);

    /* The operation of the same name, its loss and its gradients. */
    const perceptual_input inputs[] = {{"prediction", x, 4, given->shape, NULL}, {"target", y, 4, given->shape, NULL}};
    const perceptual_input cotangent = {"value", upstream, 1, &given->values, NULL};
    float *v2 = floats(values), *g2 = floats(count), *t2 = floats(count);
    const perceptual_output outputs[] = {{"value", v2, values}, {"gradient.prediction", g2, count}, {"gradient.target", t2, count}};
    SUCCEEDS(perceptual_operation_run(given->operation, given->attributes, inputs, 2, &cotangent, 1, outputs, 3, threads));
    for (int64_t i = 0; i < values; i++)
      CHECK(fabsf(v2[i] - value[i]) <= 1e-6f * fabsf(value[i]), "%s: the plan says %.9g, the operation %.9g", given->loss, value[i],
          v2[i]);
    float largest = 0, off = 0;
    for (int64_t i = 0; i < count; i++) {
      largest = fmaxf(largest, fabsf(gradient[i]));
      off = fmaxf(off, fmaxf(fabsf(g2[i] - gradient[i]), fabsf(t2[i] - target_gradient[i])));
    }
    CHECK(off <= 1e-5f * largest, "%s: gradients of plan and operation differ by %g of %g", given->loss, off, largest);
    free(v2), free(g2), free(t2);
  }
  free(x), free(y), free(upstream), free(value), free(gradient), free(target_gradient);
}

/* The gradients against central differences of the values. */
static void finite_differences(const char *loss) {
  const int64_t shape[4] = {1, 1, 13, 14}, count = elements_of(shape);
  float *images[2] = {noise(count, 4), noise(count, 5)}, *gradients[2] = {floats(count), floats(count)};
  perceptual_plan *plan = plan_of(loss, NULL, shape, 1);
  SUCCEEDS(perceptual_plan_evaluate(plan, images[0], NULL, images[1], NULL, NULL, NULL, gradients[0], gradients[1]));
  const float step = 1.0f / 64;
  for (int side = 0; side < 2; side++) {
    float largest = 0;
    double worst = 0;
    for (int64_t i = 0; i < count; i++) {
      const float kept = images[side][i];
      float above, below;
      images[side][i] = kept + step;
      SUCCEEDS(perceptual_plan_evaluate(plan, images[0], NULL, images[1], NULL, NULL, &above, NULL, NULL));
      images[side][i] = kept - step;
      SUCCEEDS(perceptual_plan_evaluate(plan, images[0], NULL, images[1], NULL, NULL, &below, NULL, NULL));
      images[side][i] = kept;
      largest = fmaxf(largest, fabsf(gradients[side][i]));
      worst = fmax(worst, fabs(((double)above - below) / (2 * step) - gradients[side][i]));
    }
    CHECK(largest > 0 && worst <= 0.01 * largest, "%s: a gradient is %g off, the largest is %g", loss, worst, (double)largest);
  }
  for (int side = 0; side < 2; side++) free(images[side]), free(gradients[side]);
  perceptual_plan_free(plan);
}

/* ---- Strides ---- */

/* Elements of a contiguous array laid out with strides; the address of the first one, its memory in *memory. */
static float *laid_out(const float *elements, const int64_t shape[4], const int64_t strides[4], float **memory) {
  int64_t low = 0, high = 0;
  for (int i = 0; i < 4; i++) *(strides[i] < 0 ? &low : &high) += strides[i] * (shape[i] - 1);
  *memory = floats(high - low + 1);
  for (int64_t i = 0; i < high - low + 1; i++) (*memory)[i] = NAN;
  float *first = *memory - low;
  int64_t i = 0;
  for (int64_t n = 0; n < shape[0]; n++)
    for (int64_t c = 0; c < shape[1]; c++)
      for (int64_t h = 0; h < shape[2]; h++)
        for (int64_t w = 0; w < shape[3]; w++) first[n * strides[0] + c * strides[1] + h * strides[2] + w * strides[3]] = elements[i++];
  return first;
}

static void strides(void) {
  const int64_t shape[4] = {2, 3, 12, 16}, count = elements_of(shape), unpadded[4] = {2, 3, 12, 16};
  /* [N, H, W, C]; gaps of columns, rows and images; upside down and mirrored; all of it; the axes in reverse; plain. */
  const int64_t layouts[][4] = {{576, 1, 48, 3},      {3 * 900, 900, 70, 4}, {576, 192, -16, 1},  {576, 192, 16, -1},
                                {-800, -260, -20, -1}, {1, 2, 6, 72},         {576, 192, 16, 1}};
  float *x = noise(count, 6), *y = noise(count, 7);
  static const struct {
    const char *loss, *operation;
  } losses_[] = {{"mse", "meanSquaredError"}, {"ssim", "structuralSimilarity"}, {"nlpd", "normalizedLaplacianPyramidDistance"}};
  for (size_t loss = 0; loss < COUNT(losses_); loss++) {
    float *plain = floats(count), *plain_target = floats(count), plain_values[2];
    const char *options = loss == 2 ? "{\"levels\": 2}" : NULL;
    perceptual_plan *plan = plan_of(losses_[loss].loss, options, shape, 2);
    SUCCEEDS(perceptual_plan_evaluate(plan, x, NULL, y, NULL, NULL, plain_values, plain, plain_target));
    for (size_t i = 0; i < COUNT(layouts); i++) {
      const size_t j = (i + loss) % COUNT(layouts);
      float *memory[2], *gradient = floats(count), *target = floats(count), values[2];
      const float *a = laid_out(x, shape, layouts[i], &memory[0]), *b = laid_out(y, shape, layouts[j], &memory[1]);
      SUCCEEDS(perceptual_plan_evaluate(plan, a, layouts[i], b, layouts[j], NULL, values, gradient, target));
      CHECK(SAME(plain_values, values, 2) && SAME(plain, gradient, count) && SAME(plain_target, target, count),
          "%s, layouts %d and %d: other bits",
            losses_[loss].loss, (int)i, (int)j);
      const perceptual_input inputs[] = {{"prediction", a, 4, unpadded, layouts[i]}, {"target", b, 4, unpadded, layouts[j]}};
      const perceptual_input contiguous[] = {{"prediction", x, 4, unpadded, NULL}, {"target", y, 4, unpadded, NULL}};
      float *gradients[2] = {floats(count), floats(count)}, run[2][2];
      for (int side = 0; side < 2; side++) {
        const perceptual_output outputs[] = {{"value", run[side], 2}, {"gradient.prediction", gradients[side], count}};
        SUCCEEDS(perceptual_operation_run(
            losses_[loss].operation, options, side ? inputs : contiguous, 2, NULL, 0, outputs, 2, 1));
      }
      CHECK(SAME(run[0], run[1], 2) && SAME(gradients[0], gradients[1], count), "%s, layout %d: other bits", losses_[loss].operation,
          (int)i);
      free(gradients[0]), free(gradients[1]), free(gradient), free(target), free(memory[0]), free(memory[1]);
    }
    perceptual_plan_free(plan);
    free(plain), free(plain_target);
  }
  free(x), free(y);

  /* One number for all, and upstream gradients with strides. */
  const float half = 0.5f, backwards[3] = {3, 2, 1}, forwards[3] = {1, 2, 3};
  const int64_t three = 3, still = 0, back = -1;
  float results[2][3], gradients[2][3];
  for (int side = 0; side < 2; side++) {
    const float halves[3] = {0.5f, 0.5f, 0.5f};
    const perceptual_input input = {"x", side ? &half : halves, 1, &three, side ? &still : NULL};
    const perceptual_input cotangent = {"y", side ? backwards + 2 : forwards, 1, &three, side ? &back : NULL};
    const perceptual_output outputs[] = {{"y", results[side], 3}, {"gradient.x", gradients[side], 3}};
    SUCCEEDS(perceptual_operation_run("tanh", NULL, &input, 1, &cotangent, 1, outputs, 2, 1));
  }
  CHECK(SAME(results[0], results[1], 3) && SAME(gradients[0], gradients[1], 3), "strides of 0 and -1: other bits");
}

/* ---- Threads ---- */

typedef struct {
  const perceptual_plan *plan;
  const float *x, *y;
  float value[2], *gradient;
  int failed;
} evaluation;

static void *evaluate(void *argument) {
  evaluation *own = argument;
  float *first = floats(2 * 3 * 48 * 48);
  for (int i = 0; i < 100; i++) {
    float value[2];
    own->failed |= perceptual_plan_evaluate(own->plan, own->x, NULL, own->y, NULL, NULL, value, own->gradient, NULL);
    if (i == 0) memcpy(first, own->gradient, 2 * 3 * 48 * 48 * 4), memcpy(own->value, value, sizeof value);
    own->failed |= !SAME(first, own->gradient, 2 * 3 * 48 * 48) || !SAME(value, own->value, 2);
  }
  free(first);
  return NULL;
}

static void *release(void *unused) {
  for (int i = 0; i < 300; i++) perceptual_release_memory();
  return unused;
}

static void one_plan_two_threads(void) {
  const int64_t shape[4] = {2, 3, 48, 48}, count = elements_of(shape);
  for (int32_t threads = 1; threads <= 2; threads++) {
    perceptual_plan *plan = plan_of("ssim", NULL, shape, threads);
    evaluation parts[2];
    pthread_t others[2], releasing;
    for (int i = 0; i < 2; i++) {
      parts[i] = (evaluation){plan, noise(count, 8 + (uint32_t)i), noise(count, 10 + (uint32_t)i), {0, 0}, floats(count), 0};
      pthread_create(&others[i], NULL, evaluate, &parts[i]);
    }
    pthread_create(&releasing, NULL, release, NULL);
    pthread_join(releasing, NULL);
    for (int i = 0; i < 2; i++) pthread_join(others[i], NULL);
    for (int i = 0; i < 2; i++) {
      float value[2], *gradient = floats(count);
      SUCCEEDS(perceptual_plan_evaluate(plan, parts[i].x, NULL, parts[i].y, NULL, NULL, value, gradient, NULL));
      CHECK(!parts[i].failed && SAME(value, parts[i].value, 2) && SAME(gradient, parts[i].gradient, count),
          "two threads on one plan: other bits");
      free(gradient), free((void *)parts[i].x), free((void *)parts[i].y), free(parts[i].gradient);
    }
    perceptual_plan_free(plan);
  }
}

static void *fail(void *argument) {
  char *sentence = argument;
  if (*perceptual_message()) strcpy(sentence, "a new thread has a message");
  else if (perceptual_recording_information("/no/such.wav", NULL, NULL, NULL) == PERCEPTUAL_MISSING)
    snprintf(sentence, 200, "%s", perceptual_message());
  return NULL;
}

static void messages(void) {
  const int64_t shape[4] = {1, 1, 4, 4};
  perceptual_plan *plan = NULL;
  CHECK(strcmp(perceptual_message(), "") == 0, "a message before any failure");
  REFUSED(PERCEPTUAL_USAGE, "psnr", perceptual_plan_make("psnr", NULL, shape, 1, &plan));
  char before[200], other[200] = "";
  snprintf(before, sizeof before, "%s", perceptual_message());
  pthread_t thread;
  pthread_create(&thread, NULL, fail, other);
  pthread_join(thread, NULL);
  CHECK(strstr(other, "/no/such.wav"), "the other thread says: %s", other);
  CHECK(strcmp(before, perceptual_message()) == 0, "another thread's failure changes the message");
  /* What succeeds leaves it. */
  plan = plan_of("mse", NULL, shape, 1);
  CHECK(strcmp(before, perceptual_message()) == 0, "a success changes the message");
  perceptual_plan_free(plan);
  perceptual_set_message("a sentence");
  CHECK(strcmp("a sentence", perceptual_message()) == 0, "the message is not what was set");
}

/* ---- What is refused ---- */

static void plans_refused(void) {
  const int64_t shape[4] = {1, 1, 16, 16};
  perceptual_plan *plan = NULL;
  REFUSED(PERCEPTUAL_USAGE, "loss: NULL", perceptual_plan_make(NULL, NULL, shape, 1, &plan));
  REFUSED(PERCEPTUAL_USAGE, "NULL", perceptual_plan_make("mse", NULL, NULL, 1, &plan));
  REFUSED(PERCEPTUAL_USAGE, "plan: NULL", perceptual_plan_make("mse", NULL, shape, 1, NULL));
  REFUSED(PERCEPTUAL_USAGE, "threads: -1", perceptual_plan_make("mse", NULL, shape, -1, &plan));
  REFUSED(PERCEPTUAL_USAGE, "threads: 1025", perceptual_plan_make("mse", NULL, shape, 1025, &plan));
  REFUSED(PERCEPTUAL_USAGE, "preset: \"no\"", perceptual_plan_make("ssim", "{\"preset\": \"no\"}", shape, 1, &plan));
  REFUSED(PERCEPTUAL_USAGE, "preset", perceptual_plan_make("mse", "{\"preset\": 3}", shape, 1, &plan));
  REFUSED(PERCEPTUAL_MALFORMED, "stranger", perceptual_plan_make("ssim", "{\"stranger\": 1}", shape, 1, &plan));
  REFUSED(PERCEPTUAL_MALFORMED, "dataRange", perceptual_plan_make("ssim", "{\"dataRange\": \"x\"}", shape, 1, &plan));
  static const char *const no_json[] = {"", "{", "[]", "nothing", "{\"dataRange\": 1", "{\"dataRange\": 1}}"};
  for (size_t i = 0; i < COUNT(no_json); i++)
    REFUSED(PERCEPTUAL_MALFORMED, "JSON", perceptual_plan_make("ssim", no_json[i], shape, 1, &plan));
  REFUSED(PERCEPTUAL_MALFORMED, "16x16", perceptual_plan_make("ms-ssim", NULL, shape, 1, &plan));
  const int64_t huge[][4] = {{INT64_MAX, 1, 1, 1}, {1, 1, INT64_C(1) << 40, 1}, {1, 1, -1, 4},
                             {INT64_C(1) << 32, 1, INT64_C(1) << 32, 1}};
  for (size_t i = 0; i < COUNT(huge); i++) {
    const int32_t status = perceptual_plan_make("mse", NULL, huge[i], 1, &plan);
    CHECK(status == PERCEPTUAL_USAGE, "shape %d gives %d", (int)i, (int)status);
  }
  const int64_t empty[4] = {1, 1, 0, 4};
  REFUSED(PERCEPTUAL_MALFORMED, "[1, 1, 0, 4]", perceptual_plan_make("mse", NULL, empty, 1, &plan));
  CHECK(plan == NULL, "a plan is made of what is refused");
  CHECK(perceptual_plan_value_count(NULL) == 0, "no plan has values");
  perceptual_plan_free(NULL);

  float *x = noise(256, 1), *gradient = floats(256), value;
  plan = plan_of("ssim", "{\"dataRange\": 255}", shape, 1);
  REFUSED(PERCEPTUAL_USAGE, "plan: NULL", perceptual_plan_evaluate(NULL, x, NULL, x, NULL, NULL, &value, gradient, NULL));
  REFUSED(PERCEPTUAL_USAGE, "prediction: NULL", perceptual_plan_evaluate(plan, NULL, NULL, x, NULL, NULL, &value, gradient, NULL));
  REFUSED(PERCEPTUAL_USAGE, "target: NULL", perceptual_plan_evaluate(plan, x, NULL, NULL, NULL, NULL, &value, gradient, NULL));
  SUCCEEDS(perceptual_plan_evaluate(plan, x, NULL, x, NULL, NULL, &value, gradient, NULL));
  CHECK(value == 1, "SSIM of equal images is %.9g", (double)value);
  perceptual_release_memory();
  SUCCEEDS(perceptual_plan_evaluate(plan, x, NULL, x, NULL, NULL, &value, gradient, NULL));
  CHECK(value == 1, "after the memory was given back SSIM is %.9g", (double)value);
  perceptual_plan_free(plan);
  free(x), free(gradient);
}

static void operations_refused(void) {
  const int64_t shape[2] = {2, 3}, many = 1;
  float x[6] = {0, 1, 2, 3, 4, 5}, y[6];
  const perceptual_input input = {"x", x, 2, shape, NULL};
  const perceptual_output output = {"y", y, 6}, gradient = {"gradient.x", y, 6};
#define RUN(status, words, inputs, count, cotangents, cotangent_count, outputs, output_count)                                         \
  REFUSED(status, words, perceptual_operation_run("tanh", NULL, inputs, count, cotangents, cotangent_count, outputs, output_count, 1))
  REFUSED(PERCEPTUAL_USAGE, "operation: NULL", perceptual_operation_run(NULL, NULL, &input, 1, NULL, 0, &output, 1, 1));
  REFUSED(PERCEPTUAL_USAGE, "\"tan\"", perceptual_operation_run("tan", NULL, &input, 1, NULL, 0, &output, 1, 1));
  REFUSED(PERCEPTUAL_USAGE, "threads", perceptual_operation_run("tanh", NULL, &input, 1, NULL, 0, &output, 1, -1));
  REFUSED(PERCEPTUAL_MALFORMED, "JSON", perceptual_operation_run("tanh", "{", &input, 1, NULL, 0, &output, 1, 1));
  REFUSED(PERCEPTUAL_MALFORMED, "slope", perceptual_operation_run("tanh", "{\"slope\": 1}", &input, 1, NULL, 0, &output, 1, 1));
  RUN(PERCEPTUAL_USAGE, "inputs: NULL", NULL, 1, NULL, 0, &output, 1);
  RUN(PERCEPTUAL_USAGE, "outputs: NULL", &input, 1, NULL, 0, NULL, 1);
  RUN(PERCEPTUAL_USAGE, "cotangents: NULL", &input, 1, NULL, 1, &gradient, 1);
  RUN(PERCEPTUAL_USAGE, "inputs: ", &input, SIZE_MAX, NULL, 0, &output, 1);
  RUN(PERCEPTUAL_USAGE, "outputs: ", &input, 1, NULL, 0, &output, SIZE_MAX);
  RUN(PERCEPTUAL_USAGE, "cotangents: ", &input, 1, NULL, SIZE_MAX, &gradient, 1);
  RUN(PERCEPTUAL_MALFORMED, "missing", NULL, 0, NULL, 0, &output, 1);
  const struct {
    int32_t status;
    const char *words;
    perceptual_input input;
  } inputs[] = {
      {PERCEPTUAL_USAGE, "NULL", {NULL, x, 2, shape, NULL}},
      {PERCEPTUAL_USAGE, "NULL", {"x", NULL, 2, shape, NULL}},
      {PERCEPTUAL_USAGE, "NULL", {"x", x, 2, NULL, NULL}},
      {PERCEPTUAL_USAGE, "axes", {"x", x, 9, shape, NULL}},
      {PERCEPTUAL_USAGE, "axes", {"x", x, -1, shape, NULL}},
      {PERCEPTUAL_USAGE, "z", {"z", x, 2, shape, NULL}},
  };
  for (size_t i = 0; i < COUNT(inputs); i++) RUN(inputs[i].status, inputs[i].words, &inputs[i].input, 1, NULL, 0, &output, 1);
  const int64_t impossible[][2] = {{-1, 3}, {0, 3}, {INT64_C(1) << 40, 3}, {INT64_MAX, INT64_MAX}, {INT64_MIN, 1}};
  for (size_t i = 0; i < COUNT(impossible); i++) {
    const perceptual_input wrong = {"x", x, 2, impossible[i], NULL};
    RUN(i == 1 ? PERCEPTUAL_MALFORMED : PERCEPTUAL_USAGE, "x", &wrong, 1, NULL, 0, &output, 1);
  }
  const perceptual_input twice[] = {input, input};
  RUN(PERCEPTUAL_USAGE, "twice", twice, 2, NULL, 0, &output, 1);
  const struct {
    const char *words;
    perceptual_output output;
  } outputs[] = {
      {"NULL", {NULL, y, 6}}, {"NULL", {"y", NULL, 6}}, {"z", {"z", y, 6}}, {"room for 5", {"y", y, 5}}, {"room for 7", {"y", y, 7}},
      {"room for -1", {"y", y, -1}}, {"gradient.z", {"gradient.z", y, 6}},
  };
  for (size_t i = 0; i < COUNT(outputs); i++) RUN(PERCEPTUAL_USAGE, outputs[i].words, &input, 1, NULL, 0, &outputs[i].output, 1);
  const perceptual_input cotangents[] = {{"y", x, 1, &many, NULL}, {"z", x, 2, shape, NULL}, {NULL, x, 2, shape, NULL},
                                         {"y", NULL, 2, shape, NULL}};
  RUN(PERCEPTUAL_MALFORMED, "shape", &input, 1, &cotangents[0], 1, &gradient, 1);
  for (int i = 1; i < 4; i++) RUN(PERCEPTUAL_USAGE, i == 1 ? "z" : "NULL", &input, 1, &cotangents[i], 1, &gradient, 1);

  int32_t rank = -1;
  int64_t extents[8];
  REFUSED(PERCEPTUAL_USAGE, "operation: NULL", perceptual_operation_shape(NULL, NULL, &input, 1, "y", &rank, extents));
  REFUSED(PERCEPTUAL_USAGE, "output: NULL", perceptual_operation_shape("tanh", NULL, &input, 1, NULL, &rank, extents));
  REFUSED(PERCEPTUAL_USAGE, "rank: NULL", perceptual_operation_shape("tanh", NULL, &input, 1, "y", NULL, extents));
  REFUSED(PERCEPTUAL_USAGE, "shape: NULL", perceptual_operation_shape("tanh", NULL, &input, 1, "y", &rank, NULL));
  REFUSED(PERCEPTUAL_USAGE, "inputs: NULL", perceptual_operation_shape("tanh", NULL, NULL, 1, "y", &rank, extents));
  REFUSED(PERCEPTUAL_USAGE, "\"z\"", perceptual_operation_shape("tanh", NULL, &input, 1, "z", &rank, extents));
  /* An array of more axes than the eight there is room for. */
  int64_t nine[9] = {7, 7, 7, 7, 7, 7, 7, 7, 7};
  const int32_t status = perceptual_operation_shape(
      "normalInitialization", "{\"shape\": [1,1,1,1,1,1,1,1,1], \"deviation\": 1, \"seed\": 0, \"index\": 0}", NULL, 0, "values",
      &rank, nine);
  CHECK(status == PERCEPTUAL_USAGE || status == PERCEPTUAL_MALFORMED, "nine axes give %d", (int)status);
  CHECK(nine[8] == 7, "a ninth axis is written behind the eight");
}

/* ---- Operations ---- */

static void operations(void) {
  /* The elements are not read. */
  const char *attributes = "{\"sampleRate\": 16000, \"windowLength\": 256, \"hop\": 64, \"mels\": 20}";
  const int64_t length = 4000;
  perceptual_input signal = {"signal", NULL, 1, &length, NULL};
  int32_t rank = -1;
  int64_t extents[8];
  SUCCEEDS(perceptual_operation_shape("melSpectrogram", attributes, &signal, 1, "mel", &rank, extents));
  CHECK(rank == 2 && extents[0] == 20 && extents[1] == 1 + (4000 - 256) / 64, "mel has shape [%d, %d]", (int)extents[0], (int)extents[1]);
  SUCCEEDS(perceptual_operation_shape("melSpectrogram", attributes, &signal, 1, "gradient.signal", &rank, extents));
  CHECK(rank == 1 && extents[0] == 4000, "the gradient has shape [%d]", (int)extents[0]);
  const int64_t count = 20 * 59;
  float *samples = noise(length, 12), *mel[3] = {floats(count), floats(count), floats(count)};
  float *gradient[3] = {floats(length), floats(length), floats(length)}, *upstream = noise(count, 13);
  signal.elements = samples;
  const int64_t mel_shape[2] = {20, 59};
  const perceptual_input cotangent = {"mel", upstream, 2, mel_shape, NULL};
  for (int i = 0; i < 3; i++) {
    const perceptual_output outputs[] = {{"gradient.signal", gradient[i], length}, {"mel", mel[i], count}};
    SUCCEEDS(perceptual_operation_run("melSpectrogram", attributes, &signal, 1, &cotangent, 1, outputs, 2, i + 1));
    CHECK(SAME(mel[0], mel[i], count) && SAME(gradient[0], gradient[i], length), "melSpectrogram depends on %d threads", i + 1);
  }
  /* A cotangent that is left out counts as zeros. */
  const perceptual_output zero = {"gradient.signal", gradient[1], length};
  SUCCEEDS(perceptual_operation_run("melSpectrogram", attributes, &signal, 1, NULL, 0, &zero, 1, 1));
  float sum = 0;
  for (int64_t i = 0; i < length; i++) sum += fabsf(gradient[1][i]);
  CHECK(sum == 0, "without an upstream gradient the gradient is not zero");
  /* Nothing wanted, nothing done; nothing taken, where an operation takes nothing. */
  SUCCEEDS(perceptual_operation_run("melSpectrogram", attributes, &signal, 1, NULL, 0, NULL, 0, 1));
  float values[4];
  const perceptual_output drawn = {"values", values, 4};
  SUCCEEDS(perceptual_operation_run(
      "uniformNoise", "{\"key\": [\"1\", \"2\"], \"counter\": [\"0\", \"0\", \"0\", \"0\"], \"count\": 4}", NULL, 0, NULL, 0, &drawn,
      1, 1));
  for (int i = 0; i < 4; i++) CHECK(values[i] >= 0 && values[i] < 1, "a uniform number is %g", (double)values[i]);
  /* An array without axes. */
  const float one = 1;
  float result;
  const perceptual_input scalar = {"x", &one, 0, NULL, NULL};
  const perceptual_output to = {"y", &result, 1};
  SUCCEEDS(perceptual_operation_run("tanh", NULL, &scalar, 1, NULL, 0, &to, 1, 1));
  CHECK(fabsf(result - tanhf(1)) < 1e-6f, "tanh of 1 is %g", (double)result);
  /* Results that are asked for twice are given twice. */
  float again;
  const perceptual_output both[] = {{"y", &result, 1}, {"y", &again, 1}};
  SUCCEEDS(perceptual_operation_run("tanh", NULL, &scalar, 1, NULL, 0, both, 2, 1));
  CHECK(result == again, "one output in two places differs");
  /* A class that is none. */
  const float logits[2] = {0, 0}, class = 2;
  const int64_t logits_shape[2] = {1, 2}, class_shape = 1;
  const perceptual_input classes[] = {{"logits", logits, 2, logits_shape, NULL}, {"classes", &class, 1, &class_shape, NULL}};
  const perceptual_output loss = {"value", &result, 1};
  REFUSED(PERCEPTUAL_MALFORMED, "class", perceptual_operation_run("categoricalCrossEntropy", NULL, classes, 2, NULL, 0, &loss, 1, 1));
  for (int i = 0; i < 3; i++) free(mel[i]), free(gradient[i]);
  free(samples), free(upstream);
}

/* ---- Recordings ---- */

static const char *path_of(const char *folder, const char *name) {
  static char paths[8][4096];
  static int last;
  last = (last + 1) % 8;
  snprintf(paths[last], sizeof paths[last], "%s/%s", folder, name);
  return paths[last];
}

static void recordings(const char *folder) {
  enum { CHANNELS = 2, FRAMES = 3000 };
  static const char *const names[] = {"a.wav", "a.flac"};
  float *samples = floats(CHANNELS * FRAMES), *read = floats(CHANNELS * FRAMES);
  for (int i = 0; i < CHANNELS * FRAMES; i++) samples[i] = 0.6f * sinf(0.05f * (float)i) - (i < FRAMES ? 0.1f : 0);
  int32_t rate = 0, channels = 0;
  int64_t frames = 0;
  for (size_t i = 0; i < COUNT(names); i++) {
    const char *path = path_of(folder, names[i]);
    SUCCEEDS(perceptual_recording_write(path, samples, CHANNELS, FRAMES, 44100));
    SUCCEEDS(perceptual_recording_information(path, &rate, &channels, &frames));
    CHECK(rate == 44100 && channels == CHANNELS && frames == FRAMES, "%s has %d, %d, %d", path, (int)rate, (int)channels, (int)frames);
    SUCCEEDS(perceptual_recording_read(path, 0, FRAMES, CHANNELS, read));
    for (int j = 0; j < CHANNELS * FRAMES; j++)
      if (fabsf(read[j] - samples[j]) > 1.0f / 32768) {
        CHECK(0, "sample %d of %s is %g, not %g", j, path, (double)read[j], (double)samples[j]);
        break;
      }
    float part[2 * 7];
    SUCCEEDS(perceptual_recording_read(path, FRAMES - 7, 7, CHANNELS, part));
    CHECK(SAME(part, read + FRAMES - 7, 7) && SAME(part + 7, read + 2 * FRAMES - 7, 7), "the last frames of %s differ", path);
    const struct {
      int64_t from, count;
      int32_t channels;
      const char *words;
    } wrong[] = {{-1, 1, 2, "frames"}, {0, 0, 2, "frames"},  {FRAMES, 1, 2, "frames"},         {0, FRAMES + 1, 2, "frames"},
                 {0, -1, 2, "frames"}, {0, 1, 1, "channels"}, {INT64_MAX, INT64_MAX, 2, "frames"}, {0, INT64_MAX, 2, "frames"}};
    for (size_t j = 0; j < COUNT(wrong); j++)
      REFUSED(PERCEPTUAL_USAGE, wrong[j].words, perceptual_recording_read(path, wrong[j].from, wrong[j].count, wrong[j].channels, read));
    REFUSED(PERCEPTUAL_USAGE, "samples: NULL", perceptual_recording_read(path, 0, 1, CHANNELS, NULL));
  }
  REFUSED(PERCEPTUAL_USAGE, "path: NULL", perceptual_recording_information(NULL, &rate, &channels, &frames));
  REFUSED(PERCEPTUAL_USAGE, "path: NULL", perceptual_recording_read(NULL, 0, 1, 1, read));
  REFUSED(PERCEPTUAL_USAGE, "path: NULL", perceptual_recording_write(NULL, samples, 1, 1, 8000));
  REFUSED(PERCEPTUAL_MISSING, "none.wav", perceptual_recording_information(path_of(folder, "none.wav"), &rate, &channels, &frames));
  REFUSED(PERCEPTUAL_MISSING, "none.wav", perceptual_recording_read(path_of(folder, "none.wav"), 0, 1, 1, read));
  const char *path = path_of(folder, "b.wav");
  REFUSED(PERCEPTUAL_USAGE, "samples: NULL", perceptual_recording_write(path, NULL, 1, 1, 8000));
  REFUSED(PERCEPTUAL_USAGE, "channels: 0", perceptual_recording_write(path, samples, 0, 1, 8000));
  REFUSED(PERCEPTUAL_USAGE, "frames: 0", perceptual_recording_write(path, samples, 1, 0, 8000));
  REFUSED(PERCEPTUAL_USAGE, "rate: 0", perceptual_recording_write(path, samples, 1, 1, 0));
  REFUSED(PERCEPTUAL_USAGE, "frames", perceptual_recording_write(path, samples, 2, INT64_MAX, 8000));
  REFUSED(PERCEPTUAL_CANNOT_CREATE, "none", perceptual_recording_write(path_of(folder, "none/b.wav"), samples, 1, 1, 8000));
  CHECK(perceptual_recording_write(path_of(folder, "b.xyz"), samples, 1, 1, 8000) != 0, "a recording of no format is written");
  FILE *file = fopen(path, "wb");
  if (!file || fputs("no recording", file) < 0) abort();
  fclose(file);
  REFUSED(PERCEPTUAL_MALFORMED, "b.wav", perceptual_recording_information(path, &rate, &channels, &frames));
  free(samples), free(read);
}

/* ---- Models ---- */

static void models(const char *weights, const char *recording, const char *folder) {
  perceptual_model *model = NULL;
  REFUSED(PERCEPTUAL_USAGE, "path: NULL", perceptual_model_read(NULL, &model));
  REFUSED(PERCEPTUAL_USAGE, "model: NULL", perceptual_model_read(weights, NULL));
  REFUSED(PERCEPTUAL_MISSING, "none", perceptual_model_read(path_of(folder, "none.safetensors"), &model));
  REFUSED(PERCEPTUAL_MALFORMED, "a.wav", perceptual_model_read(path_of(folder, "a.wav"), &model));
  CHECK(model == NULL, "a model of what is refused");
  perceptual_model_free(NULL);
  SUCCEEDS(perceptual_model_read(weights, &model));
  if (!model) exit(1);

  const int64_t shape[4] = {2, 1, 32, 48}, count = elements_of(shape);
  float *pictures = noise(count, 20), *results[4];
  static const char *const statistics[] = {"running", "batch"}, *const quantisations[] = {"soft", "hard"};
  for (int i = 0; i < 4; i++) {
    results[i] = floats(count);
    SUCCEEDS(perceptual_model_reconstruct(model, pictures, shape, statistics[i / 2], quantisations[i % 2], 1, results[i]));
    for (int64_t j = 0; j < count; j++)
      if (!(results[i][j] >= 0 && results[i][j] <= 1)) {
        CHECK(0, "a reconstruction is %g", (double)results[i][j]);
        break;
      }
    for (int j = 0; j < i; j++) CHECK(!SAME(results[i], results[j], count), "reconstructions %d and %d are the same", i, j);
    for (int32_t threads = 2; threads <= 3; threads++) {
      float *again = floats(count);
      SUCCEEDS(perceptual_model_reconstruct(model, pictures, shape, statistics[i / 2], quantisations[i % 2], threads, again));
      CHECK(SAME(results[i], again, count), "reconstructions depend on %d threads", (int)threads);
      free(again);
    }
  }
#define RECONSTRUCT(words, model, pictures, shape, statistics, quantisation, threads, results)                                        \
  REFUSED(PERCEPTUAL_USAGE, words, perceptual_model_reconstruct(model, pictures, shape, statistics, quantisation, threads, results))
  RECONSTRUCT("model: NULL", NULL, pictures, shape, "running", "soft", 1, results[0]);
  RECONSTRUCT("pictures: NULL", model, NULL, shape, "running", "soft", 1, results[0]);
  RECONSTRUCT("NULL", model, pictures, NULL, "running", "soft", 1, results[0]);
  RECONSTRUCT("statistics: NULL", model, pictures, shape, NULL, "soft", 1, results[0]);
  RECONSTRUCT("quantisation: NULL", model, pictures, shape, "running", NULL, 1, results[0]);
  RECONSTRUCT("reconstructions: NULL", model, pictures, shape, "running", "soft", 1, NULL);
  RECONSTRUCT("\"walking\"", model, pictures, shape, "walking", "soft", 1, results[0]);
  RECONSTRUCT("\"firm\"", model, pictures, shape, "running", "firm", 1, results[0]);
  RECONSTRUCT("threads: -1", model, pictures, shape, "running", "soft", -1, results[0]);
  const int64_t wrong[][4] = {{1, 1, 17, 16}, {1, 2, 16, 16}, {0, 1, 16, 16}, {1, 1, 0, 16}, {1, 1, -16, 16},
                              {1, 1, INT64_C(1) << 40, 16}};
  for (size_t i = 0; i < COUNT(wrong); i++) RECONSTRUCT("pictures", model, pictures, wrong[i], "running", "soft", 1, results[0]);
  const int64_t one[4] = {1, 1, 16, 16};
  RECONSTRUCT("batch", model, pictures, one, "batch", "soft", 1, results[0]);
  SUCCEEDS(perceptual_model_reconstruct(model, pictures, one, "running", "soft", 1, results[0]));

  /* Half a second of the recording. */
  int32_t rate = 0, channels = 0;
  int64_t frames = 0;
  SUCCEEDS(perceptual_recording_information(recording, &rate, &channels, &frames));
  const int64_t half = rate / 2;
  float *samples = floats(channels * half);
  SUCCEEDS(perceptual_recording_read(recording, 0, half, channels, samples));
  SUCCEEDS(perceptual_recording_write(path_of(folder, "half.wav"), samples, channels, half, rate));
  SUCCEEDS(perceptual_model_encode(model, path_of(folder, "half.wav"), path_of(folder, "half.code")));
  SUCCEEDS(perceptual_model_decode(model, path_of(folder, "half.code"), path_of(folder, "decoded.wav")));
  SUCCEEDS(perceptual_recording_information(path_of(folder, "decoded.wav"), &rate, &channels, &frames));
  CHECK(rate > 0 && channels > 0 && llabs(frames - rate / 2) <= rate / 50, "%d frames are decoded of half a second", (int)frames);
  REFUSED(PERCEPTUAL_USAGE, "model: NULL", perceptual_model_encode(NULL, recording, path_of(folder, "b.code")));
  REFUSED(PERCEPTUAL_USAGE, "recording: NULL", perceptual_model_encode(model, NULL, path_of(folder, "b.code")));
  REFUSED(PERCEPTUAL_USAGE, "code: NULL", perceptual_model_encode(model, path_of(folder, "half.wav"), NULL));
  REFUSED(PERCEPTUAL_MISSING, "none.wav", perceptual_model_encode(model, path_of(folder, "none.wav"), path_of(folder, "b.code")));
  REFUSED(PERCEPTUAL_CANNOT_CREATE, "none", perceptual_model_encode(model, path_of(folder, "half.wav"), path_of(folder, "none/b.code")));
  REFUSED(PERCEPTUAL_USAGE, "model: NULL", perceptual_model_decode(NULL, path_of(folder, "half.code"), path_of(folder, "b.wav")));
  REFUSED(PERCEPTUAL_USAGE, "code: NULL", perceptual_model_decode(model, NULL, path_of(folder, "b.wav")));
  REFUSED(PERCEPTUAL_USAGE, "recording: NULL", perceptual_model_decode(model, path_of(folder, "half.code"), NULL));
  REFUSED(PERCEPTUAL_MISSING, "none.code", perceptual_model_decode(model, path_of(folder, "none.code"), path_of(folder, "b.wav")));
  REFUSED(PERCEPTUAL_MALFORMED, "half.wav", perceptual_model_decode(model, path_of(folder, "half.wav"), path_of(folder, "b.wav")));
  perceptual_model_free(model);
  for (int i = 0; i < 4; i++) free(results[i]);
  free(pictures), free(samples);
}

int main(int count, char **arguments) {
  if (count != 4) {
    fprintf(stderr, "test WEIGHTS RECORDING FOLDER\n");
    return PERCEPTUAL_USAGE;
  }
  messages();
  int parts[3];
  CHECK(sscanf(perceptual_version(), "%d.%d.%d", &parts[0], &parts[1], &parts[2]) == 3, "the version is %s", perceptual_version());
  for (size_t i = 0; i < COUNT(LOSSES); i++) losses(&LOSSES[i]);
  finite_differences("mse");
  finite_differences("ssim");
  strides();
  one_plan_two_threads();
  plans_refused();
  operations_refused();
  operations();
  recordings(arguments[3]);
  models(arguments[1], arguments[2], arguments[3]);
  perceptual_release_memory();
  printf("C interface: %d checks, %d failed\n", checks, failures);
  return failures != 0;
}
