internal import ReproducibleMath

func silu(_ x: Double) -> Double { x / (1 + portableExp(-x)) }
