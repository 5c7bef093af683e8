/// Ten rounds of Philox4x32 with the paper's multipliers and Weyl key increments.
package func philox4x32(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
  var counter = counter
  var key = key
  for _ in 0..<10 {
    let first = counter.x.multipliedFullWidth(by: 0xD251_1F53)
    let second = counter.z.multipliedFullWidth(by: 0xCD9E_8D57)
    counter = SIMD4(
      second.high ^ counter.y ^ key.x, second.low, first.high ^ counter.w ^ key.y, first.low)
    key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
  }
  return counter
}
