#define _GNU_SOURCE
#include "linux_shim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct timespec timespec_from_ns(int64_t ns) {
  struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
  return t;
}

void tamis_futex_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns) {
  struct timespec limit = timespec_from_ns(timeout_ns < 0 ? 0 : timeout_ns);
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout_ns < 0 ? NULL : &limit, NULL, 0);
}

void tamis_futex_wake_all(const uint32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

void tamis_thread_set_name(const char *name) {
  char kept[16];
  strncpy(kept, name, sizeof kept - 1);
  kept[sizeof kept - 1] = 0;
  pthread_setname_np(pthread_self(), kept);
}

static void *wait_for_gate(void *gate) {
  pthread_mutex_lock(gate);
  pthread_mutex_unlock(gate);
  return NULL;
}

struct tamis_threads_tried tamis_threads_try(int count, size_t byte_count) {
  struct tamis_threads_tried tried = {0, 0};
  pthread_t *threads = calloc(count < 1 ? 1 : (size_t)count, sizeof *threads);
  if (threads == NULL) return (struct tamis_threads_tried){0, ENOMEM};
  pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&gate);
  while (tried.count < count && tried.code == 0) {
    tried.code = pthread_create(&threads[tried.count], NULL, wait_for_gate, &gate);
    if (tried.code == 0) tried.count++;
  }
  if (tried.code == 0 && byte_count > 0) {
    void *memory =
        mmap(NULL, byte_count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      tried.code = errno;
    } else {
      munmap(memory, byte_count);
    }
  }
  pthread_mutex_unlock(&gate);
  for (int i = 0; i < tried.count; i++) pthread_join(threads[i], NULL);
  free(threads);
  return tried;
}

int tamis_thread_set_affinity(int processor) {
  if (processor < 0 || processor >= CPU_SETSIZE) return EINVAL;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

bool tamis_processor_is_available(int processor) {
  cpu_set_t set;
  return processor >= 0 && processor < CPU_SETSIZE &&
         pthread_getaffinity_np(pthread_self(), sizeof set, &set) == 0 && CPU_ISSET(processor, &set);
}

void tamis_thread_keep_off(const int32_t *processors, size_t count) {
  cpu_set_t set;
  if (pthread_getaffinity_np(pthread_self(), sizeof set, &set) != 0) return;
  for (size_t i = 0; i < count; i++) {
    if (processors[i] >= 0 && processors[i] < CPU_SETSIZE) CPU_CLR(processors[i], &set);
  }
  // With nothing left the threads share what there is.
  if (CPU_COUNT(&set) > 0) (void)pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

void tamis_spin_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

static sigset_t handled_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

void tamis_signals_block(void) {
  sigset_t set = handled_signals();
  pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int tamis_signals_wait(int64_t timeout_ns) {
  sigset_t set = handled_signals();
  struct timespec limit = timespec_from_ns(timeout_ns);
  int number = sigtimedwait(&set, NULL, &limit);
  return number > 0 ? number : 0;
}

static uint64_t clock_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  // A clock before 1970 reads as its beginning: times are without a sign everywhere.
  if (t.tv_sec < 0) return 0;
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t tamis_realtime_ns(void) { return clock_ns(CLOCK_REALTIME); }

uint64_t tamis_monotonic_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

int64_t tamis_utc_seconds(const char *text, const char *form) {
  struct tm parts = {0};
  return strptime(text, form, &parts) == NULL ? -1 : timegm(&parts);
}

void tamis_sleep_ns(uint64_t duration_ns) {
  struct timespec t = timespec_from_ns((int64_t)duration_ns);
  nanosleep(&t, NULL);
}

static bool is_unsupported(int code) {
  return code == EINVAL || code == ENOSYS || code == ENOTSUP || code == EOPNOTSUPP;
}

/// Whether both are names of one file.
static bool is_same_file(const char *one, const char *other) {
  struct stat a, b;
  return lstat(one, &a) == 0 && lstat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int tamis_rename_exclusive(const char *from, const char *to) {
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (!is_unsupported(errno)) return errno;
  // A file system without the flag, such as most on a network: a second name is exclusive, too.
  if (link(from, to) == 0) return unlink(from) == 0 ? 0 : errno;
  if (errno == EEXIST) {
    // A try before that got half way.
    if (!is_same_file(from, to)) return EEXIST;
    return unlink(from) == 0 ? 0 : errno;
  }
  if (!is_unsupported(errno) && errno != EPERM && errno != EMLINK) return errno;
  // Nor has it links: a file that another process puts there between these two calls is replaced.
  struct stat found;
  if (lstat(to, &found) == 0) return EEXIST;
  if (errno != ENOENT) return errno;
  return rename(from, to) == 0 ? 0 : errno;
}
