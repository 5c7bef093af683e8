// Constants of the arithmetic that all instruction sets share. Values alone: an inline function
// here could be compiled for one instruction set and linked into another.
#ifndef TAMIS_SCORE_CONSTANTS_H
#define TAMIS_SCORE_CONSTANTS_H

// Adding 1.5 * 2^23 to a float rounds it to an integer, which then stands in its low bits.
#define ROUNDING_SHIFT 0x1.8p23f

// silu(x) = x / (1 + 2^(-x log2 e)). Below -87 it is the constant silu(-87) = -1.4e-36, so that
// the exponential cannot overflow; above 87 it is x.
#define SILU_CUT 87.0f
#define LOG2E_HIGH 0x1.715476p+0f
#define LOG2E_LOW 0x1.4ae0c0p-26f
// 2^f = 1 + f (E1 + f (E2 + ...)) for |f| <= 1/2, minimax: 2e-9 relative before rounding.
#define EXP2_1 0x1.62e430p-1f
#define EXP2_2 0x1.ebfbe0p-3f
#define EXP2_3 0x1.c6aed0p-5f
#define EXP2_4 0x1.3b29aap-7f
#define EXP2_5 0x1.5f47e4p-10f
#define EXP2_6 0x1.449008p-13f

// log(1 + f) = f - f^2 / 2 + f^3 (L0 + f (L1 + ...)) for 1 + f in [sqrt(1/2), sqrt(2)], minimax:
// 8e-10 relative before rounding. k * LN2_HIGH is exact for |k| <= 2^15.
#define LOG1P_0 0x1.555548p-2f
#define LOG1P_1 -0x1.000006p-2f
#define LOG1P_2 0x1.99a4b6p-3f
#define LOG1P_3 -0x1.555c4ep-3f
#define LOG1P_4 0x1.233768p-3f
#define LOG1P_5 -0x1.fc2200p-4f
#define LOG1P_6 0x1.e6f070p-4f
#define LOG1P_7 -0x1.de3c4cp-4f
#define LOG1P_8 0x1.1457e0p-4f
#define LN2_HIGH 0x1.63p-1f
#define LN2_LOW -0x1.bd0106p-13f
// The bits of sqrt(1/2): a float minus these has the exponent that puts 1 + f in that interval.
#define SQRT_HALF_BITS 0x3F3504F3

#endif
