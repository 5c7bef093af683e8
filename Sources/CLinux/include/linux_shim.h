// System calls and headers that Swift cannot reach by itself: futexes (a variadic syscall),
// named threads, and processor affinity (macros).
#ifndef TAMIS_LINUX_SHIM_H
#define TAMIS_LINUX_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mapping_shim.h"
#include "process_shim.h"

/// Sleeps while `*word == expected`, for at most `timeout_ns` (negative: without limit).
/// May return early; the caller looks at the word again. Process-private.
void tamis_futex_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns);

/// Wakes every thread that sleeps on `word`.
void tamis_futex_wake_all(const uint32_t *word);

/// Names the calling thread (at most 15 bytes are kept), as shown by `top -H` and debuggers.
void tamis_thread_set_name(const char *name);

/// What `tamis_threads_try` found.
struct tamis_threads_tried {
  /// Threads that lived at the same time.
  int count;
  /// Why there were not more of them, or no memory; 0 where all was there.
  int code;
};

/// Starts `count` threads, maps `byte_count` bytes of memory without touching them, and lets all
/// go.
struct tamis_threads_tried tamis_threads_try(int count, size_t byte_count);

/// Binds the calling thread to one processor. Returns 0 or the errno.
int tamis_thread_set_affinity(int processor);

/// Whether the calling thread may run on a processor.
bool tamis_processor_is_available(int processor);

/// Takes processors from those that the calling thread may run on, and with it from the threads
/// that it creates later; does nothing where none would be left.
void tamis_thread_keep_off(const int32_t *processors, size_t count);

/// A processor hint for spin loops.
void tamis_spin_pause(void);

/// Blocks SIGTERM, SIGINT and SIGHUP in the calling thread and those it creates later.
void tamis_signals_block(void);

/// Waits up to `timeout_ns` for one of those signals. Returns its number, or 0 at the timeout.
int tamis_signals_wait(int64_t timeout_ns);

/// Nanoseconds since the Unix epoch.
uint64_t tamis_realtime_ns(void);

/// The seconds since the Unix epoch that a UTC time gives in the form of strptime(3); below 0 for a
/// time before the epoch and for a text that strptime cannot read. What follows the time is
/// ignored.
int64_t tamis_utc_seconds(const char *text, const char *form);

/// Nanoseconds of a clock that never goes back.
uint64_t tamis_monotonic_ns(void);

/// Sleeps that long; a signal may cut it short.
void tamis_sleep_ns(uint64_t duration_ns);

/// Renames unless `to` exists (EEXIST): by renameat2, else by a second link, else after a look.
/// Returns 0 or the errno.
int tamis_rename_exclusive(const char *from, const char *to);

#endif
