#include "crc32c.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#endif

// The polynomial 0x1EDC6F41 with its bits in reverse, as the reflected CRC needs it.
static const uint32_t reflected_polynomial = 0x82F63B78;

// slices[s][b]: the CRC of byte b followed by s zero bytes. Eight of them take eight bytes a step
// (Kounavis and Berry 2005, "slicing-by-8").
static uint32_t slices[8][256];

__attribute__((constructor)) static void fill_slices(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? reflected_polynomial : 0);
    slices[0][byte] = crc;
  }
  for (int slice = 1; slice < 8; slice++) {
    for (int byte = 0; byte < 256; byte++) {
      uint32_t crc = slices[slice - 1][byte];
      slices[slice][byte] = crc >> 8 ^ slices[0][crc & 0xFF];
    }
  }
}

static uint64_t word_at(const unsigned char *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

uint32_t tamis_crc32c_portable(uint32_t crc, const void *bytes, size_t byte_count) {
  const unsigned char *next = bytes;
  crc = ~crc;
  for (; byte_count >= 8; byte_count -= 8, next += 8) {
    uint64_t word = word_at(next) ^ crc;
    crc = 0;
    for (int i = 0; i < 8; i++) crc ^= slices[7 - i][word >> 8 * i & 0xFF];
  }
  for (; byte_count > 0; byte_count--, next++) crc = crc >> 8 ^ slices[0][(crc ^ *next) & 0xFF];
  return ~crc;
}

#if defined(__x86_64__)

// The instruction takes three cycles and starts anew each cycle, so three streams run side by
// side over three neighbouring lanes of the bytes. To join them, a lane's CRC is moved past the
// lanes behind it: multiplied by x^(8 n) modulo the polynomial, n their bytes. A carry-less
// product of two reflected 32-bit values, itself taken as eight bytes by the instruction, is
// the product of both and x^33; so the constants are x^(8 n - 33).
typedef struct {
  size_t lane_byte_count;
  uint64_t past_one_lane, past_two_lanes;
} lanes;

static const lanes long_lanes = {1024, 0x170076FA, 0xA51B6135};
static const lanes short_lanes = {80, 0x39D3B296, 0x878A92A7};

#pragma clang attribute push(__attribute__((target("sse4.2,pclmul"))), apply_to = function)

static uint64_t moved(uint64_t crc, uint64_t factor) {
  __m128i product = _mm_clmulepi64_si128(
      _mm_cvtsi64_si128((long long)crc), _mm_cvtsi64_si128((long long)factor), 0);
  return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

static uint64_t crc_of_lanes(uint64_t crc, const unsigned char *bytes, const lanes *lanes) {
  size_t lane = lanes->lane_byte_count;
  uint64_t second = 0, third = 0;
  for (size_t i = 0; i < lane; i += 8) {
    crc = _mm_crc32_u64(crc, word_at(bytes + i));
    second = _mm_crc32_u64(second, word_at(bytes + lane + i));
    third = _mm_crc32_u64(third, word_at(bytes + 2 * lane + i));
  }
  return moved(crc, lanes->past_two_lanes) ^ moved(second, lanes->past_one_lane) ^ third;
}

static uint32_t crc_by_instruction(uint32_t start, const unsigned char *next, size_t byte_count) {
  uint64_t crc = ~start;
  const lanes *sizes[] = {&long_lanes, &short_lanes};
  for (int i = 0; i < 2; i++) {
    size_t step = 3 * sizes[i]->lane_byte_count;
    for (; byte_count >= step; byte_count -= step, next += step) {
      crc = crc_of_lanes(crc, next, sizes[i]);
    }
  }
  for (; byte_count >= 8; byte_count -= 8, next += 8) crc = _mm_crc32_u64(crc, word_at(next));
  if (byte_count >= 4) {
    uint32_t half;
    memcpy(&half, next, sizeof half);
    crc = _mm_crc32_u32((uint32_t)crc, half);
    byte_count -= 4, next += 4;
  }
  for (; byte_count > 0; byte_count--, next++) crc = _mm_crc32_u8((uint32_t)crc, *next);
  return ~(uint32_t)crc;
}

#pragma clang attribute pop

static bool has_instruction(void) {
  return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

#elif defined(__aarch64__)

// HWCAP_CRC32 of the Linux kernel's interface (asm/hwcap.h).
enum { hwcap_crc32 = 1 << 7 };

__attribute__((target("crc"))) static uint32_t crc_by_instruction(
    uint32_t crc, const unsigned char *next, size_t byte_count) {
  crc = ~crc;
  for (; byte_count >= 8; byte_count -= 8, next += 8) crc = __crc32cd(crc, word_at(next));
  for (; byte_count > 0; byte_count--, next++) crc = __crc32cb(crc, *next);
  return ~crc;
}

static bool has_instruction(void) { return getauxval(AT_HWCAP) & hwcap_crc32; }

#endif

uint32_t tamis_crc32c(uint32_t crc, const void *bytes, size_t byte_count) {
#if defined(__x86_64__) || defined(__aarch64__)
  if (has_instruction()) return crc_by_instruction(crc, bytes, byte_count);
#endif
  return tamis_crc32c_portable(crc, bytes, byte_count);
}
