#define _DEFAULT_SOURCE

#include "aligned_memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const size_t cache_line = 64;
static const size_t huge_page = (size_t)2 << 20;
static const size_t huge_from = (size_t)256 << 10;

static size_t rounded_up(size_t byte_count, size_t multiple) {
  return (byte_count + multiple - 1) / multiple * multiple;
}

void *tamis_aligned_allocate(size_t byte_count) {
  const size_t alignment = byte_count >= huge_from ? huge_page : cache_line;
  const size_t size = rounded_up(byte_count > 0 ? byte_count : 1, alignment);
  void *memory = NULL;
  if (posix_memalign(&memory, alignment, size) != 0) return NULL;
#ifdef MADV_HUGEPAGE
  // Advice only: where huge pages are off the memory is as good, and slower.
  if (alignment == huge_page) (void)madvise(memory, size, MADV_HUGEPAGE);
#endif
  memset(memory, 0, size);
  return memory;
}

void tamis_aligned_free(void *memory) { free(memory); }
