#define _GNU_SOURCE
#include "process_shim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void tamis_standard_descriptors_open(void) {
  for (int descriptor = 0; descriptor <= 2; descriptor++) {
    if (fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    // The lowest free number is this one, since those below are open.
    int opened = open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY);
    // Without /dev/null anything that stands will do: the number must not be free.
    if (opened < 0) opened = open("/", O_RDONLY | O_DIRECTORY);
    if (opened > descriptor) close(opened);
  }
}

// A command writes a few files at a time. A slot is free (0), being filled (1) or in force (2).
enum { slot_count = 64 };
static struct {
  atomic_int state;
  bool is_run, removes_folder;
  // The highest number of a run's segments.
  atomic_uint_fast64_t segments;
  char kind[16];
  char path[PATH_MAX];
} temporaries[slot_count];

static atomic_bool is_ending;

static void remove_all(void);

static int add(const char *path, const char *kind, bool removes_folder) {
  // The handler has walked the list already: make no file that nobody would remove.
  while (atomic_load(&is_ending)) pause();
  static atomic_flag is_known = ATOMIC_FLAG_INIT;
  if (!atomic_flag_test_and_set(&is_known)) atexit(remove_all);
  size_t length = strlen(path);
  if (length >= PATH_MAX || strlen(kind) >= sizeof temporaries[0].kind) return -1;
  for (int slot = 0; slot < slot_count; slot++) {
    int expected = 0;
    if (!atomic_compare_exchange_strong(&temporaries[slot].state, &expected, 1)) continue;
    memcpy(temporaries[slot].path, path, length + 1);
    strcpy(temporaries[slot].kind, kind);
    temporaries[slot].is_run = kind[0] != 0;
    temporaries[slot].removes_folder = removes_folder;
    atomic_store(&temporaries[slot].segments, 0);
    atomic_store(&temporaries[slot].state, 2);
    return slot;
  }
  return -1;
}

int tamis_temporary_add(const char *path) { return add(path, "", false); }

int tamis_temporary_run_add(const char *folder, const char *kind, bool removes_folder) {
  return add(folder, kind, removes_folder);
}

void tamis_temporary_run_extend(int slot, uint64_t index) {
  if (slot >= 0 && slot < slot_count) atomic_store(&temporaries[slot].segments, index);
}

void tamis_temporary_forget(int slot) {
  if (slot >= 0 && slot < slot_count) atomic_store(&temporaries[slot].state, 0);
}

// Removes `folder/NAME`, where NAME consists of three parts. Calls only what signal-safety(7)
// allows.
static void remove_in(const char *folder, const char *a, const char *b, const char *c) {
  static char path[PATH_MAX + 64];
  const char *parts[] = {folder, "/", a, b, c};
  size_t length = 0;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    size_t count = strlen(parts[i]);
    if (length + count >= sizeof path) return;
    memcpy(path + length, parts[i], count);
    length += count;
  }
  path[length] = 0;
  unlink(path);
}

static void remove_run(int slot) {
  const char *folder = temporaries[slot].path, *kind = temporaries[slot].kind;
  // Without its manifest the rest of a run counts as unfinished, should this process be killed now.
  remove_in(folder, "manifest.json", "", "");
  remove_in(folder, "manifest.json", ".new", "");
  remove_in(folder, "decisions.jsonl", "", "");
  for (uint64_t index = atomic_load(&temporaries[slot].segments); index > 0; index--) {
    // At least six digits, and a dot.
    char name[24];
    char *first = name + sizeof name - 2;
    first[0] = '.';
    first[1] = 0;
    int digits = 0;
    for (uint64_t rest = index; rest > 0 || digits < 6; rest /= 10, digits++) {
      *--first = (char)('0' + rest % 10);
    }
    remove_in(folder, first, kind, "");
    remove_in(folder, first, kind, ".writing");
  }
  if (temporaries[slot].removes_folder) rmdir(folder);
}

