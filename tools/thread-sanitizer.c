// Tells the thread sanitizer of the contended half of Swift's `Mutex`.
//
// An uncontended lock is inlined into our code and instrumented with it. A contended one is taken
// and released by the kernel on behalf of libswiftSynchronization, which is not instrumented: what
// one thread did under the lock would then seem unordered with what the next one does. Linked into
// the daemon that tools/sanitize builds, these three take the place of the library's functions, call
// them, and say what they mean. On Linux the lock's word holds the owner's thread number, so that the
// address of the lock is that of the atomic which the inlined half uses.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self
#define MUTEX "$s15Synchronization12_MutexHandleV"

void __tsan_acquire(void *address);
void __tsan_release(void *address);

static void *library(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (found == NULL) abort();
  return found;
}

SWIFT void tamis_lock_slow(uint32_t own, SELF) __asm__(MUTEX "9_lockSlowyys6UInt32VF");
SWIFT void tamis_lock_slow(uint32_t own, SELF) {
  SWIFT void (*lock)(uint32_t, SELF) = library(MUTEX "9_lockSlowyys6UInt32VF");
  lock(own, self);
  __tsan_acquire(self);
}

SWIFT bool tamis_try_lock_slow(SELF) __asm__(MUTEX "12_tryLockSlowSbyF");
SWIFT bool tamis_try_lock_slow(SELF) {
  SWIFT bool (*lock)(SELF) = library(MUTEX "12_tryLockSlowSbyF");
  const bool isTaken = lock(self);
  if (isTaken) __tsan_acquire(self);
  return isTaken;
}

SWIFT void tamis_unlock_slow(SELF) __asm__(MUTEX "11_unlockSlowyyF");
SWIFT void tamis_unlock_slow(SELF) {
  SWIFT void (*unlock)(SELF) = library(MUTEX "11_unlockSlowyyF");
  __tsan_release(self);
  unlock(self);
}
