internal import DurableFiles

extension TensorFile {
  /// The tensor of that name. Throws where there is none.
  func tensor(_ name: String) throws(FileFault) -> Tensor {
    if let tensor = tensors[name] { return tensor }
    throw fault(
      tensor: name, found: "no such tensor",
      expected: "all tensors of the network, named as in the PyTorch module's state_dict",
      remedy: prefix(of: name).map {
        "the network is a part of the saved module, and its names begin with `\($0)`: save the "
          + "state_dict of that part"
      } ?? "write the model again with this tensor")
  }

  /// What stands before `name` in a file of a module that has the network as a part.
  private func prefix(of name: String) -> String? {
    let longer = tensors.keys.filter { $0.hasSuffix(".\(name)") }.min { $0.count < $1.count }
    return longer.map { String($0.dropLast(name.count)) }
  }

  /// Refuses names that torch.compile (`_orig_mod.`) or DataParallel (`module.`) has changed, in front
  /// or inside. Otherwise a block with a changed name would be taken for a foreign tensor, and the
  /// network would be scored without that block.
  func refuseWrappedNames() throws(FileFault) {
    for name in tensors.keys.sorted() {
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      let wrappers = parts.filter { ["_orig_mod", "module"].contains($0) }
      guard let wrapper = wrappers.first else { continue }
      let bare = parts.filter { !wrappers.contains($0) }.joined(separator: ".")
      let isOfNetwork = NetworkTensor.firstNames.contains { bare.hasPrefix("\($0).") }
      guard isOfNetwork, tensors[bare] == nil else { continue }
      let maker = wrapper == "module" ? "DataParallel" : "torch.compile"
      throw fault(
        tensor: name, found: "`\(wrapper).` in the name, which \(maker) put there",
        expected: bare,
        remedy: "save {key.replace(\"\(wrapper).\", \"\"): value for key, value in "
          + "state_dict.items()}")
    }
  }

  /// A tensor's elements as float32, all finite; float64 is rounded.
  ///
  /// - Parameter shapes: the shapes it may have.
  func floats(_ name: String, shapes: [[Int]]) throws(FileFault) -> [Float] {
    let tensor = try tensor(name)
    try check(tensor, shapes: shapes)
    let values = try floats(tensor)
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw FileFault(
        file: path, place: "tensor \(name), element \(elementText(index, of: tensor))",
        found: "\(values[index])", expected: "a finite float32",
        remedy: "the training diverged or the file is damaged; train or export the model again")
    }
    return values
  }

  /// The same for elements that must be above zero.
  func positiveFloats(_ name: String, shapes: [[Int]]) throws(FileFault) -> [Float] {
    let values = try floats(name, shapes: shapes)
    if let index = values.firstIndex(where: { $0 <= 0 }) {
      throw FileFault(
        file: path, place: "tensor \(name), element \(elementText(index, of: try tensor(name)))",
        found: "\(values[index])", expected: "a number above 0")
    }
    return values
  }

  /// A tensor of flags: unsigned bytes, each 0 or 1.
  func flags(_ name: String, count: Int) throws(FileFault) -> [Bool] {
    let tensor = try tensor(name)
    guard tensor.elementType == "U8" else {
      throw fault(
        tensor: name, found: "elements of type \(tensor.elementType)", expected: "U8",
        remedy: "convert the tensor to uint8")
    }
    try check(tensor, shapes: [[count]])
    if let index = tensor.bytes.firstIndex(where: { $0 > 1 }) {
      throw FileFault(
        file: path, place: "tensor \(name), element \(index)", found: "\(tensor.bytes[index])",
        expected: "0 or 1")
    }
    return tensor.bytes.map { $0 == 1 }
  }

  /// Refuses a tensor of another shape or of no floats, without reading it.
  func checkFloats(_ name: String, shapes: [[Int]]) throws(FileFault) {
    let tensor = try tensor(name)
    try check(tensor, shapes: shapes)
    try checkIsFloats(tensor)
  }

  /// Refuses a tensor of other elements than floats.
  func checkIsFloats(_ tensor: Tensor) throws(FileFault) {
    guard ["F32", "F64"].contains(tensor.elementType) else {
      throw fault(
        tensor: tensor.name, found: "elements of type \(tensor.elementType)",
        expected: "F32 or F64", remedy: "convert the model to float32 before it is saved")
    }
  }

  private func check(_ tensor: Tensor, shapes: [[Int]]) throws(FileFault) {
    if !shapes.contains(tensor.dimensions) {
      throw fault(
        tensor: tensor.name, found: "shape \(shapeText(tensor.dimensions))",
        expected: "shape \(shapes.map(shapeText).joined(separator: " or "))")
    }
  }

  private func floats(_ tensor: Tensor) throws(FileFault) -> [Float] {
    try checkIsFloats(tensor)
    if tensor.elementType == "F32" {
      return stride(from: 0, to: tensor.bytes.count, by: 4).map {
        let bits = tensor.bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)
        return Float(bitPattern: UInt32(littleEndian: bits))
      }
    }
    return stride(from: 0, to: tensor.bytes.count, by: 8).map {
      let bits = tensor.bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self)
      return Float(Double(bitPattern: UInt64(littleEndian: bits)))
    }
  }

  /// An index as people count in the tensor: `17`, or `17 (row 1, column 3)` in a matrix.
  private func elementText(_ index: Int, of tensor: Tensor) -> String {
    guard tensor.dimensions.count == 2 else { return "\(index)" }
    let (row, column) = index.quotientAndRemainder(dividingBy: tensor.dimensions[1])
    return "\(index) (row \(row), column \(column))"
  }
}
