/*
 * Calls the C interface with arguments that make sense and with such that do not; tools/reliability/fuzz-c runs it.
 *
 *     fuzz SEED FIRST COUNT STATE FOLDER WEIGHTS RECORDING...
 *
 * Line N of a seed is always the same. Before a call it is written into the file STATE, which survives a crash: line, lines tried,
 * calls that succeeded, calls refused, and the text of the line. Memory handed in is exactly as large as is said; an inaccessible page
 * begins where it ends, or ends where it begins. Exit code 2 and a sentence on standard error where a promise of the header is broken.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <perceptual.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STATE_BYTES = 1 << 16, SECONDS = 10, WAIT = 60, LONGEST = 1 << 18, ROOM = 1 << 22 };
static const long MOST_KILOBYTES = 2L << 20;

/* ---- Random numbers ---- */

static uint64_t state;

static uint64_t next(void) {
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static int64_t between(int64_t low, int64_t high) { return low + (int64_t)(next() % (uint64_t)(high - low + 1)); }
static int chance(int percent) { return between(0, 99) < percent; }
static double unit(void) { return (double)(next() >> 11) / 9007199254740992.0; }
#define LENGTH(list) ((int64_t)(sizeof(list) / sizeof *(list)))
#define ONE_OF(list) ((list)[between(0, LENGTH(list) - 1)])

/* ---- What is being tried ---- */

static char *shared; /* the file STATE */
static size_t said;
static int64_t line, tried, succeeded, refused;
static volatile double began, began_processing; /* by the clock, and by the processor time of all threads */

static double now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...) {
  if (said + 4096 > STATE_BYTES) return;
  va_list list;
  va_start(list, format);
  const int count = vsnprintf(shared + said, 2048, format, list);
  va_end(list);
  said += (size_t)(count < 2047 ? count : 2047);
}

/* A text as it can be printed, the beginning of a long one. */
static void say_text(const char *text) {
  if (!text) {
    say(" NULL");
    return;
  }
  say(" '");
  const size_t length = strlen(text);
  for (size_t i = 0; i < length && i < 700; i++) {
    const unsigned char c = (unsigned char)text[i];
    if (c < 32 || c > 126) say("\\x%02x", c);
    else say("%c", c);
  }
  if (length > 700) say("...' of %zu bytes", length);
  else say("'");
}

static void say_extents(const int64_t *extents, int32_t rank) {
  if (!extents || rank < 0 || rank > 8) {
    say(extents ? "[rank %d]" : " NULL [rank %d]", rank);
    return;
  }
  say("[");
  for (int32_t i = 0; i < rank; i++) say(i ? ",%" PRId64 : "%" PRId64, extents[i]);
  say("]");
}

static void begin(void) {
  tried += 1;
  memset(shared, 0, said);
  said = (size_t)snprintf(shared, 4096, "%12" PRId64 " %12" PRId64 " %12" PRId64 " %12" PRId64 "\n", line, tried, succeeded, refused);
  began_processing = now(CLOCK_PROCESS_CPUTIME_ID);
  began = now(CLOCK_MONOTONIC);
}

