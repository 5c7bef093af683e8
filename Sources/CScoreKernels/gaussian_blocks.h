// Included once per instruction set by random_kernels.c, which defines
//   GAUSSIAN_NAME(name)  the name with the instruction set's suffix,
//   GAUSSIAN_LANES       blocks in flight: float64 lanes of a vector register (2, 4 or 8).
// Every step is an exact IEEE operation (+, *, /, sqrt, conversions that round to nearest) or an
// integer one, without fused multiply-adds, so lanes and instruction sets cannot differ.
//
// No include guard, and no function here is shared between instruction sets: the linker could
// otherwise keep a copy that the processor cannot run.

typedef double GAUSSIAN_NAME(reals) __attribute__((vector_size(8 * GAUSSIAN_LANES)));
typedef float GAUSSIAN_NAME(floats) __attribute__((vector_size(4 * GAUSSIAN_LANES)));
typedef uint32_t GAUSSIAN_NAME(words) __attribute__((vector_size(4 * GAUSSIAN_LANES)));
typedef uint64_t GAUSSIAN_NAME(lanes) __attribute__((vector_size(8 * GAUSSIAN_LANES)));

#define REALS GAUSSIAN_NAME(reals)
#define FLOATS GAUSSIAN_NAME(floats)
#define WORDS GAUSSIAN_NAME(words)
#define LANES GAUSSIAN_NAME(lanes)

/// -2 ln((w + 1/2) / 2^32) for words w.
KERNEL_INLINE REALS GAUSSIAN_NAME(squared_radius)(LANES w) {
  // 2^19 has an ulp of 2^-33, so the odd mantissa 2 w + 1 adds (w + 1/2) / 2^32 exactly.
  REALS u = (REALS)((w << 1) | 0x4120000000000001u) - 0x1p19;
  // u = m 2^e with m in [sqrt(1/2), sqrt(2)); the exponent is kept biased by 1023.
  const uint64_t lowest_mantissa = 0x3fe6a09e667f3bcdu;  // sqrt(1/2)
  const uint64_t bias = 0x3ff0000000000000u;
  LANES shifted = (LANES)u - lowest_mantissa + bias;
  REALS e = (REALS)((shifted >> 52) | 0x4330000000000000u) - (0x1p52 + 1023);
  REALS m = (REALS)((LANES)u - (shifted & 0xfff0000000000000u) + bias);
  // ln m = 2 artanh(s); minimax polynomial in s^2, relative error 2.7e-14.
  REALS s = (m - 1.0) / (m + 1.0);
  REALS z = s * s;
  REALS p = z * -0x1.9198130d3d019p-2 - 0x1.c6208ce15faaep-2;
  p = p * z - 0x1.249439603081ep-1;
  p = p * z - 0x1.99999628a673dp-1;
  p = p * z - 0x1.5555555672debp+0;
  p = p * z - 0x1.fffffffffff10p+1;
  return e * -0x1.62e42fefa39efp+0 + s * p;
}

/// cos (`*cosine`) and sin of 2 pi (w + 1/2) / 2^32 for words w.
KERNEL_INLINE void GAUSSIAN_NAME(turn)(LANES w, REALS *cosine, REALS *sine) {
  // The nearest quarter turn, and what is left of the turn: a in (-1/8, 1/8), exactly.
  LANES rotated = w + 0x20000000u;
  LANES quarter = rotated >> 30;
  LANES rest = rotated & 0x3fffffffu;
  REALS a = (REALS)((rest << 1) | 0x4120000000000001u) - (0x1p19 + 0x1p-3);
  REALS z = a * a;
  // Minimax polynomials in a^2 of cos(2 pi a) and sin(2 pi a) / a, relative errors 6.6e-14
  // and 4.5e-15.
  REALS c = z * -0x1.a0d8a9cf01accp+4 + 0x1.e1e76124b0ef5p+5;
  c = c * z - 0x1.55d3b9724caf6p+6;
  c = c * z + 0x1.03c1f073cd285p+6;
  c = c * z - 0x1.3bd3cc9bd098bp+4;
  c = c * z + 0x1.ffffffffffdb1p-1;
  REALS s = z * -0x1.dd4e53d99b415p+3 + 0x1.5071bed41f7bcp+5;
  s = s * z - 0x1.32d2c6298b85bp+6;
  s = s * z + 0x1.466bc670fd152p+6;
  s = s * z - 0x1.4abbce62577b9p+5;
  s = s * z + 0x1.921fb54442cf8p+2;
  s = s * a;
  // Odd quarters exchange sine and cosine; the signs follow.
  LANES odd = 0 - (quarter & 1);
  LANES exchanged = ((LANES)c ^ (LANES)s) & odd;
  *cosine = (REALS)((LANES)c ^ exchanged ^ (((quarter + 1) & 2) << 62));
  *sine = (REALS)((LANES)s ^ exchanged ^ ((quarter & 2) << 62));
}

