import Foundation

/// Writes float32 rows as a `.npy` file; `width` is needed where there are none.
func writeNumpy(_ rows: [[Float]], width: Int? = nil, to path: String) throws {
  let shape = "(\(rows.count), \(rows.first?.count ?? width ?? 1))"
  var header = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }"
  header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
  var bytes = Data([0x93] + Array("NUMPY".utf8) + [1, 0])
  bytes.append(contentsOf: [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)])
  bytes.append(contentsOf: header.utf8)
  for value in rows.joined() {
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }
  try bytes.write(to: URL(fileURLWithPath: path))
}
