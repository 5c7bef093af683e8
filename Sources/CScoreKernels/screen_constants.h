// Constants of the screen's arithmetic. Values alone, see score_constants.h.
#ifndef TAMIS_SCREEN_CONSTANTS_H
#define TAMIS_SCREEN_CONSTANTS_H

// silu(x) + offset = max(x, 0) + p(|x|) with p(u) = offset - u / (1 + e^u), u cut at 7.7. Adding
// 2^22 to u rounds it to a multiple of 1/2, whose number 0 ... 15 then stands in the low bits: the
// segment. In each, p(u) = A + u (B + u C), fitted to p at 400 Chebyshev nodes by least squares:
// at most 2.0e-4 from p. tools/fit_screen_silu.py makes the table.
#define SCREEN_SEGMENT_SHIFT 0x1p22f
#define SCREEN_CUT 7.7f
#define SCREEN_SEGMENTS 16
#define SCREEN_A \
  0x1.1d24d8p-2f, 0x1.1a20b4p-2f, 0x1.e20facp-3f, 0x1.f674d8p-4f, -0x1.2d8454p-5f, \
  -0x1.757a1ap-3f, -0x1.15bda8p-2f, -0x1.2dd28ap-2f, -0x1.10c746p-2f, -0x1.a6769ap-3f, \
  -0x1.0edbc2p-3f, -0x1.d17e54p-5f, 0x1.9df4ccp-7f, 0x1.2961a6p-4f, 0x1.f427d4p-4f, \
  0x1.4797dap-3f
#define SCREEN_B \
  -0x1.ffb5f2p-2f, -0x1.ed0f02p-2f, -0x1.8209eap-2f, -0x1.92351cp-3f, -0x1.9ea62ep-7f, \
  0x1.e3ec36p-4f, 0x1.7835c2p-3f, 0x1.96ceacp-3f, 0x1.7834bcp-3f, 0x1.3e5c92p-3f, \
  0x1.fcf78cp-4f, 0x1.8718aep-4f, 0x1.23f956p-4f, 0x1.aa74c2p-5f, 0x1.321308p-5f, \
  0x1.b89458p-6f
#define SCREEN_C \
  0x1.fb5d88p-3f, 0x1.c20c78p-3f, 0x1.35859cp-3f, 0x1.41be56p-4f, 0x1.a27ce2p-6f, \
  -0x1.fb2ddcp-9f, -0x1.058bbep-6f, -0x1.2c67b6p-6f, -0x1.0c2828p-6f, -0x1.ab8dc2p-7f, \
  -0x1.3fdeb2p-7f, -0x1.cbd68ep-8f, -0x1.41abf8p-8f, -0x1.b95cfp-9f, -0x1.2a697ep-9f, \
  -0x1.96efaap-10f

#endif
