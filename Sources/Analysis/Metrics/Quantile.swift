internal import ReproducibleMath

/// The quantile `probability` in 0 ... 1 of ascending values by linear interpolation between order
/// statistics (type 7 of R. Hyndman and Y. Fan, Am. Stat. 50, 1996); `ascending` is not empty.
func quantile(_ probability: Double, ofAscending ascending: [Double]) -> Double {
  let place = probability * Double(ascending.count - 1)
  let lower = min(Int(place), ascending.count - 1)
  let upper = min(lower + 1, ascending.count - 1)
  // Between two equal infinities there is nothing to interpolate.
  if ascending[lower] == ascending[upper] { return ascending[lower] }
  return ascending[lower] + (place - Double(lower)) * (ascending[upper] - ascending[lower])
}

/// The central interval of the values that holds the share `confidence` of them.
func centralInterval(_ values: [Double], confidence: Double) -> ClosedRange<Double>? {
  let ascending = values.filter { !$0.isNaN }.sorted()
  guard !ascending.isEmpty else { return nil }
  let tail = (1 - confidence) / 2
  let lower = quantile(tail, ofAscending: ascending)
  return lower...max(lower, quantile(1 - tail, ofAscending: ascending))
}

/// The logarithm to base 10 of a positive number, within a few ulp.
func log10(_ value: Double) -> Double { portableLog(value) * 0.434_294_481_903_251_8 }

/// The decades from 1 to `count`; 0 for none.
func decadesOf(_ count: Int) -> Double { count > 0 ? log10(Double(count)) : 0 }
