import Glibc
import ReproducibleMath
import Testing

/// How far apart two numbers are, in units of the expected one's last place.
private func distance(_ value: Double, _ expected: Double) -> Double {
  value == expected ? 0 : abs(value - expected) / expected.ulp
}

@Test(arguments: knownExponentials)
func exponential(argument: Double, value: Double) {
  #expect(distance(portableExp(argument), value) <= 1)
}

@Test(arguments: knownLogarithms)
func logarithm(argument: Double, value: Double) {
  #expect(distance(portableLog(argument), value) <= 1)
}

@Test(arguments: knownLogarithmsOfOnePlus)
func logarithmOfOnePlus(argument: Double, value: Double) {
  #expect(distance(portableLog1p(argument), value) <= 2)
}

@Test(arguments: knownSines)
func sine(argument: Double, value: Double) {
  #expect(distance(portableSine(argument), value) <= 1)
}

@Test(arguments: knownCosines)
func cosine(argument: Double, value: Double) {
  #expect(distance(portableCosine(argument), value) <= 1)
}

@Test(arguments: knownPowers)
func power(base: Double, exponent: Double, value: Double) {
  let bound: Double = abs(exponent * Glibc.log(base)) <= 16 ? 1 : 4
  #expect(distance(portablePower(base, exponent), value) <= bound)
}

@Test(arguments: knownLogGammas)
func logarithmOfGamma(argument: Double, value: Double) {
  #expect(abs(logGamma(argument) - value) <= max(2e-14, 4 * value.ulp))
}

/// 100,000 places of the range in use, against the C library, which is within 1 ulp itself.
@Test func functionsAgreeWithTheSystemLibrary() {
  let stream = RandomStream(seed: 7, stream: 1)
  var worst = [String: Double]()
  func note(_ name: String, _ value: Double, _ expected: Double) {
    worst[name] = max(worst[name] ?? 0, distance(value, expected))
  }
  for index in 0..<100_000 as Range<UInt64> {
    let u = stream.uniform(at: index)
    note("exp", portableExp(1400 * u - 700), Glibc.exp(1400 * u - 700))
    note("log", portableLog(u), Glibc.log(u))
    note("log near 1", portableLog(0.5 + u), Glibc.log(0.5 + u))
    note("log1p", portableLog1p(2 * u - 1), Glibc.log1p(2 * u - 1))
    note("sin", portableSine(2000 * u - 1000), Glibc.sin(2000 * u - 1000))
    note("cos", portableCosine(2000 * u - 1000), Glibc.cos(2000 * u - 1000))
    note("pow", portablePower(20 * u, 5 - 10 * u), Glibc.pow(20 * u, 5 - 10 * u))
  }
  for (name, distance) in worst { #expect(distance <= 2, "\(name)") }
  #expect(worst.count == 7)
}

@Test func limitsAreThoseOfIEEE() {
  #expect(portableExp(-.infinity) == 0)
  #expect(portableExp(.infinity) == .infinity)
  #expect(portableExp(1000) == .infinity)
  #expect(portableExp(-1000) == 0)
  #expect(portableExp(.nan).isNaN)
  #expect(portableExp(0) == 1)
  #expect(portableLog(0) == -.infinity)
  #expect(portableLog(1) == 0)
  #expect(portableLog(-1).isNaN)
  #expect(portableLog(.nan).isNaN)
  #expect(portableLog(.infinity) == .infinity)
  #expect(portableLog(.leastNonzeroMagnitude) == -0x1.74385446d71c3p+9)
  #expect(portableExp(-740.5) == 51 * .leastNonzeroMagnitude)
  #expect(portableLog1p(-1) == -.infinity)
  #expect(portableLog1p(-2).isNaN)
  #expect(portableLog1p(.infinity) == .infinity)
  #expect(portablePower(0, 2) == 0)
  #expect(portablePower(0, -2) == .infinity)
  #expect(portablePower(.infinity, -1) == 0)
  #expect(portablePower(0, 0) == 1)
  #expect(portablePower(-1, 2).isNaN)
  #expect(portablePower(2, .infinity) == .infinity)
  #expect(portablePower(0.5, .infinity) == 0)
  #expect(portablePower(10, 1000) == .infinity)
  #expect(portablePower(10, -1000) == 0)
  #expect(portableSine(0) == 0)
  #expect(portableCosine(0) == 1)
  #expect(logGamma(.infinity) == .infinity)
}