static void violated(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void violated(const char *format, ...) {
  va_list list;
  va_start(list, format);
  vfprintf(stderr, format, list);
  va_end(list);
  fputc('\n', stderr);
  _exit(2);
}

/* Ends the process where a line takes too long or too much. On a busy machine ten seconds of work are more by the clock. */
static void *watch(void *unused) {
  (void)unused;
  for (;;) {
    usleep(20000);
    const double start = began;
    if (start > 0) {
      if (now(CLOCK_PROCESS_CPUTIME_ID) - began_processing > SECONDS) violated("the line took more than %d s of processor time", SECONDS);
      if (now(CLOCK_MONOTONIC) - start > WAIT) violated("the line took more than %d s", WAIT);
    }
    FILE *file = fopen("/proc/self/statm", "r");
    long size = 0, resident = 0;
    if (file && fscanf(file, "%ld %ld", &size, &resident) == 2 && resident * 4 > MOST_KILOBYTES)
      violated("%ld MB of memory are taken", resident / 256);
    if (file) fclose(file);
  }
  return NULL;
}

static int is_utf8(const char *text) {
  for (const unsigned char *p = (const unsigned char *)text; *p;) {
    const int more = *p < 0x80 ? 0 : *p >= 0xc2 && *p < 0xe0 ? 1 : *p >= 0xe0 && *p < 0xf0 ? 2 : *p >= 0xf0 && *p < 0xf5 ? 3 : -1;
    if (more < 0) return 0;
    p++;
    for (int i = 0; i < more; i++, p++)
      if ((*p & 0xc0) != 0x80) return 0;
  }
  return 1;
}

/* Counts a status and checks it against the header. */
static int32_t took(int32_t status) {
  say(" = %d", status);
  switch (status) {
  case PERCEPTUAL_OK: succeeded += 1; return status;
  case PERCEPTUAL_NOT_FINITE:
  case PERCEPTUAL_USAGE:
  case PERCEPTUAL_MALFORMED:
  case PERCEPTUAL_MISSING:
  case PERCEPTUAL_CANNOT_CREATE:
  case PERCEPTUAL_INPUT_OUTPUT: break;
  default: violated("the status is %d, which the header has not", status);
  }
  refused += 1;
  const char *message = perceptual_message();
  if (!message || !*message) violated("status %d without a sentence", status);
  if (!is_utf8(message)) violated("the sentence of status %d is no UTF-8: %.200s", status, message);
  return status;
}

/* ---- Memory ---- */

static struct {
  void *base;
  size_t size;
} mappings[512];
static int mapping_count;

/* So many bytes between inaccessible pages, at the end of what lies between or at its beginning. */
static void *memory(size_t bytes) {
  const size_t page = 4096, body = (bytes + page - 1) / page * page;
  if (mapping_count == LENGTH(mappings)) abort();
  char *base = mmap(NULL, body + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED || (body && mprotect(base + page, body, PROT_READ | PROT_WRITE))) abort();
  mappings[mapping_count].base = base;
  mappings[mapping_count++].size = body + 2 * page;
  return chance(75) ? base + page + (body - bytes) / 4 * 4 : base + page;
}

static void give_memory_back(void) {
  while (mapping_count) {
    mapping_count--;
    munmap(mappings[mapping_count].base, mappings[mapping_count].size);
  }
}

/* ---- Numbers and texts that do not fit ---- */

static const int64_t HUGE_NUMBERS[] = {INT64_C(1) << 31, INT64_C(1) << 33, INT64_C(1) << 40, INT64_C(1) << 60, INT64_C(1) << 62,
                                       INT64_MAX, INT64_MIN, -1, 0, -INT64_C(2147483648)};
static const int32_t THREADS[] = {-1, 1025, INT32_MIN, INT32_MAX, 1024, 64, 7};

static int32_t threads(void) { return chance(3) ? ONE_OF(THREADS) : chance(70) ? 1 : (int32_t)between(0, 3); }

static const char *const HOSTILE[] = {
    "0", "-1", "1", "2", "3", "7", "100", "1e308", "-1e308", "5e-324", "1e-30", "NaN", "Infinity", "null", "true", "false", "\"x\"",
    "\"\"", "\"NaN\"", "[]", "{}", "[1]", "[1,2]", "[1,2,3]", "[[1,2],[3]]", "[0,0]", "[-1,1]", "[1,-1]", "[1e308,-1e308]", "[1,1]",
    "[2147483647,2147483647]", "[2147483648,1]", "[1,2147483648]", "[65536,65536]", "[1e308,1e308]", "[5e-324,1]", "2147483648",
    "2147483647", "-2147483648", "-2147483649", "4294967296", "9223372036854775807", "-9223372036854775808", "18446744073709551615",
    "1e19", "1e400", "0.5", "-0.0", "0.1", "16777217", "1000000", "65536", "1024", "1e6", "1e-6", "1e38", "1e39", "3.5", "99999999999",
    "[1,1,1,1,1,1,1,1]", "[1,1,1,1,1,1,1,1,1]", "[2,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[4096,4096]", "[16777216]", "\"\\ud800\"",
    "\"\\u0000\"", "[\"1\",\"2\"]", "[\"18446744073709551615\",\"18446744073709551615\"]", "[null]", "[true,false]", "12", "33", "64",
        "255", "5000", "20000", "[3,7]", "[1,1000]", "[100,100]", "\"a\\nb\"",
};
/* Work that is asked for is no defect: no hostile number stands for how often something is repeated. */
static const char *const HOSTILE_WORK[] = {"0", "-1", "1.5", "null", "\"x\"", "[1]", "-2147483648", "NaN", "50"};

static char json[1 << 18];
static size_t json_length;

static void put(const char *text, size_t count) {
  if (json_length + count + 1 > sizeof json) return;
  memcpy(json + json_length, text, count);
  json_length += count;
  json[json_length] = 0;
}

/* ---- What is put for the letters of the tables below ---- */

static int64_t variables[128];
static int64_t any_shape[8];
static int32_t any_rank;

static int64_t extent(void) { return chance(70) ? between(1, 24) : chance(50) ? between(1, 3) : between(24, 80); }

static void draw_variables(void) {
  variables['N'] = between(1, 3);
  variables['C'] = between(1, chance(90) ? 4 : 20);
  variables['O'] = between(1, chance(90) ? 4 : 20);
  variables['H'] = extent();
  variables['W'] = extent();
  if (chance(25)) variables['H'] = between(11, 200), variables['W'] = between(11, 200);
  variables['K'] = between(1, 4);
  variables['L'] = chance(60) ? variables['K'] : between(1, 4);
  variables['T'] = chance(50) ? between(1, 100) : between(64, 3000);
  variables['I'] = between(1, 20);
  variables['w'] = chance(70) ? 2 * between(1, 64) : between(2, 130);
  variables['h'] = between(1, chance(80) ? 32 : 200);
  variables['b'] = variables['w'] / 2 + 1;
  variables['f'] = between(1, 12);
  variables['m'] = between(1, 24);
  variables['t'] = (variables['f'] - 1) * variables['h'] + variables['w'];
  any_rank = (int32_t)between(0, 5);
  for (int32_t i = 0; i < any_rank; i++) any_shape[i] = between(1, 7);
}

/* Writes members "name:value/value;?name:value" into `json`, those with a question mark now and then; with numbers and texts that do not
   fit where it is to be hostile. */
static void draw_attributes(const char *template, int is_hostile, const char *preset) {
  json_length = 0;
  json[0] = 0;
  put("{", 1);
  int members = 0;
  int64_t count = *template != 0, index = 0;
  for (const char *p = template; *p; p++) count += *p == ';';
  const int64_t hostile_member = is_hostile && count && chance(80) ? between(0, count - 1) : -1;
  if (preset) {
    put("\"preset\":\"", 10);
    put(preset, strlen(preset));
    put("\"", 1);
    members++;
  }
  for (const char *p = template; *p;) {
    const char *end = strchr(p, ';');
    if (!end) end = p + strlen(p);
    const int is_optional = *p == '?';
    if (is_optional) p++;
    const char *colon = memchr(p, ':', (size_t)(end - p));
    const int is_member_hostile = is_hostile && (index++ == hostile_member || chance(3));
    if ((is_optional && !chance(preset ? 15 : 45) && !is_member_hostile) || (is_member_hostile && chance(5))) {
      p = *end ? end + 1 : end;
      continue;
    }
    if (members++) put(",", 1);
    put("\"", 1);
    put(p, (size_t)(colon - p));
    put("\":", 2);
    int64_t values = 1;
    for (const char *q = colon; q < end; q++) values += *q == '/';
    int64_t wanted = between(0, values - 1);
    const char *value = colon + 1;
    while (wanted--) value = strchr(value, '/') + 1;
    size_t length = strcspn(value, "/;");
    if (is_member_hostile) {
      const char *hostile = strncmp(p, "iterations", 10) == 0 ? ONE_OF(HOSTILE_WORK) : ONE_OF(HOSTILE);
      put(hostile, strlen(hostile));
    } else if (*value == '$') {
      char number[32];
      put(number, (size_t)snprintf(number, sizeof number, "%" PRId64, variables[(unsigned char)value[1]]));
    } else {
      put(value, length);
    }
    p = *end ? end + 1 : end;
  }
  if (is_hostile && chance(5)) put(",\"stranger\":1", 13);
  put("}", 1);
  if (!is_hostile || !chance(15)) return;
  switch (between(0, 7)) {
  case 0: json_length = (size_t)between(0, (int64_t)json_length); json[json_length] = 0; break;
  case 1: json[between(0, (int64_t)json_length - 1)] = (char)between(1, 255); break;
  case 2: {
    const size_t place = (size_t)between(0, (int64_t)json_length - 1);
    memmove(json + place, json + place + 1, json_length - place);
    json_length--;
    break;
  }
  case 3: {
    /* Brackets one in the other. */
    const int64_t depth = chance(50) ? between(1, 600) : between(600, 60000);
    const char *opening = chance(50) ? "[" : "{\"a\":";
    json_length = 0;
    put("{\"a\":", 5);
    for (int64_t i = 0; i < depth; i++) put(opening, strlen(opening));
    if (chance(50)) {
      put("1", 1);
      for (int64_t i = 0; i < depth; i++) put(*opening == '[' ? "]" : "}", 1);
      put("}", 1);
    }
    break;
  }
  case 4: json_length = 0; put("[1]", 3); break;
  case 5: put("}", 1); break;
  case 6: {
    /* A long text, a long number, a long name; letters beyond ASCII at the place where a message ends. */
    json_length = 0;
    put("{\"", 2);
    const int64_t length = chance(50) ? between(1, 300) : between(4000, 9000);
    const char *letter = chance(50) ? "\xc3\xa9" : chance(50) ? "9" : "a";
    for (int64_t i = 0; i < length; i++) put(letter, strlen(letter));
    put("\":1}", 4);
    break;
  }
  default: json_length = 0; json[0] = 0; break;
  }
}

/* ---- Elements ---- */

static const float SPECIAL[] = {NAN, INFINITY, -INFINITY, 1e38f, -1e38f, 3.4e38f, 1e-40f, -1e-45f, 0, -0.0f, 1e20f, 1e-20f, 16777216, 1,
    -1};

/* Numbers of one of several kinds; most often in [0, 1], which is not said. */
static void fill(float *elements, int64_t count) {
  static const char *const kinds[] = {"in [-1, 1]", "whole", "constant", "one special", "all special", "denormal", "huge", "zero",
      "to 255"};
  static const int weights[] = {0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
  const int kind = chance(45) ? -1 : ONE_OF(weights);
  const float constant = ONE_OF(SPECIAL);
  if (kind == 2 || kind == 3) say("(%s %g)", kinds[kind], (double)constant);
  else if (kind >= 0) say("(%s)", kinds[kind]);
  for (int64_t i = 0; i < count; i++) {
    const float x = (float)unit();
    switch (kind) {
    case 0: elements[i] = 2 * x - 1; break;
    case 1: elements[i] = (float)(int)(4 * x); break;
    case 2: elements[i] = constant; break;
    case 3: elements[i] = i % 17 == 3 ? constant : x; break;
    case 4: elements[i] = ONE_OF(SPECIAL); break;
    case 5: elements[i] = 1e-39f * x; break;
    case 6: elements[i] = (2 * x - 1) * 3e38f; break;
    case 7: elements[i] = 0; break;
    case 8: elements[i] = 255 * x; break;
    default: elements[i] = x;
    }
  }
}

/* Elements of an array with strides, NULL where they lie without gaps; both as large as the layout takes. */
static float *array(const int64_t *shape, int32_t rank, const int64_t **strides_given) {
  *strides_given = NULL;
  const int64_t most = INT64_C(1) << 33;
  int64_t count = 1, real = 1;
  int is_impossible = 0;
  for (int32_t i = 0; i < rank; i++) {
    if (shape[i] < 0 || shape[i] > most / count) is_impossible = 1;
    else if (shape[i]) count *= shape[i];
    else real = 0;
  }
  if (is_impossible) {
    /* Memory for it cannot be: it must be refused. */
    if (chance(50)) {
      int64_t *strides = memory((size_t)rank * 8);
      for (int32_t i = 0; i < rank; i++) strides[i] = chance(50) ? ONE_OF(HUGE_NUMBERS) : between(-5, 5);
      *strides_given = strides;
    }
    return memory(64);
  }
  /* Zeros, which take no memory. */
  if (count > 4 * LONGEST) return memory((size_t)(real ? count : 0) * 4);
  if (rank == 0 || chance(60)) {
    float *elements = memory((size_t)(real ? count : 0) * 4);
    fill(elements, real ? count : 0);
    return elements;
  }
  /* The axes in some order, some with gaps, some backwards, some without advance. */
  int32_t order[8];
  for (int32_t i = 0; i < rank; i++) order[i] = i;
  if (chance(60))
    for (int32_t i = rank - 1; i > 0; i--) {
      const int32_t j = (int32_t)between(0, i), other = order[i];
      order[i] = order[j];
      order[j] = other;
    }
  int64_t *strides = memory((size_t)rank * 8);
  int64_t step = 1, low = 0, high = 0;
  for (int32_t i = rank - 1; i >= 0; i--) {
    const int32_t axis = order[i];
    if (chance(15)) step += between(1, 3);
    strides[axis] = chance(25) ? -step : chance(5) ? 0 : step;
    const int64_t reach = strides[axis] * (shape[axis] > 0 ? shape[axis] - 1 : 0);
    if (reach < 0) low += reach;
    else high += reach;
    step *= shape[axis] > 0 ? shape[axis] : 1;
    if (shape[axis] == 1 && chance(10)) strides[axis] = ONE_OF(HUGE_NUMBERS);
  }
  say("strides");
  say_extents(strides, rank);
  const int64_t span = real ? high - low + 1 : 0;
  float *elements = memory((size_t)span * 4);
  fill(elements, span);
  *strides_given = strides;
  return elements - (real ? low : 0);
}

/* Makes a shape not fit: another extent, another rank. */
static void damage_shape(int64_t *shape, int32_t *rank) {
  switch (between(0, 6)) {
  case 0: if (*rank > 0) shape[between(0, *rank - 1)] = ONE_OF(HUGE_NUMBERS); break;
  case 1: if (*rank > 0) shape[between(0, *rank - 1)] += chance(50) ? 1 : -1; break;
  case 2: if (*rank > 0) shape[between(0, *rank - 1)] = between(0, 3); break;
  case 3: if (*rank > 0) *rank -= 1; break;
  case 4: if (*rank < 8) shape[(*rank)++] = between(0, 4); break;
  case 5:
    *rank = (int32_t)between(0, 8);
    for (int32_t i = 0; i < *rank; i++) shape[i] = between(1, 3);
    break;
  default:
    if (*rank > 1) {
      const int64_t last = shape[*rank - 1];
      shape[*rank - 1] = shape[0];
      shape[0] = last;
    }
  }
}

static int64_t *copied(const int64_t *extents, int32_t rank) {
  int64_t *copy = memory((size_t)(rank > 0 ? rank : 0) * 8);
  for (int32_t i = 0; i < rank; i++) copy[i] = extents[i];
  return copy;
}

static char *copied_text(const char *text) {
  char *copy = memory((strlen(text) + 4) / 4 * 4);
  return strcpy(copy, text);
}

/* Memory for results, marked so that what stays unwritten is seen. */
static const uint32_t MARK = 0x7fa12345;

static float *marked(int64_t count) {
  float *elements = memory((size_t)count * 4);
  for (int64_t i = 0; i < count; i++) memcpy(elements + i, &MARK, 4);
  return elements;
}

static void check_written(const float *elements, int64_t count, const char *name) {
  for (int64_t i = 0; i < count; i++)
    if (memcmp(elements + i, &MARK, 4) == 0) violated("element %" PRId64 " of %s was not written", i, name);
}

static void check_same(const float *one, const float *other, int64_t count, const char *name) {
  for (int64_t i = 0; i < count; i++)
    if (memcmp(one + i, other + i, 4) != 0 && !(isnan(one[i]) && isnan(other[i])))
      violated("element %" PRId64 " of %s depends on the threads: %.9g, %.9g", i, name, (double)one[i], (double)other[i]);
}

/* ---- Operations ---- */

#define SIMILARITY                                                                                                                    \
  "?windowSize:3/5/7/11/4;?sigma:1.5/0.5/4;?k1:0.01/0.1;?k2:0.03/0.1;?dataRange:1/255;?window:\"gaussian\"/\"uniform\";"                \
  "?covariance:\"population\"/\"sample\";?padding:\"valid\"/\"reflect\""
#define SCALES                                                                                                                        \
  SIMILARITY ";?weights:[1]/[0.5,0.5]/[0.2,0.3,0.5];?oddSizes:\"pad\"/\"drop\"/\"symmetric\"/\"replicateStart\";"                     \
             "?negativeContrast:\"relu\"/\"floor\"/\"shift\"/\"reluMap\";?contrastFloor:1e-4/0.1;?channels:\"separate\"/\"joint\""
#define PYRAMID "?family:\"hepburn\"/\"matlab\"/\"laparra\"/\"tensorflow\";?levels:1/2/3/6;?pooling:\"image\"/\"batch\""
#define PLAIN_FILTERS "sampleRate:16000/8000/44100;lowFrequency:50/100/20;highFrequency:3000/3900/2000;bands:4/8/40/1;taps:16/64/251/2"
#define FILTERS                                                                                                                       \
  PLAIN_FILTERS                                                                                                                       \
  ";?scale:\"bark\"/\"mel\"/\"geometric\";?bandwidthRatio:0.1/0.5"
#define BAND "?lowFrequency:0/20/100;?highFrequency:4000/3000;?scale:\"htk\"/\"slaney\";?norm:\"none\"/\"slaney\""
#define SHORT_TIME "windowLength:$w;hop:$h;centred:true/false"
#define MEL "sampleRate:8000/16000;windowLength:$w;hop:$h;mels:$m;?power:1/2/0.5;?centred:true/false;" BAND
#define LOGARITHM "?epsilon:0.001/1e-10;?form:\"add\"/\"clamp\";?range:\"clip\"/[-5,5]/[0,1]"

/* Inputs as NAME:LETTERS of their extents, ? for optional ones, * for any shape. */
static const struct {
  const char *name, *inputs, *attributes, *outputs, *gradients;
} OPERATIONS[] = {
    {"convolution2D", "x:NCHW weight:OCKL ?bias:O", "?stride:[1,1]/[2,2]/[1,3]/[5,5];?padding:[0,0]/[1,1]/[2,0]/[3,7]", "y",
        "x weight bias"},
    {"transposedConvolution2D", "x:NCHW weight:COKL ?bias:O",
     "?stride:[1,1]/[2,2]/[1,3]/[5,5];?padding:[0,0]/[1,1]/[2,0];?outputPadding:[0,0]/[1,0]/[1,1]", "y", "x weight bias"},
    {"batchNormalization", "x:NCHW gamma:C beta:C runningMean:C runningVariance:C",
        "?epsilon:1e-5/0/0.1;?momentum:0.1/0/1;training:true/false",
     "y runningMean runningVariance", "x gamma beta"},
    {"leakyReLU", "x:*", "?slope:0.01/0/-1/2", "y", "x"},
    {"tanh", "x:*", "", "y", "x"},
    {"sigmoid", "x:*", "", "y", "x"},
    {"softQuantization", "x:*", "centres:[-1,1]/[-1,-0.5,0,0.5,1]/[0];scale:10/1/0.5", "y", "x"},
    {"hardQuantization", "x:*", "centres:[-1,1]/[-1,-0.5,0,0.5,1]/[0]", "y", ""},
    {"gatedUnit", "x:* gate:*", "?activation:\"tanh\"/\"identity\"", "y", "x gate"},
    {"pixelNormalization", "x:NCHW", "?epsilon:1e-7/0", "y", "x"},
    {"nearestUpsampling", "x:NCHW", "factor:[2,2]/[1,3]/[4,1]", "y", "x"},
    {"bilinearUpsampling", "x:NCHW", "factor:[2,2]/[1,3]/[4,1];?alignCorners:true/false", "y", "x"},
    {"linear", "x:NI weight:OI ?bias:O", "", "y", "x weight bias"},
    {"muLawEncoding", "x:*", "?levels:256/2/65536", "y", ""},
    {"muLawDecoding", "y:*", "?levels:256/2/65536", "x", ""},
    {"meanSquaredError", "prediction:NCHW target:NCHW", "", "value", "prediction target"},
    {"peakSignalToNoiseRatio", "prediction:NCHW target:NCHW", "?dataRange:1/255", "value", "prediction target"},
    {"structuralSimilarity", "prediction:NCHW target:NCHW",
        SIMILARITY ";?downsampling:\"none\"/\"piq\"/\"matlab\";?rectifiedContrast:true/false",
     "value", "prediction target"},
    {"structuralSimilarityMap", "prediction:NCHW target:NCHW",
     SIMILARITY ";?downsampling:\"none\"/\"piq\"/\"matlab\";?rectifiedContrast:true/false", "map", "prediction target"},
    {"multiScaleStructuralSimilarity", "prediction:NCHW target:NCHW", SCALES, "value", "prediction target"},
    {"normalizedLaplacianPyramidDistance", "prediction:NCHW target:NCHW", PYRAMID, "value", "prediction target"},
    {"barkDistance", "prediction:NT target:NT",
     FILTERS ";stride:1/4/50/1000;logFactor:1/100/10000;aWeighting:true/false;?distance:\"meanSquaredError\"/\"cosine\"", "value",
     "prediction target"},
    {"maskedBarkDistance", "prediction:NT target:NT",
     PLAIN_FILTERS ";stride:1/4/50/1000;aWeighting:true/false;?distance:\"meanSquaredError\"/\"cosine\";"
     "?frame:128/1/64;?offset:5.5/0;?fullScaleLevel:96/0",
     "value", "prediction target"},
    {"categoricalCrossEntropy", "logits:NIHW classes:NHW", "", "value", "logits"},
    {"adamW", "parameter:* gradient:* firstMoment:* secondMoment:*",
     "step:1/10/1000000;learningRate:0.001/0;?beta1:0.9/0;?beta2:0.999/0;?epsilon:1e-8/0;?weightDecay:0.01/0",
         "parameter firstMoment secondMoment", ""},
    {"resample", "signal:CT", "from:48000/44100/8000/16000;to:48000/44100/8000/16000/22050;?design:\"torchaudio\"/\"kaiser\"", "signal",
        "signal"},
    {"shortTimeFourierTransform", "signal:T", SHORT_TIME, "real imaginary", "signal"},
    {"inverseShortTimeFourierTransform", "real:bf imaginary:bf", SHORT_TIME ";length:$t/$T", "signal", "real imaginary"},
    {"melFilterBank", "", "sampleRate:8000/16000;bins:$b/257;mels:$m/80;" BAND, "weights", ""},
    {"melSpectrogram", "signal:T", MEL, "mel", "signal"},
    {"logScaling", "mel:mf", LOGARITHM, "image low high", "mel"},
    {"logMelSpectrogram", "signal:T", MEL ";" LOGARITHM, "image low high", "signal"},
    {"inverseMelScale", "mel:mf", "sampleRate:8000/16000;bins:$b;" BAND ";?method:\"nonNegativeLeastSquares\"/\"minimumNorm\"",
        "magnitude", ""},
    {"griffinLim", "magnitude:bf initialPhase:bf", SHORT_TIME ";?iterations:0/1/3;?momentum:0.99/0", "signal", "magnitude initialPhase"},
    {"auditoryFilterBank", "", FILTERS ";?aWeighting:true/false", "responses centres bandwidths weights", ""},
    {"uniformNoise", "", "key:[\"1\",\"2\"];counter:[\"0\",\"18446744073709551615\",\"3\",\"4\"];count:1/5/1000", "values", ""},
    {"normalInitialization", "", "shape:[3]/[2,3,4]/[1000];deviation:1/0.01;seed:0/7;index:0/3", "values", ""},
    {"xavierNormalInitialization", "", "shape:[3,5]/[2,3,4,4];gain:1/0.01;seed:0/7;index:0/3", "values", ""},
};
static const char *const NO_OPERATION[] = {"", "convolution", "Tanh", "tanh ", "\xff\xfe", "x\ny"};

/* Draws an array of the name and extents at *p, and goes on to the next. */
static perceptual_input draw_input(const char **p, int is_hostile, int is_read) {
  char name[64];
  const size_t length = strcspn(*p, ":");
  snprintf(name, sizeof name, "%.*s", (int)length, *p);
  int64_t shape[16];
  int32_t rank = 0;
  for (*p += length + 1; **p && **p != ' '; (*p)++) {
    if (**p == '*') {
      rank = any_rank;
      memcpy(shape, any_shape, sizeof any_shape);
    } else {
      shape[rank++] = variables[(unsigned char)**p];
    }
  }
  while (**p == ' ') (*p)++;
  if (is_hostile && chance(50)) damage_shape(shape, &rank);
  /* Where elements are not read, much of them. */
  if (is_hostile && !is_read && rank > 0 && chance(10)) shape[between(0, rank - 1)] *= between(1, 1000) * 10000;
  if (is_hostile && chance(4)) snprintf(name, sizeof name, "%s", chance(50) ? "" : "stranger");
  say(" %s", name);
  say_extents(shape, rank);
  perceptual_input input = {copied_text(name), NULL, rank, copied(shape, rank), NULL};
  if (is_read) {
    float *elements = array(shape, rank, &input.strides);
    input.elements = elements;
    /* Classes are whole numbers. */
    if (strcmp(name, "classes") == 0 && !input.strides && chance(80)) {
      int64_t count = 1;
      for (int32_t i = 0; i < rank; i++) count *= shape[i] > 0 && shape[i] < LONGEST ? shape[i] : 0;
      if (count <= LONGEST)
        for (int64_t i = 0; i < count; i++) elements[i] = (float)between(0, variables['I'] - 1);
    }
  }
  if (is_hostile && chance(6)) {
    switch (between(0, 4)) {
    case 0: input.name = NULL; say("(name NULL)"); break;
    case 1: input.elements = NULL; say("(elements NULL)"); break;
    case 2: input.shape = NULL; say("(shape NULL)"); break;
    case 3: input.rank = (int32_t)(chance(50) ? 9 : -1); say("(rank %d)", input.rank); break;
    default: input.rank = chance(50) ? INT32_MAX : INT32_MIN; say("(rank %d)", input.rank); break;
    }
  }
  return input;
}

/* One of the words of a text, NULL where there is none. */
static int draw_word(const char *words, char *word) {
  int64_t count = *words != 0;
  for (const char *p = words; *p; p++) count += *p == ' ';
  if (!count) return 0;
  for (int64_t skip = between(0, count - 1); skip--;) words = strchr(words, ' ') + 1;
  const size_t length = strcspn(words, " ");
  memcpy(word, words, length);
  word[length] = 0;
  return 1;
}

static void try_operation(void) {
  draw_variables();
  const int64_t which = between(0, LENGTH(OPERATIONS) - 1);
  const int hostile = chance(60) ? (int)between(1, 7) : 0; /* bits: attributes, inputs, the call */
  char *name = copied_text(OPERATIONS[which].name);
  if (hostile & 4 && chance(4)) name = chance(30) ? NULL : copied_text(ONE_OF(NO_OPERATION));
  /* Similarities and pyramids need sides of some length. */
  if (strstr(OPERATIONS[which].attributes, "sigma") || strstr(OPERATIONS[which].attributes, "levels:1/")) {
    variables['H'] = between(8, chance(70) ? 60 : 200);
    variables['W'] = between(8, chance(70) ? 60 : 200);
  }
  say("operation");
  say_text(name);
  draw_attributes(OPERATIONS[which].attributes, hostile & 1, NULL);
  char *attributes = copied_text(json);
  if (json_length == 2 && chance(50)) attributes = NULL;
  say_text(attributes);

  const int runs = chance(85);
  const int32_t thread_count = threads();
  perceptual_input *inputs = memory(8 * sizeof *inputs);
  size_t count = 0;
  for (const char *p = OPERATIONS[which].inputs; *p;) {
    const int is_optional = *p == '?';
    if (is_optional) p++;
    const int is_hostile = hostile & 2 && chance(50);
    if ((is_optional && chance(50)) || (is_hostile && chance(6))) {
      p += strcspn(p, " ");
      while (*p == ' ') p++;
      continue;
    }
    const char *again = p;
    inputs[count++] = draw_input(&p, is_hostile, runs);
    if (is_hostile && chance(4)) inputs[count++] = draw_input(&again, 0, runs);
  }
  /* The list ends where its memory does. */
  perceptual_input *list = memory(count * sizeof *list);
  memcpy(list, inputs, count * sizeof *list);
  size_t input_count = count;
  if (hostile & 4 && chance(3)) {
    list = NULL;
    say(" inputs NULL");
  } else if (hostile & 4 && chance(3)) {
    input_count = chance(50) ? SIZE_MAX : (size_t)1 << 63;
    say(" input_count %zu", input_count);
  }

  perceptual_output outputs[4];
  char names[4][64];
  float *room[4];
  int64_t counts[4], total = 0;
  int is_gradient_wanted = 0;
  size_t output_count = 0;
  const int64_t wanted = between(1, 3);
  for (int64_t i = 0; i < wanted; i++) {
    char word[40];
    const int is_gradient = chance(40);
    if (hostile & 4 && chance(8)) snprintf(names[output_count], 64, "%s", chance(50) ? "gradient." : "stranger");
    else if (is_gradient && draw_word(OPERATIONS[which].gradients, word)) snprintf(names[output_count], 64, "gradient.%s", word);
    else if (draw_word(OPERATIONS[which].outputs, word)) snprintf(names[output_count], 64, "%s", word);
    else continue;
    is_gradient_wanted |= strncmp(names[output_count], "gradient.", 9) == 0;
    say(" -> shape of %s", names[output_count]);
    int32_t *rank = memory(4);
    int64_t *shape = memory(64);
    if (hostile & 4 && chance(3)) rank = NULL, say("(rank NULL)");
    if (hostile & 4 && chance(3)) shape = NULL, say("(shape NULL)");
    int64_t room_count = chance(50) ? 1 : between(1, 1000);
    const int32_t status =
        took(perceptual_operation_shape(name, attributes, list, input_count, copied_text(names[output_count]), rank, shape));
    if (status == 0) {
      if (*rank < 0 || *rank > 8) violated("%s has a rank of %d", names[output_count], *rank);
      room_count = 1;
      for (int32_t axis = 0; axis < *rank; axis++) {
        if (shape[axis] < 0 || shape[axis] > INT64_C(1) << 40) violated("axis %d of %s is %" PRId64, axis, names[output_count],
            shape[axis]);
        room_count *= shape[axis];
      }
      say_extents(shape, *rank);
    }
    counts[output_count] = room_count;
    total += room_count;
    output_count++;
  }
  if (!runs || total > ROOM) return;
  for (size_t i = 0; i < output_count; i++) {
    room[i] = marked(counts[i]);
    outputs[i] = (perceptual_output){copied_text(names[i]), room[i], counts[i]};
    if (hostile & 4 && chance(12)) {
      switch (between(0, 4)) {
      case 0: outputs[i].count += chance(50) ? 1 : -1; break;
      case 1: outputs[i].count = ONE_OF(HUGE_NUMBERS); break;
      case 2: outputs[i].elements = NULL; break;
      case 3: outputs[i].name = NULL; break;
      default: outputs[i].count = 0;
      }
      say(" output %s: count %" PRId64 "%s%s", names[i], outputs[i].count, outputs[i].elements ? "" : ", elements NULL",
          outputs[i].name ? "" : ", name NULL");
    }
  }

  /* Upstream gradients, now and then of another shape. */
  perceptual_input cotangents[1];
  size_t cotangent_count = 0;
  if (is_gradient_wanted && chance(50)) {
    char word[40];
    draw_word(OPERATIONS[which].outputs, word);
    int32_t rank = 0;
    int64_t shape[8], size = 1;
    say(" cotangent");
    if (took(perceptual_operation_shape(name, attributes, list, input_count, word, &rank, shape)) == 0) {
      if (hostile & 4 && chance(20)) damage_shape(shape, &rank);
      for (int32_t i = 0; i < rank; i++) size *= shape[i] > 0 && shape[i] <= ROOM && size <= ROOM ? shape[i] : 1;
      if (size <= LONGEST) {
        say(" %s", word);
        say_extents(shape, rank);
        cotangents[0] = (perceptual_input){copied_text(hostile & 4 && chance(5) ? "stranger" : word), NULL, rank, copied(shape, rank),
            NULL};
        cotangents[0].elements = array(shape, rank, &cotangents[0].strides);
        cotangent_count = 1;
      }
    }
  }
  perceptual_output *output_list = memory(output_count * sizeof *output_list);
  memcpy(output_list, outputs, output_count * sizeof *output_list);
  size_t given_outputs = output_count;
  if (hostile & 4 && chance(3)) output_list = NULL, say(" outputs NULL");
  else if (hostile & 4 && chance(3)) given_outputs = SIZE_MAX, say(" output_count -1");
  const perceptual_input *upstream = cotangent_count ? cotangents : NULL;
  if (hostile & 4 && chance(3)) upstream = NULL, cotangent_count = 1, say(" cotangents NULL");
  say("; run, threads %d", thread_count);
  if (took(perceptual_operation_run(
          name, attributes, list, input_count, upstream, cotangent_count, output_list, given_outputs, thread_count)) != 0)
    return;
  for (size_t i = 0; i < output_count; i++) check_written(room[i], counts[i], names[i]);
  if (!chance(10)) return;
  /* As many threads as one likes, the same bits. */
  float *again[4];
  for (size_t i = 0; i < output_count; i++) outputs[i].elements = again[i] = marked(counts[i]);
  const int32_t other = (int32_t)between(1, 4);
  say("; run, threads %d", other);
  if (took(perceptual_operation_run(
          name, attributes, list, input_count, upstream, cotangent_count, outputs, output_count, other)) != 0)
    violated("the same call was refused: %s", perceptual_message());
  for (size_t i = 0; i < output_count; i++) check_same(room[i], again[i], counts[i], names[i]);
}

/* ---- Plans ---- */

static const struct {
  const char *name, *options, *presets;
} LOSSES[] = {
    {"mse", "", ""},
    {"ssim", SIMILARITY ";?downsampling:\"none\"/\"piq\"/\"matlab\";?rectifiedContrast:true/false",
     "paper matlab pytorch-msssim piq torchmetrics scikit-image scikit-image-default tensorflow pyiqa stranger"},
    {"ms-ssim", SCALES, "paper pytorch-msssim piq torchmetrics torchmetrics-simple tensorflow pyiqa stranger"},
    {"nlpd", PYRAMID, "hepburn hepburn-batch matlab laparra tensorflow tensorflow-batch stranger"},
};

static void try_plan(void) {
  draw_variables();
  const int64_t which = between(0, LENGTH(LOSSES) - 1);
  const int hostile = chance(50) ? (int)between(1, 7) : 0; /* bits: options, shape, the calls */
  char preset[40];
  const int has_preset = chance(40) && draw_word(LOSSES[which].presets, preset);
  draw_attributes(LOSSES[which].options, hostile & 1, has_preset ? preset : NULL);
  const char *options = copied_text(json);
  if (json_length == 2 && chance(70)) options = NULL;
  const char *loss = copied_text(LOSSES[which].name);
  if (hostile & 4 && chance(5)) loss = chance(50) ? NULL : copied_text("psnr");
  int64_t shape[16] = {variables['N'], variables['C'], variables['H'], variables['W']};
  if (which == 2 && chance(50)) shape[2] = between(161, 200), shape[3] = between(161, 200);
  else if (which && chance(70)) shape[2] = between(11, 80), shape[3] = between(11, 80);
  if (chance(3)) shape[0] = 1, shape[1] = 1, shape[chance(50) ? 2 : 3] = between(1000, 20000);
  if (chance(2)) shape[0] = between(50, 400), shape[1] = 1;
  int32_t rank = 4;
  if (hostile & 2) damage_shape(shape, &rank);
  const int is_shape_null = hostile & 4 && chance(3);
  const int32_t thread_count = threads();
  say("plan");
  say_text(loss);
  say_text(options);
  if (is_shape_null) say(" shape NULL");
  else say_extents(shape, 4);
  say(" threads %d", thread_count);
  if (hostile & 4 && chance(3)) {
    say(" plan NULL");
    took(perceptual_plan_make(loss, options, copied(shape, 4), thread_count, NULL));
  }
  perceptual_plan *plan = NULL;
  if (took(perceptual_plan_make(loss, options, is_shape_null ? NULL : copied(shape, 4), thread_count, &plan)) != 0) return;
  const int64_t value_count = perceptual_plan_value_count(plan), count = shape[0] * shape[1] * shape[2] * shape[3];
  if (value_count != 1 && value_count != shape[0]) violated("a plan has %" PRId64 " values", value_count);
  const int64_t times = between(1, 2);
  for (int64_t i = 0; i < times && count <= LONGEST * 4; i++) {
    const int64_t *strides[2];
    say("; evaluate");
    const float *prediction = array(shape, 4, &strides[0]), *target = chance(10) ? NULL : array(shape, 4, &strides[1]);
    /* One image twice: what two arguments read may be the same. */
    if (!target) target = prediction, strides[1] = strides[0], say(" target is prediction");
    float *upstream = NULL;
    if (chance(40)) {
      say(" upstream");
      fill(upstream = memory((size_t)value_count * 4), value_count);
    }
    float *values = chance(80) ? marked(value_count) : NULL;
    float *gradients[2] = {chance(60) ? marked(count) : NULL, chance(30) ? marked(count) : NULL};
    say(" ->%s%s%s", values ? " values" : "", gradients[0] ? " gradient" : "", gradients[1] ? " gradient of the target" : "");
    if (hostile & 4 && chance(8)) {
      const int64_t missing = between(0, 2);
      say(" NULL %" PRId64, missing);
      took(perceptual_plan_evaluate(
          missing == 0 ? NULL : plan, missing == 1 ? NULL : prediction, strides[0], missing == 2 ? NULL : target, strides[1], upstream,
          values, gradients[0], gradients[1]));
      continue;
    }
    if (took(perceptual_plan_evaluate(plan, prediction, strides[0], target, strides[1], upstream, values, gradients[0],
        gradients[1])) != 0)
      violated("a plan refused to be evaluated: %s", perceptual_message());
    if (values) check_written(values, value_count, "the values");
    for (int side = 0; side < 2; side++)
      if (gradients[side]) check_written(gradients[side], count, "a gradient");
    if (chance(15)) {
      perceptual_plan *other = NULL;
      const int32_t other_threads = (int32_t)between(1, 4);
      say("; plan and evaluate, threads %d", other_threads);
      if (took(perceptual_plan_make(loss, options, copied(shape, 4), other_threads, &other)) != 0) violated("the same plan was refused");
      float *again = values ? marked(value_count) : NULL, *gradient = gradients[0] ? marked(count) : NULL;
      took(perceptual_plan_evaluate(other, prediction, strides[0], target, strides[1], upstream, again, gradient, NULL));
      if (values) check_same(values, again, value_count, "the values");
      if (gradient) check_same(gradients[0], gradient, count, "the gradient");
      perceptual_plan_free(other);
    }
  }
  perceptual_plan_free(plan);
  if (chance(1)) perceptual_plan_free(NULL), (void)perceptual_plan_value_count(NULL);
}

/* ---- Files ---- */

typedef struct {
  char name[64];
  unsigned char *bytes;
  size_t count;
} contents;

static contents seeds[32]; /* recordings */
static int seed_count;
static contents weights, code; /* of a checkpoint that the project ships; of the small model below */
static const char *folder;

static contents read_file(const char *path, size_t most) {
  contents file = {"", NULL, 0};
  const char *slash = strrchr(path, '/');
  snprintf(file.name, sizeof file.name, "%s", slash ? slash + 1 : path);
  FILE *stream = fopen(path, "rb");
  if (!stream) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    exit(1);
  }
  file.bytes = malloc(most);
  file.count = fread(file.bytes, 1, most, stream);
  fclose(stream);
  return file;
}

static char *path_of(const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return copied_text(path);
}

static void write_file(const char *path, const unsigned char *bytes, size_t count) {
  FILE *stream = fopen(path, "wb");
  if (!stream || fwrite(bytes, 1, count, stream) != count) abort();
  fclose(stream);
}

/* Bits, words, pieces removed, doubled, moved, cut off; in the first 400 bytes every other time, where headers are. */
static unsigned char *damaged(const contents *file, size_t *count) {
  unsigned char *bytes = malloc(file->count + 40000);
  memcpy(bytes, file->bytes, file->count);
  size_t length = file->count;
  static const int64_t times[] = {1, 1, 2, 5, 20};
  static const uint64_t words[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, UINT64_C(1) << 62, UINT64_MAX, 0x7fc00000};
  static const size_t sizes[] = {1, 2, 16, 1000};
  for (int64_t rounds = ONE_OF(times); rounds-- && length > 0;) {
    const size_t limit = chance(50) && length > 400 ? 400 : length, place = (size_t)between(0, (int64_t)limit - 1), left = length - place;
    size_t piece = ONE_OF(sizes);
    if (piece > left) piece = left;
    switch (between(0, 7)) {
    case 0:
    case 1: bytes[place] ^= (unsigned char)(1 << between(0, 7)); break;
    case 2: bytes[place] = (unsigned char)"\0\1\x7f\x80\xff\",0{}"[between(0, 9)]; break;
    case 3: {
      const uint64_t word = ONE_OF(words);
      const int is_little = chance(50);
      const size_t size = chance(50) ? 4 : chance(50) ? 2 : 8;
      for (size_t i = 0; i < size && i < left; i++) bytes[place + i] = (unsigned char)(word >> 8 * (is_little ? i : size - 1 - i));
      break;
    }
    case 4: memmove(bytes + place, bytes + place + piece, left - piece); length -= piece; break;
    case 5: memmove(bytes + place + piece, bytes + place, left); length += piece; break;
    case 6: {
      const size_t other = (size_t)between(0, (int64_t)length - 1), size = other + 16 <= length && left >= 16 ? 16 : 1;
      memmove(bytes + place, bytes + other, size);
      break;
    }
    default: length = place;
    }
  }
  *count = length;
  return bytes;
}

static const char *const NO_FILE[] = {"", "/", ".", "/nonexistent/a.wav", "/dev/null", "/proc/self/mem", "\xff\xfe.wav", "a\nb.wav",
    "~/a.wav"};

/* A path that leads nowhere. */
static char *draw_no_path(void) {
  if (chance(10)) {
    char *path = memory(20004);
    memset(path, 'a', 20000);
    path[20000] = 0;
    return path;
  }
  return chance(10) ? path_of("") : copied_text(ONE_OF(NO_FILE));
}

static void try_recording(void) {
  if (chance(25)) {
    static const char *const names[] = {"w.wav", "w.flac", "w.wav", "w.flac", "w.mp3", "w", "w.WAV", ".wav", "none/w.wav", "w.ogg",
        "w.aiff"};
    static const int32_t rates[] = {1, 8000, 44100, 48000, 96000, 192000, 655350, 655351, 1000000, INT32_MAX, 0, -1, INT32_MIN};
    static const int32_t channel_counts[] = {1, 2, 3, 8, 9, 64, 255, 256, 1024, 1025, 65535, 65536, INT32_MAX, 0, -1, INT32_MIN};
    const int is_hostile = chance(50);
    char *path = is_hostile && chance(10) ? NULL : path_of(ONE_OF(names));
    const int32_t rate = is_hostile && chance(50) ? ONE_OF(rates) : 48000;
    const int32_t channels = is_hostile && chance(50) ? ONE_OF(channel_counts) : (int32_t)between(1, 2);
    int64_t frames = is_hostile && chance(20) ? ONE_OF(HUGE_NUMBERS) : between(1, chance(80) ? 200 : 5000);
    if (frames > 0 && channels > 1024 && frames < INT64_C(1) << 31) frames = 1;
    const int is_possible = frames > 0 && channels > 0 && frames <= 5000 && channels <= 65536;
    say("write");
    say_text(path);
    float *samples = NULL;
    if (is_possible) fill(samples = memory((size_t)frames * (size_t)channels * 4), frames * channels);
    else samples = memory(64);
    if (is_hostile && chance(5)) samples = NULL, say(" NULL");
    say(" channels %d frames %" PRId64 " rate %d", channels, frames, rate);
    if (took(perceptual_recording_write(path, samples, channels, frames, rate)) != 0) return;
    int32_t found_rate, found_channels;
    int64_t found_frames;
    say("; information");
    if (took(perceptual_recording_information(path, &found_rate, &found_channels, &found_frames)) != 0)
      violated("what was written is refused: %s", perceptual_message());
    if (found_rate != rate || found_channels != channels || found_frames != frames)
      violated("what was written is found as %d Hz, %d channels, %" PRId64 " frames", found_rate, found_channels, found_frames);
    float *read = marked(frames * channels);
    say("; read");
    if (took(perceptual_recording_read(path, 0, frames, channels, read)) != 0) violated("what was written is not read: %s",
        perceptual_message());
    check_written(read, frames * channels, "the samples");
    return;
  }
  char *path;
  const contents *seed = &seeds[between(0, seed_count - 1)];
  say("recording");
  if (chance(5)) {
    path = chance(10) ? NULL : draw_no_path();
    say_text(path);
  } else {
    path = path_of(seed->name);
    size_t count = seed->count;
    unsigned char *bytes = chance(10) ? NULL : damaged(seed, &count);
    say(" %s %s of %zu bytes", bytes ? "damaged" : "whole", seed->name, count);
    write_file(path, bytes ? bytes : seed->bytes, count);
    free(bytes);
  }
  int32_t rate = 0, channels = 0;
  int64_t frames = 0;
  const int status = took(perceptual_recording_information(path, &rate, &channels, &frames));
  if (status == 0) {
    say(" rate %d channels %d frames %" PRId64, rate, channels, frames);
    if (rate < 1 || channels < 1 || frames < 0) violated("rate %d, channels %d, frames %" PRId64, rate, channels, frames);
  } else if (chance(80)) {
    return;
  }
  int64_t from = 0, wanted = frames;
  int32_t given_channels = channels;
  if (chance(50)) from = between(0, frames > 0 ? frames : 1), wanted = between(1, frames - from > 0 ? frames - from : 1);
  if (chance(15)) from = ONE_OF(HUGE_NUMBERS);
  if (chance(15)) wanted = ONE_OF(HUGE_NUMBERS);
  if (chance(5)) given_channels += 1;
  if (wanted > 0 && given_channels > 0 && wanted < INT64_C(1) << 31 && wanted * given_channels > ROOM) wanted = ROOM / given_channels;
  const int is_possible = wanted > 0 && given_channels > 0 && wanted < INT64_C(1) << 31;
  float *samples = is_possible ? marked(wanted * given_channels) : memory(64);
  if (chance(3)) samples = NULL;
  say("; read from %" PRId64 " frames %" PRId64 " channels %d%s", from, wanted, given_channels, samples ? "" : " NULL");
  if (took(perceptual_recording_read(path, from, wanted, given_channels, samples)) == 0) {
    if (!is_possible) violated("%" PRId64 " frames were read", wanted);
    check_written(samples, wanted * given_channels, "the samples");
  }
}

/* ---- Checkpoints ---- */

/* A checkpoint of a small network, sides and shapes, now and then, that do not fit. */
static contents checkpoint(int is_hostile) {
  const size_t most = 1 << 20;
  contents file = {"model", malloc(most), 0};
  char *header = malloc(1 << 16);
  float *data = malloc(most / 2);
  size_t length = 0, offset = 0;
  const int64_t channels = between(1, chance(80) ? 4 : 18), latent = chance(50) ? channels : between(1, chance(80) ? 4 : 18);
  static const int64_t kernels[] = {2, 4, 2, 4, 3, 5, 1, 6};
  const int64_t encoder = is_hostile ? ONE_OF(kernels) : 2 * between(1, 2), decoder = is_hostile ? ONE_OF(kernels) : 2 * between(1, 2);
  const int64_t last = is_hostile && chance(20) ? between(0, 40) : 3;
  static const char *const kinds[] = {"transposed", "transposed", "nearest", "bilinear", "convolution", "x", "subpixel"};
  static const char *const numbers[] = {"0", "-1", "1e308", "1e-320", "nan", "inf", "x", "", "1", "100", "-1e308"};
  static const char *const centres[] = {"-1 1", "", "0", "1 -1", "0 0", "nan 1", "-1e308 1e308", "-1 -0.5 0 0.5 1", "x", "1e400",
      "-1e-320 1e-320"};
  say(" channels %" PRId64 " latent %" PRId64 " kernels %" PRId64 " %" PRId64 " %" PRId64, channels, latent, encoder, decoder, last);
  length += (size_t)sprintf(header, "{\"__metadata__\":{\"format\":\"%s\"", "perceptual autoencoder 1");
  if (is_hostile) {
    static const char *const keys[] = {"slope", "scale", "epsilon", "momentum"};
    for (int i = 0; i < 4; i++)
      if (chance(25)) {
        const char *number = ONE_OF(numbers);
        say(" %s %s", keys[i], number);
        length += (size_t)sprintf(header + length, ",\"%s\":\"%s\"", keys[i], number);
      }
    if (chance(30)) {
      const char *kind = ONE_OF(kinds);
      say(" decoder %s", kind);
      length += (size_t)sprintf(header + length, ",\"decoder\":\"%s\"", kind);
    }
    if (chance(50)) {
      const char *text = ONE_OF(centres);
      say(" centres '%s'", text);
      length += (size_t)sprintf(header + length, ",\"centres\":\"%s\"", text);
    }
  }
  length += (size_t)sprintf(header + length, "}");
  const int64_t odd = is_hostile && chance(60) ? between(0, 60) : -1;
  int64_t number = 0;
  static const int layers[] = {0, 3, 6, 9, 13, 16, 19, 22, 25};
  for (int layer = 0; layer < 9; layer++) {
    static const char *const parts[] = {"weight", "bias", "weight", "bias", "running_mean", "running_var"};
    for (int part = 0; part < (layer == 8 ? 2 : 6); part++) {
      const int64_t outputs = layer == 8 ? 1 : layer == 3 ? latent : channels;
      const int64_t inputs = layer == 0 ? 1 : layer == 4 ? latent : channels;
      const int64_t side = layer < 4 ? encoder : layer < 8 ? decoder : last;
      int64_t shape[16] = {layer >= 4 && layer < 8 ? inputs : outputs, layer >= 4 && layer < 8 ? outputs : inputs, side, side};
      int32_t rank = 4;
      if (part > 0) shape[0] = outputs, rank = 1;
      int lies = 0;
      if (number++ == odd) {
        damage_shape(shape, &rank);
        lies = chance(50);
        say(" %d.%s", layers[layer] + part / 2, parts[part]);
        say_extents(shape, rank);
      }
      int64_t count = 1;
      for (int32_t i = 0; i < rank; i++) count = shape[i] >= 0 && shape[i] < 100000 && count < 100000 ? count * shape[i] : 1;
      if (count > 20000) count = 1;
      const size_t end = offset + (size_t)count * 4;
      length += (size_t)sprintf(header + length, ",\"%d.%s\":{\"dtype\":\"F32\",\"shape\":[", layers[layer] + (part < 2 ? 0 : 1),
          parts[part]);
      for (int32_t i = 0; i < rank; i++) length += (size_t)sprintf(header + length, i ? ",%" PRId64 : "%" PRId64, shape[i]);
      length += (size_t)sprintf(header + length, "],\"data_offsets\":[%zu,%zu]}", offset, lies ? end + 4 : end);
      if (end < most / 2) {
        if (part == 5)
          for (int64_t i = 0; i < count; i++) data[offset / 4 + (size_t)i] = (float)unit() + 0.1f;
        else if (is_hostile && chance(3)) fill(data + offset / 4, count);
        else
          for (int64_t i = 0; i < count; i++) data[offset / 4 + (size_t)i] = (float)unit() - 0.5f;
        offset = end;
      }
    }
  }
  length += (size_t)sprintf(header + length, "}");
  while (length % 8) header[length++] = ' ';
  const uint64_t size = length;
  memcpy(file.bytes, &size, 8);
  memcpy(file.bytes + 8, header, length);
  memcpy(file.bytes + 8 + length, data, offset);
  file.count = 8 + length + offset;
  free(header);
  free(data);
  return file;
}

static void try_model(void) {
  const int64_t kind = between(0, 99);
  char *path = path_of("model.safetensors");
  int is_large = 0;
  say("model");
  if (kind < 5) {
    path = chance(10) ? NULL : draw_no_path();
    say_text(path);
  } else if (kind < 15) {
    /* The shipped one: its 128 channels take long. */
    size_t count = weights.count;
    unsigned char *bytes = damaged(&weights, &count);
    say(" damaged weights of %zu bytes", count);
    write_file(path, bytes, count);
    free(bytes);
    is_large = 1;
  } else {
    contents file = checkpoint(kind < 70);
    size_t count = file.count;
    unsigned char *bytes = kind < 30 ? damaged(&file, &count) : NULL;
    if (bytes) say(" damaged");
    write_file(path, bytes ? bytes : file.bytes, count);
    free(bytes);
    free(file.bytes);
  }
  perceptual_model *model = NULL;
  if (took(perceptual_model_read(path, &model)) != 0) return;
  static const char *const statistics[] = {"running", "batch", "running", "batch", "", "Running", "\xff"};
  static const char *const quantisations[] = {"soft", "hard", "soft", "hard", "", "none", "risingScale", "rising-scale"};
  const int64_t times = between(1, 2);
  for (int64_t i = 0; i < times; i++) {
    const int hostile = chance(40);
    const int64_t action = between(0, 9);
    if (action < 7) {
      int64_t shape[16] = {between(1, is_large ? 1 : 5), 1, 16 * between(1, is_large ? 1 : 4), 16 * between(1, is_large ? 2 : 4)};
      int32_t rank = 4;
      if (hostile && chance(60)) damage_shape(shape, &rank);
      int64_t count = 1;
      int is_possible = 1;
      for (int axis = 0; axis < 4; axis++) {
        if (shape[axis] < 0 || shape[axis] > LONGEST || count > LONGEST) is_possible = 0;
        else count *= shape[axis];
      }
      say("; reconstruct");
      say_extents(shape, 4);
      float *pictures = memory(is_possible ? (size_t)count * 4 : 64), *results = is_possible ? marked(count) : memory(64);
      if (is_possible) fill(pictures, count);
      const char *batch = hostile ? copied_text(ONE_OF(statistics)) : chance(50) ? "running" : "batch";
      const char *quantised = hostile ? copied_text(ONE_OF(quantisations)) : chance(50) ? "soft" : "hard";
      if (hostile && chance(5)) batch = NULL;
      if (hostile && chance(5)) quantised = NULL;
      const int64_t missing = hostile && chance(10) ? between(0, 3) : -1;
      const int32_t thread_count = threads();
      say_text(batch);
      say_text(quantised);
      say(" threads %d", thread_count);
      if (missing >= 0) say(" NULL %" PRId64, missing);
      const int32_t status = took(perceptual_model_reconstruct(
          missing == 0 ? NULL : model, missing == 1 ? NULL : pictures, missing == 2 ? NULL : copied(shape, 4), batch, quantised,
              thread_count,
          missing == 3 ? NULL : results));
      if (status == 0) {
        check_written(results, count, "the reconstructions");
        if (chance(20)) {
          float *again = marked(count);
          say("; again, threads 2");
          took(perceptual_model_reconstruct(model, pictures, shape, batch, quantised, 2, again));
          check_same(results, again, count, "the reconstructions");
        }
      }
    } else if (action < 8 && !is_large) {
      const contents *seed = &seeds[between(0, seed_count - 1)];
      size_t count = seed->count;
      unsigned char *bytes = chance(50) ? damaged(seed, &count) : NULL;
      say("; encode %s%s", bytes ? "damaged " : "", seed->name);
      write_file(path_of(seed->name), bytes ? bytes : seed->bytes, count);
      free(bytes);
      if (took(perceptual_model_encode(hostile && chance(10) ? NULL : model, path_of(seed->name),
          path_of(chance(95) ? "a.code" : "none/a.code"))) == 0) {
        say("; decode");
        took(perceptual_model_decode(model, path_of("a.code"), path_of("decoded.wav")));
      }
    } else if (!is_large || chance(10)) {
      size_t count = code.count;
      unsigned char *bytes = chance(90) ? damaged(&code, &count) : NULL;
      say("; decode %scode of %zu bytes", bytes ? "damaged " : "", count);
      write_file(path_of("b.code"), bytes ? bytes : code.bytes, count);
      free(bytes);
      took(perceptual_model_decode(
          hostile && chance(10) ? NULL : model, hostile && chance(10) ? draw_no_path() : path_of("b.code"),
          hostile && chance(5) ? NULL : path_of(chance(90) ? "decoded.wav" : chance(50) ? "decoded.mp3" : "none/a.flac")));
    }
  }
  perceptual_model_free(model);
}

/* Short recordings and a code, from the files of the project. */
static void prepare(int count, char **paths) {
  began = 0;
  shared[0] = 0;
  state = 1;
  for (int i = 0; i < count && seed_count < 24; i++) {
    int32_t rate, channels;
    int64_t frames;
    if (perceptual_recording_information(paths[i], &rate, &channels, &frames)) violated("%s", perceptual_message());
    if (frames <= 30000) {
      seeds[seed_count++] = read_file(paths[i], 1 << 20);
      continue;
    }
    /* The beginning of a long one. */
    float *samples = malloc((size_t)channels * 3000 * 4);
    if (perceptual_recording_read(paths[i], 0, 3000, channels, samples)) violated("%s", perceptual_message());
    for (int format = 0; format < 2; format++) {
      char path[4096];
      snprintf(path, sizeof path, "%s/seed%d.%s", folder, i, format ? "wav" : "flac");
      if (perceptual_recording_write(path, samples, channels, 3000, rate)) violated("%s", perceptual_message());
      seeds[seed_count++] = read_file(path, 1 << 20);
    }
    free(samples);
  }
  if (!seed_count) violated("no recordings are given");
  const contents file = checkpoint(0);
  write_file(path_of("model.safetensors"), file.bytes, file.count);
  perceptual_model *model = NULL;
  if (perceptual_model_read(path_of("model.safetensors"), &model)) violated("%s", perceptual_message());
  write_file(path_of(seeds[0].name), seeds[0].bytes, seeds[0].count);
  if (perceptual_model_encode(model, path_of(seeds[0].name), path_of("seed.code"))) violated("%s", perceptual_message());
  code = read_file(path_of("seed.code"), 1 << 20);
  perceptual_model_free(model);
  free(file.bytes);
  give_memory_back();
}

int main(int count, char **arguments) {
  if (count < 8) {
    fprintf(stderr, "fuzz SEED FIRST COUNT STATE FOLDER WEIGHTS RECORDING...\n");
    return 64;
  }
  const uint64_t seed = strtoull(arguments[1], NULL, 10);
  const int64_t first = strtoll(arguments[2], NULL, 10), lines = strtoll(arguments[3], NULL, 10);
  const int file = open(arguments[4], O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (file < 0 || ftruncate(file, STATE_BYTES)) return 73;
  shared = mmap(NULL, STATE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (shared == MAP_FAILED) return 73;
  folder = arguments[5];
  weights = read_file(arguments[6], 1 << 24);
  prepare(count - 7, arguments + 7);
  const int prints = getenv("FUZZ_PRINTS") != NULL;
  pthread_t watcher;
  pthread_create(&watcher, NULL, watch, NULL);
  for (line = first; line < first + lines; line++) {
    /* Numbers of lines side by side must not give sequences that are shifted by one. */
    state = seed;
    state = next() ^ (uint64_t)line;
    state = next();
    begin();
    const int64_t refused_before = refused;
    const int64_t kind = between(0, 99);
    if (kind < 60) try_operation();
    else if (kind < 82) try_plan();
    else if (kind < 93) try_recording();
    else try_model();
    began = 0;
    if (prints) printf("%s\n%s", strchr(shared, '\n') + 1, refused > refused_before ? perceptual_message() : ""), puts("");
    give_memory_back();
    if (next() % 1000 == 0) perceptual_release_memory();
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    if (usage.ru_maxrss > MOST_KILOBYTES) violated("%ld MB of memory were taken", usage.ru_maxrss / 1024);
  }
  begin(); /* the counts; this one is no line */
  tried -= 1;
  snprintf(shared, 4096, "%12" PRId64 " %12" PRId64 " %12" PRId64 " %12" PRId64 "\nall lines tried\n", line, tried, succeeded, refused);
  return 0;
}
