/* Records of Tamis for the example programs in C, as docs/formats.md has them: little-endian
   machines, where a struct lies as the record does. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENT = 1, BEGIN_OF_RUN = 2, END_OF_RUN = 3, HEARTBEAT = 4 };

struct event_header { /* 64 bytes, then D float32 */
  char magic[4];
  uint8_t version, kind;
  uint16_t flags;
  uint32_t source, run, lumi;
  uint16_t features, bunch_crossing;
  uint64_t sequence, event, time_ns;
  uint32_t orbit;
  float condition;
  uint32_t schema, crc32c;
};

struct flagged_header { /* 64 bytes, then D attributions, then the event record */
  char magic[4];
  uint8_t version, reasons;
  uint16_t working_points;
  float score, threshold;
  uint64_t number, received_ns, decided_ns;
  uint32_t weight, model, calibration, instance;
  float background_rate; /* negative: from a fitted tail; 0: not known */
  uint32_t crc32c;
};

_Static_assert(sizeof(struct event_header) == 64 && sizeof(struct flagged_header) == 64, "padding");

/* CRC-32C of a record of `size` bytes, without its own four bytes at 60. */
static uint32_t record_crc(const void *record, size_t size) {
  static uint32_t table[256];
  if (!table[1])
    for (uint32_t i = 0; i < 256; i++) {
      table[i] = i;
      for (int bit = 0; bit < 8; bit++)
        table[i] = (table[i] >> 1) ^ (table[i] & 1 ? 0x82F63B78u : 0);
    }
  const uint8_t *bytes = record;
  uint32_t state = 0xFFFFFFFFu;
  for (size_t i = 0; i < size; i++)
    if (i < 60 || i >= 64) state = table[(state ^ bytes[i]) & 255] ^ (state >> 8);
  return ~state;
}

/* The score of D attributions, in its one order. Compile without -ffast-math. */
static float sum_attributions(const float *attributions, size_t features) {
  float lane[16] = {0};
  for (size_t i = 0; i < features; i++) lane[i % 16] += attributions[i];
  for (int half = 8; half >= 1; half /= 2)
    for (int i = 0; i < half; i++) lane[i] += lane[i + half];
  return lane[0];
}
