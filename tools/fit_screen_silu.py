#!/usr/bin/env python3
"""Fits the quadratics by which the screen computes silu, and prints them as C constants.

p(u) = offset - u / (1 + e^u) in segments around multiples of 1/2, the last one cut at 7.7; see
docs/method-screening.md. The constants stand in Sources/CScoreKernels/screen_constants.h, and a
test compares what they give with silu itself.

usage: tools/fit_screen_silu.py
"""

import sys

import numpy as np

OFFSET = float.fromhex("0x1.1d26p-2")
CUT = 7.7
SEGMENTS = 16


def p(u):
    return OFFSET - u / (1 + np.exp(u))


def segment(i):
    """A, B, C of A + u (B + u C) around u = i / 2, and the largest error in float32."""
    low, high = max(0, i / 2 - 0.25), min(i / 2 + 0.25, CUT)
    nodes = np.cos(np.pi * (np.arange(400) + 0.5) / 400)
    u = low + (high - low) * (nodes + 1) / 2
    c, b, a = np.polyfit(u, p(u), 2).astype(np.float32)
    u = np.linspace(low, high, 5001).astype(np.float32)
    return (a, b, c), np.abs(a + u * (b + u * c) - p(u.astype(np.float64))).max()


def literal(x):
    mantissa, exponent = float(x).hex().split("p")
    return f"{mantissa.rstrip('0')}p{exponent}f"


if {"-h", "--help"} & set(sys.argv[1:]):
    print(__doc__)
    sys.exit()
fits = [segment(i) for i in range(SEGMENTS)]
for name, coefficients in zip("ABC", zip(*(fit[0] for fit in fits))):
    print(f"#define SCREEN_{name}", ", ".join(map(literal, coefficients)))
print(f"// largest error {max(fit[1] for fit in fits):.2g}")
