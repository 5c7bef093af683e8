// The tiles of the score's and the screen's kernels: an integer dot product takes the registers of
// a fused multiplication.

// 32 registers: 24 sums, the weights, the broadcast inputs. Twelve rows read each weight once for
// twelve products; three rows, a lone event, have the same 24 sums over four panels.
#define TILES_OF_32_REGISTERS(T)                                                       \
  T(1, 8) T(1, 4) T(1, 2) T(2, 8) T(2, 4) T(2, 2) T(3, 8) T(3, 4) T(3, 2)              \
  T(4, 4) T(4, 2) T(5, 4) T(5, 2) T(6, 4) T(6, 2)                                      \
  T(7, 2) T(8, 2) T(9, 2) T(10, 2) T(11, 2) T(12, 2)

// 16 registers: 12 sums, the weights, a broadcast input.
#define TILES_OF_16_REGISTERS(T) \
  T(1, 4) T(1, 2) T(2, 4) T(2, 2) T(3, 4) T(3, 2) T(4, 2) T(5, 2) T(6, 2)
