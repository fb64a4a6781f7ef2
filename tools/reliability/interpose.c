// Preloaded into `perceptual` by the scripts beside it: lets the N-th call of a kind fail, and writes down what changes files.
//
//   RELIABILITY_ROOT=DIR      only files below this directory count; the environment's other variables need it
//   RELIABILITY_FAIL=KIND:N:ERROR[:all]
//                             call N of KIND fails with that number of errno, with "all" every later one too.
//                             KIND: open read write fsync rename unlink mkdir close truncate
//   RELIABILITY_SEEN=FILE     on exit: one line, how often KIND was called
//   RELIABILITY_TRACE=FILE    every change of a file, in order, for power-cuts
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILES 4096

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static char kind[16];
static long wanted = -1, seen;
static int error, all;
static const char *seen_path;
static int trace = -1;
static int is_ready;
// Of each descriptor, where it leads; empty where that does not count.
static char *paths[MAX_FILES];

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void start(void) {
  const char *given = getenv("RELIABILITY_ROOT");
  if (!given || !realpath(given, root)) return;
  const char *fail = getenv("RELIABILITY_FAIL");
  if (fail) {
    char rest[16] = "";
    sscanf(fail, "%15[^:]:%ld:%d:%15s", kind, &wanted, &error, rest);
    all = strcmp(rest, "all") == 0;
  }
  seen_path = getenv("RELIABILITY_SEEN");
  const char *path = getenv("RELIABILITY_TRACE");
  if (path) trace = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  is_ready = 1;
}

