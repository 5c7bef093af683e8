// The exponential of the score's and the training's kernels, with the factors of score_constants.h.

// 2^(-x log2 e) by a polynomial of degree 6. A NaN fails the comparison and stays.
ALWAYS_INLINE vector exponential_of_minus(vector x) {
  const vector exponent = x > (vector)SILU_CUT ? (vector)SILU_CUT : x;
  const vector shifted = fused(exponent, (vector)-LOG2E_HIGH, (vector)ROUNDING_SHIFT);
  const vector whole = shifted - (vector)ROUNDING_SHIFT;
  vector fraction = fused(exponent, (vector)-LOG2E_HIGH, -whole);
  fraction = fused(exponent, (vector)-LOG2E_LOW, fraction);
  vector power = fused(fraction, (vector)EXP2_6, (vector)EXP2_5);
  power = fused(fraction, power, (vector)EXP2_4);
  power = fused(fraction, power, (vector)EXP2_3);
  power = fused(fraction, power, (vector)EXP2_2);
  power = fused(fraction, power, (vector)EXP2_1);
  power = fused(fraction, power, (vector)1.0f);
  return (vector)((bits)power + ((bits)shifted << 23));
}