/// Two normals a lane from two words a lane: the first in the low half, the second in the high.
KERNEL_INLINE LANES GAUSSIAN_NAME(pair)(LANES u, LANES v) {
  REALS radius = __builtin_elementwise_sqrt(GAUSSIAN_NAME(squared_radius)(u));
  REALS cosine, sine;
  GAUSSIAN_NAME(turn)(v, &cosine, &sine);
  WORDS first = (WORDS)__builtin_convertvector(radius * cosine, FLOATS);
  WORDS second = (WORDS)__builtin_convertvector(radius * sine, FLOATS);
  return __builtin_convertvector(first, LANES) | (__builtin_convertvector(second, LANES) << 32);
}

/// Normals of the GAUSSIAN_LANES blocks from `block` on, to `out` in order.
KERNEL_INLINE void GAUSSIAN_NAME(step)(uint64_t seed, uint64_t stream, uint64_t block, float *out) {
  LANES index;
  for (int i = 0; i < GAUSSIAN_LANES; i++) index[i] = block + (uint64_t)i;
  const uint64_t low = 0xffffffffu;
  // A lane holds one word of the counter.
  LANES c0 = index & low, c1 = index >> 32;
  LANES c2 = (LANES){0} + (stream & low), c3 = (LANES){0} + (stream >> 32);
  uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < 10; round++) {
    LANES product0 = c0 * 0xd2511f53u, product1 = c2 * 0xcd9e8d57u;
    c0 = (product1 >> 32) ^ c1 ^ key0;
    c1 = product1 & low;
    c2 = (product0 >> 32) ^ c3 ^ key1;
    c3 = product0 & low;
    key0 += 0x9e3779b9u;
    key1 += 0xbb67ae85u;
  }
  LANES front = GAUSSIAN_NAME(pair)(c0, c1), back = GAUSSIAN_NAME(pair)(c2, c3);
  LANES zipped[2] = {
      __builtin_shufflevector(front, back, GAUSSIAN_ZIP_LOW),
      __builtin_shufflevector(front, back, GAUSSIAN_ZIP_HIGH),
  };
  __builtin_memcpy(out, zipped, sizeof zipped);
}

/// Normals of the blocks from `block` on, 4 each, to `out`.
static void GAUSSIAN_NAME(blocks)(uint64_t seed, uint64_t stream, uint64_t block, float *out,
                                  size_t block_count) {
  size_t done = 0;
  for (; done + GAUSSIAN_LANES <= block_count; done += GAUSSIAN_LANES) {
    GAUSSIAN_NAME(step)(seed, stream, block + done, out + 4 * done);
  }
  if (done < block_count) {
    float rest[4 * GAUSSIAN_LANES];
    GAUSSIAN_NAME(step)(seed, stream, block + done, rest);
    __builtin_memcpy(out + 4 * done, rest, (block_count - done) * 4 * sizeof(float));
  }
}

#undef REALS
#undef FLOATS
#undef WORDS
#undef LANES
#undef GAUSSIAN_NAME
#undef GAUSSIAN_LANES
#undef GAUSSIAN_ZIP_LOW
#undef GAUSSIAN_ZIP_HIGH