__attribute__((destructor)) static void finish(void) {
  if (!is_ready || !seen_path) return;
  char text[32];
  const int count = snprintf(text, sizeof text, "%ld\n", seen);
  const int descriptor = REAL(open)(seen_path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (descriptor < 0) return;
  if (REAL(write)(descriptor, text, count) != count) {}
  REAL(close)(descriptor);
}

// The absolute path, links in its directory followed; 0 where it does not lie below the root.
static int resolve(const char *path, char *to) {
  char directory[PATH_MAX], resolved[PATH_MAX];
  if (!is_ready || strlen(path) >= sizeof directory) return 0;
  strcpy(directory, path);
  char *slash = strrchr(directory, '/');
  const char *name = slash ? path + (slash - directory) + 1 : path;
  if (slash) *(slash == directory ? slash + 1 : slash) = 0;
  if (!realpath(slash ? directory : ".", resolved)) return 0;
  if (strlen(resolved) + strlen(name) + 2 > PATH_MAX) return 0;
  // The root itself, or what lies below.
  sprintf(to, "%s/%s", resolved, name);
  char whole[PATH_MAX];
  if (realpath(to, whole) && strcmp(whole, root) == 0) {
    strcpy(to, whole);
    return 1;
  }
  const size_t length = strlen(root);
  return strncmp(to, root, length) == 0 && (to[length] == '/' || to[length] == 0);
}

// Whether this call is to fail.
static int fails(const char *call) {
  if (wanted < 0 || strcmp(call, kind) != 0) return 0;
  pthread_mutex_lock(&mutex);
  seen += 1;
  const int result = seen == wanted || (all && seen > wanted);
  pthread_mutex_unlock(&mutex);
  if (result) errno = error;
  return result;
}

static void note(const char *format, ...) {
  if (trace < 0) return;
  char line[3 * PATH_MAX];
  va_list arguments;
  va_start(arguments, format);
  const int count = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (REAL(write)(trace, line, count) != count) abort();
}

static const char *path_of(int descriptor) {
  return descriptor >= 0 && descriptor < MAX_FILES && paths[descriptor] ? paths[descriptor] : NULL;
}

static int opened(const char *path, int flags, mode_t mode, const char *name) {
  char resolved[PATH_MAX];
  const int counts = resolve(path, resolved);
  if (counts && fails("open")) return -1;
  struct stat status;
  const int existed = counts && stat(path, &status) == 0;
  const int descriptor = ((int (*)(const char *, int, ...))real(name))(path, flags, mode);
  if (counts && descriptor >= 0 && descriptor < MAX_FILES) {
    free(paths[descriptor]);
    paths[descriptor] = strdup(resolved);
    if (!existed && flags & O_CREAT) note("create %s\n", resolved);
    if (existed && flags & O_TRUNC) note("truncate 0 %s\n", resolved);
  }
  return descriptor;
}

#define OPEN(name)                                  \
  int name(const char *path, int flags, ...) {      \
    va_list arguments;                              \
    va_start(arguments, flags);                     \
    const mode_t mode = va_arg(arguments, mode_t);  \
    va_end(arguments);                              \
    return opened(path, flags, mode, #name);        \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name, plain)                                                              \
  int name(int at, const char *path, int flags, ...) {                                   \
    va_list arguments;                                                                   \
    va_start(arguments, flags);                                                          \
    const mode_t mode = va_arg(arguments, mode_t);                                       \
    va_end(arguments);                                                                   \
    if (at == AT_FDCWD || path[0] == '/') return opened(path, flags, mode, #plain);      \
    return ((int (*)(int, const char *, int, ...))real(#name))(at, path, flags, mode);   \
  }
OPENAT(openat, open)
OPENAT(openat64, open64)

ssize_t read(int descriptor, void *to, size_t count) {
  if (path_of(descriptor) && fails("read")) return -1;
  return REAL(read)(descriptor, to, count);
}

ssize_t pread(int descriptor, void *to, size_t count, off_t offset) {
  if (path_of(descriptor) && fails("read")) return -1;
  return REAL(pread)(descriptor, to, count, offset);
}

ssize_t pread64(int descriptor, void *to, size_t count, off64_t offset) {
  if (path_of(descriptor) && fails("read")) return -1;
  return REAL(pread64)(descriptor, to, count, offset);
}

ssize_t write(int descriptor, const void *from, size_t count) {
  const char *path = path_of(descriptor);
  if (path && fails("write")) return -1;
  if (!path) return REAL(write)(descriptor, from, count);
  pthread_mutex_lock(&mutex);
  const off_t before = fcntl(descriptor, F_GETFL) & O_APPEND ? lseek(descriptor, 0, SEEK_END) : lseek(descriptor, 0, SEEK_CUR);
  const ssize_t written = REAL(write)(descriptor, from, count);
  if (written > 0) {
    note("write %lld %zd %s\n", (long long)before, written, path);
    if (trace >= 0 && REAL(write)(trace, from, written) != written) abort();
  }
  pthread_mutex_unlock(&mutex);
  return written;
}

int fsync(int descriptor) {
  const char *path = path_of(descriptor);
  if (path && fails("fsync")) return -1;
  const int result = REAL(fsync)(descriptor);
  if (path && result == 0) note("fsync %s\n", path);
  return result;
}

int rename(const char *from, const char *to) {
  char a[PATH_MAX], b[PATH_MAX];
  const int counts = resolve(from, a) && resolve(to, b);
  if (counts && fails("rename")) return -1;
  const int result = REAL(rename)(from, to);
  if (counts && result == 0) {
    note("rename %s\n%s\n", a, b);
    for (int i = 0; i < MAX_FILES; i++) {
      if (paths[i] && strcmp(paths[i], a) == 0) {
        free(paths[i]);
        paths[i] = strdup(b);
      }
    }
  }
  return result;
}

int unlink(const char *path) {
  char resolved[PATH_MAX];
  const int counts = resolve(path, resolved);
  if (counts && fails("unlink")) return -1;
  const int result = REAL(unlink)(path);
  if (counts && result == 0) note("unlink %s\n", resolved);
  return result;
}

int mkdir(const char *path, mode_t mode) {
  char resolved[PATH_MAX];
  const int counts = resolve(path, resolved);
  if (counts && fails("mkdir")) return -1;
  const int result = REAL(mkdir)(path, mode);
  if (counts && result == 0) note("mkdir %s\n", resolved);
  return result;
}

#define TRUNCATE(name, offset)                                               \
  int name(int descriptor, offset size) {                                    \
    const char *path = path_of(descriptor);                                  \
    if (path && fails("truncate")) return -1;                                \
    const int result = REAL(name)(descriptor, size);                         \
    if (path && result == 0) note("truncate %lld %s\n", (long long)size, path); \
    return result;                                                           \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

int close(int descriptor) {
  const char *path = path_of(descriptor);
  if (!path) return REAL(close)(descriptor);
  free(paths[descriptor]);
  paths[descriptor] = NULL;
  // As the kernel does: the descriptor is gone in any case.
  const int result = REAL(close)(descriptor);
  return fails("close") ? -1 : result;
}
