// Vectors of LANES floats, for the templates of kernels, which define LANES. Everything here is
// static. Clang's vector types make one source do for all instruction sets, and every operation is
// one that IEEE 754 rounds in one way.

#pragma STDC FP_CONTRACT OFF

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef float vector __attribute__((ext_vector_type(LANES)));
typedef int32_t bits __attribute__((ext_vector_type(LANES)));
/// A vector where it lies in a buffer of floats or of raw bytes, on any boundary of four bytes.
typedef vector stored __attribute__((aligned(4), may_alias));
typedef bits stored_bits __attribute__((aligned(4), may_alias));

ALWAYS_INLINE vector load(const void *from) { return *(const stored *)from; }
ALWAYS_INLINE void store(float *to, vector value) { *(stored *)to = value; }
ALWAYS_INLINE vector fused(vector a, vector b, vector c) {
  return __builtin_elementwise_fma(a, b, c);
}
ALWAYS_INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

// Lane i of the result is lane i + n of `value`, for i below n; the other lanes do not matter.
#if LANES == 16
#define LANES_FROM(value, n)                                                                     \
  __builtin_shufflevector(value, value, (n) + 0, ((n) + 1) % 16, ((n) + 2) % 16, ((n) + 3) % 16, \
                          ((n) + 4) % 16, ((n) + 5) % 16, ((n) + 6) % 16, ((n) + 7) % 16, 0, 0,  \
                          0, 0, 0, 0, 0, 0)
#elif LANES == 8
#define LANES_FROM(value, n)                                                              \
  __builtin_shufflevector(value, value, (n) + 0, ((n) + 1) % 8, ((n) + 2) % 8,            \
                          ((n) + 3) % 8, 0, 0, 0, 0)
#else
#define LANES_FROM(value, n) __builtin_shufflevector(value, value, (n) + 0, ((n) + 1) % 4, 0, 0)
#endif