// Calls only what signal-safety(7) allows.
static void remove_all(void) {
  for (int slot = 0; slot < slot_count; slot++) {
    if (atomic_load(&temporaries[slot].state) != 2) continue;
    if (temporaries[slot].is_run) {
      remove_run(slot);
    } else {
      unlink(temporaries[slot].path);
    }
  }
}

// Calls only what signal-safety(7) allows.
static void end_process(int number) {
  atomic_store(&is_ending, true);
  remove_all();
  // The parent then sees which signal it was. Process 1 survives this, and ends by status.
  signal(number, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  raise(number);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  _exit(128 + number);
}

void tamis_signals_end_process(void) {
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    struct sigaction present;
    // Who started the program with a signal ignored (nohup) wants that to stay.
    if (sigaction(numbers[i], NULL, &present) != 0 || present.sa_handler == SIG_IGN) continue;
    struct sigaction action = {.sa_handler = end_process};
    sigfillset(&action.sa_mask);
    sigaction(numbers[i], &action, NULL);
  }
}

int tamis_stdout_flush(void) {
  errno = 0;
  int failed_before = ferror(stdout);
  if (fflush(stdout) != 0) return errno ? errno : EIO;
  if (!failed_before) return 0;
  // The errno of that write is gone; a pipe without a reader still says so.
  struct pollfd look = {.fd = STDOUT_FILENO, .events = POLLOUT};
  return poll(&look, 1, 0) == 1 && look.revents & POLLERR ? EPIPE : EIO;
}

bool tamis_write_within(int descriptor, const void *bytes, size_t count, int timeout_ms) {
  const char *rest = bytes;
  while (count > 0) {
    struct pollfd look = {.fd = descriptor, .events = POLLOUT};
    int ready = poll(&look, 1, timeout_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    // A pipe that is writable takes this much without waiting.
    size_t piece = count < 4096 ? count : 4096;
    ssize_t written = write(descriptor, rest, piece);
    if (written < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      return false;
    }
    rest += written;
    count -= (size_t)written;
  }
  return true;
}

bool tamis_is_writable(int descriptor) {
  struct pollfd look = {.fd = descriptor, .events = POLLOUT};
  return poll(&look, 1, 0) == 1;
}

void tamis_reload_signal_block(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static bool read_small(const char *path, char *text, size_t capacity) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  ssize_t count = read(descriptor, text, capacity - 1);
  close(descriptor);
  text[count < 0 ? 0 : count] = 0;
  return count > 0;
}

uint64_t tamis_process_start_ticks(int process) {
  char path[64], text[1024];
  // Where /proc is that of another namespace, a process is right about itself alone.
  if (process == getpid()) {
    snprintf(path, sizeof path, "/proc/self/stat");
  } else {
    snprintf(path, sizeof path, "/proc/%d/stat", process);
  }
  if (!read_small(path, text, sizeof text)) return 0;
  // The name in parentheses may hold anything; field 22 is the 20th behind it.
  const char *field = strrchr(text, ')');
  for (int i = 0; field && i < 20; i++) field = strchr(field + 1, ' ');
  return field ? strtoull(field + 1, NULL, 10) : 0;
}

uint64_t tamis_process_namespace(void) {
  struct stat status;
  return stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

bool tamis_boot_identifier(char *text, size_t capacity) {
  if (!read_small("/proc/sys/kernel/random/boot_id", text, capacity)) return false;
  text[strcspn(text, "\n")] = 0;
  return true;
}

int tamis_process_inner_number(int process) {
  char path[64], text[8192];
  snprintf(path, sizeof path, "/proc/%d/status", process);
  if (!read_small(path, text, sizeof text)) return 0;
  // The numbers in each namespace, the innermost last.
  char *line = strstr(text, "\nNSpid:");
  if (!line) return 0;
  line += 7;
  line[strcspn(line, "\n")] = 0;
  const char *last = strrchr(line, '\t');
  return last ? atoi(last + 1) : 0;
}
