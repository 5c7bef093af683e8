// The exponential of the score's and the training's kernels, with the factors of score_constants.h.

// The most vectors that go side by side.
enum { VECTORS_MAX = 4 };

// 2^(-x log2 e) by a polynomial of degree 6, of `count` vectors side by side: every step waits long
// for the one before, and a processor looks ahead over a few dozen instructions. A NaN fails the
// comparison and stays.
ALWAYS_INLINE void exponentials_of_minus(const int count, const vector *x, vector *powers) {
  static const float factors[] = {EXP2_5, EXP2_4, EXP2_3, EXP2_2, EXP2_1, 1.0f};
  vector exponent[VECTORS_MAX], shifted[VECTORS_MAX], whole[VECTORS_MAX], fraction[VECTORS_MAX];
#define EACH UNROLL for (int i = 0; i < count; i++)
  EACH exponent[i] = x[i] > (vector)SILU_CUT ? (vector)SILU_CUT : x[i];
  EACH shifted[i] = fused(exponent[i], (vector)-LOG2E_HIGH, (vector)ROUNDING_SHIFT);
  EACH whole[i] = shifted[i] - (vector)ROUNDING_SHIFT;
  EACH fraction[i] = fused(exponent[i], (vector)-LOG2E_HIGH, -whole[i]);
  EACH fraction[i] = fused(exponent[i], (vector)-LOG2E_LOW, fraction[i]);
  EACH powers[i] = (vector)EXP2_6;
  UNROLL for (size_t k = 0; k < sizeof factors / sizeof factors[0]; k++) {
    EACH powers[i] = fused(fraction[i], powers[i], (vector)factors[k]);
  }
  EACH powers[i] = (vector)((bits)powers[i] + ((bits)shifted[i] << 23));
#undef EACH
}

ALWAYS_INLINE vector exponential_of_minus(vector x) {
  vector power;
  exponentials_of_minus(1, &x, &power);
  return power;
}
