// Shifts of the lanes of a vector, for sums and maxima over lanes. For the templates of kernels, which
// define LANES.

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
