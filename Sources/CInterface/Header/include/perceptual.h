/*
 * Losses, metrics, the audio front end and trained networks of the package "perceptual".
 *
 * Every function that can fail returns a status, 0 where all went well; perceptual_message() then says in one sentence what, where and
 * what to do. No argument ends the process; memory too small for what is said of it is the caller's fault.
 *
 * Numbers are single precision. Memory is the caller's: nothing that is handed in is kept after the call, but plans and models, which
 * their own functions give back. Plans and models may be used by several threads at once. Results are the same bits for any number of
 * threads.
 */
#ifndef PERCEPTUAL_H
#define PERCEPTUAL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Statuses, the exit codes of the command line. */
enum {
  PERCEPTUAL_OK = 0,
  PERCEPTUAL_NOT_FINITE = 3,     /* a number that is none was met where one is needed */
  PERCEPTUAL_USAGE = 64,         /* an argument makes no sense */
  PERCEPTUAL_MALFORMED = 65,     /* a shape, an attribute or a file does not fit */
  PERCEPTUAL_MISSING = 66,       /* a file is not there */
  PERCEPTUAL_CANNOT_CREATE = 73, /* a file cannot be made */
  PERCEPTUAL_INPUT_OUTPUT = 74   /* reading or writing failed midway */
};

/* The sentence of the calling thread's last call that failed, in UTF-8; "" before. Valid until the thread's next call that fails. */
const char *perceptual_message(void);

/* The package's version, such as "0.1.0". */
const char *perceptual_version(void);

/* Gives back the memory that is kept from call to call, of which plans hold what they need and at most 256 MB are kept
 * besides, and tables of up to 64 MB a kind; later calls make anew what they need. */
void perceptual_release_memory(void);

/* ---- Losses of images, again and again ---------------------------------------------------------------------------------------- */

/* A loss of pairs of images [N, C, H, W] of one shape, worked out once. On one thread an evaluation of contiguous images allocates
   nothing. */
typedef struct perceptual_plan perceptual_plan;

/*
 * Makes a plan.
 *
 * loss      "mse", "ssim", "ms-ssim" or "nlpd". ssim and ms-ssim are similarities, 1 for equal images.
 * options   a JSON object of the loss's attributes in docs/fixtures.md, such as {"family": "matlab"}, {"dataRange": 255}; or of
 *           {"preset": NAME} and attributes that change it, the names being those of `perceptual metric`. NULL: the defaults.
 * shape     N, C, H, W.
 * threads   1 to 1024; 0: as many as the machine has processors.
 */
int32_t perceptual_plan_make(
    const char *loss, const char *options, const int64_t shape[4], int32_t threads, perceptual_plan **plan);

/* Gives a plan back; NULL is allowed. */
void perceptual_plan_free(perceptual_plan *plan);

/* How many values an evaluation gives: N, or 1 where a loss is pooled over the batch. */
int64_t perceptual_plan_value_count(const perceptual_plan *plan);

/*
 * The values, and the gradients of sum(upstream x value).
 *
 * prediction, target      images; their strides are four numbers of elements, any sign; NULL: row by row without gaps
 * upstream                one number a value; NULL: ones
 * values                  one number a value; NULL: not wanted
 * prediction_gradient,    as many numbers as an image batch has, row by row without gaps; NULL: not wanted
 * target_gradient
 *
 * Outputs may not overlap the inputs or one another.
 */
int32_t perceptual_plan_evaluate(
    const perceptual_plan *plan, const float *prediction, const int64_t *prediction_strides, const float *target,
    const int64_t *target_strides, const float *upstream, float *values, float *prediction_gradient, float *target_gradient);

/* ---- Every operation ---------------------------------------------------------------------------------------------------------- */

/* A named array. */
typedef struct {
  const char *name;       /* by docs/fixtures.md, such as "signal" */
  const float *elements;
  int32_t rank;           /* 0 to 8 */
  const int64_t *shape;   /* rank numbers */
  const int64_t *strides; /* rank numbers of elements, any sign; NULL: row by row without gaps */
} perceptual_input;

/* A named place for a result, row by row without gaps. */
typedef struct {
  const char *name;  /* an output such as "mel", or a gradient such as "gradient.signal" */
  float *elements;
  int64_t count;     /* how many numbers there is room for: as many as the result has */
} perceptual_output;

/*
 * Runs an operation of docs/fixtures.md: network layers, losses, STFT, mel, log scaling, inverse mel, Griffin-Lim, resampling, Bark.
 *
 * attributes   a JSON object; NULL: the defaults
 * cotangents   upstream gradients by the names of outputs, for gradients among the results; those left out count as zeros, or as ones
 *              for the "value" of a loss
 * outputs      the results wanted, outputs and gradients
 * threads      as in perceptual_plan_make
 */
int32_t perceptual_operation_run(
    const char *operation, const char *attributes, const perceptual_input *inputs, size_t input_count,
    const perceptual_input *cotangents, size_t cotangent_count, const perceptual_output *outputs, size_t output_count,
    int32_t threads);

/* The shape that an output or a gradient would have: rank, at most 8, and that many numbers. The inputs' elements are not read, and may
   be NULL. */
int32_t perceptual_operation_shape(
    const char *operation, const char *attributes, const perceptual_input *inputs, size_t input_count, const char *output,
    int32_t *rank, int64_t shape[8]);

/* ---- Recordings --------------------------------------------------------------------------------------------------------------- */

/* What a recording is: samples a second, channels, and frames (samples of one channel); NULL: not wanted. WAV, FLAC, Ogg, Opus, MP3,
   AIFF and more. */
int32_t perceptual_recording_information(const char *path, int32_t *rate, int32_t *channels, int64_t *frames);

/* Reads `frames` frames from frame `from` on into samples[channels][frames], from -1 to 1. */
int32_t perceptual_recording_read(const char *path, int64_t from, int64_t frames, int32_t channels, float *samples);

/* Writes samples[channels][frames]; the suffix of the path chooses the format, .wav or .flac. */
int32_t perceptual_recording_write(const char *path, const float *samples, int32_t channels, int64_t frames, int32_t rate);

/* ---- Trained autoencoders ----------------------------------------------------------------------------------------------------- */

/* A network of a checkpoint. */
typedef struct perceptual_model perceptual_model;

/* Reads a checkpoint of `perceptual train`. */
int32_t perceptual_model_read(const char *path, perceptual_model **model);
void perceptual_model_free(perceptual_model *model);

/*
 * Pictures [N, 1, H, W] in [0, 1] through the network, H and W multiples of 16.
 *
 * statistics     "running", or "batch": of these pictures together
 * quantisation   "soft" or "hard"
 */
int32_t perceptual_model_reconstruct(
    const perceptual_model *model, const float *pictures, const int64_t shape[4], const char *statistics,
    const char *quantisation, int32_t threads, float *reconstructions);

/* As `perceptual encode --entropy-coded` and `perceptual decode`: a recording into a code, and back. */
int32_t perceptual_model_encode(const perceptual_model *model, const char *recording, const char *code);
int32_t perceptual_model_decode(const perceptual_model *model, const char *code, const char *recording);

/* Of the library itself: sets what perceptual_message() says. */
void perceptual_set_message(const char *message);

#ifdef __cplusplus
}
#endif
#endif
