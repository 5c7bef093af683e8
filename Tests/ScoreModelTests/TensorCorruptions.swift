private let exportAgain = "write the model again with this tensor"
private let diverged =
  "the training diverged or the file is damaged; train or export the model again"

private let missingTensors: [Corruption] = [
  "sigma_embed.weight", "input_proj.weight", "input_proj.bias", "blocks.0.1.weight",
  "blocks.0.1.bias", "blocks.1.1.weight", "blocks.1.1.bias", "output.1.weight", "output.1.bias",
  "scaler.mean", "scaler.scale", "sigmas",
].map { name in
  Corruption(
    name: "no \(name)", place: "tensor \(name)", found: "no such tensor",
    expected: "all tensors of the network, named as in the PyTorch module's state_dict",
    remedy: exportAgain
  ) { $0.remove(name) }
}

/// One row or element too many.
private let wrongShapes: [Corruption] = [
  ("sigma_embed.weight", [5, 17], "(5, 16)"),
  ("input_proj.bias", [17], "(16)"),
  ("blocks.0.1.weight", [16, 17], "(16, 16)"),
  ("blocks.1.1.bias", [1, 16], "(16)"),
  ("output.1.weight", [16, 3], "(3, 16)"),
  ("output.1.bias", [4], "(3)"),
  ("scaler.mean", [2], "(3)"),
  ("scaler.scale", [3, 1], "(3)"),
  ("sigmas", [6], "(5)"),
].map { name, shape, expected in
  Corruption(
    name: "shape of \(name)", place: "tensor \(name)",
    found: "shape (\(shape.map(String.init).joined(separator: ", ")))",
    expected: "shape \(expected)"
  ) {
    $0[name].shape = shape
    $0[name].bytes = littleEndian([Float](repeating: 1, count: shape.reduce(1, *)))
  }
}

let tensorCorruptions: [Corruption] =
  missingTensors + wrongShapes + [
    Corruption(
      name: "a vector for a matrix", place: "tensor input_proj.weight", found: "shape (48)",
      expected: "a matrix"
    ) { $0["input_proj.weight"].shape = [48] },
    Corruption(
      name: "width that is no multiple of 16", place: "tensor input_proj.weight",
      found: "8 rows", expected: "a hidden width that is a multiple of 16",
      remedy: "train a network of such a width, or pad it with zeros"
    ) {
      $0["input_proj.weight"].shape = [8, 3]
      $0["input_proj.weight"].bytes.removeLast(96)
    },
    Corruption(
      name: "no features", place: "tensor input_proj.weight", found: "0 columns",
      expected: "1 to 65535, one a feature"
    ) {
      $0["input_proj.weight"].shape = [16, 0]
      $0["input_proj.weight"].bytes = []
    },
    Corruption(
      name: "no levels", place: "tensor sigma_embed.weight", found: "no rows",
      expected: "1 to 65536, one a noise level"
    ) {
      $0["sigma_embed.weight"].shape = [0, 16]
      $0["sigma_embed.weight"].bytes = []
    },
    Corruption(
      name: "any number of levels of nothing", place: "tensor sigma_embed.weight",
      found: "shape (4611686018427387904, 0)", expected: "shape (4611686018427387904, 16)"
    ) {
      $0["sigma_embed.weight"].shape = [1 << 62, 0]
      $0["sigma_embed.weight"].bytes = []
    },
    Corruption(
      name: "a huge matrix of an unknown type", place: "tensor input_proj.weight",
      found: "elements of type F4", expected: "F32 or F64",
      remedy: "convert the model to float32 before it is saved"
    ) {
      $0["input_proj.weight"].type = "F4"
      $0["input_proj.weight"].shape = [1 << 62, 3]
    },
    Corruption(
      name: "a gap in the blocks", place: "tensor blocks.2.1.weight", found: "no such tensor",
      expected: "all tensors of the network, named as in the PyTorch module's state_dict",
      remedy: exportAgain
    ) { $0.append("blocks.9223372036854775807.1.bias", [1], [0]) },
    Corruption(
      name: "half precision", place: "tensor output.1.bias", found: "elements of type BF16",
      expected: "F32 or F64", remedy: "convert the model to float32 before it is saved"
    ) {
      $0["output.1.bias"].type = "BF16"
      $0["output.1.bias"].bytes.removeLast(6)
    },
    Corruption(
      name: "a NaN weight", place: "tensor output.1.weight, element 17 (row 1, column 1)",
      found: "nan", expected: "a finite float32", remedy: diverged
    ) { $0["output.1.weight"].bytes.replaceSubrange(68..<72, with: littleEndian([Float.nan])) },
    Corruption(
      name: "a float64 beyond float32", place: "tensor scaler.mean, element 2", found: "-inf",
      expected: "a finite float32", remedy: diverged
    ) {
      $0["scaler.mean"].type = "F64"
      $0["scaler.mean"].bytes = littleEndian([0, 0, -1e300])
    },
    Corruption(
      name: "a scale of 0", place: "tensor scaler.scale, element 1", found: "0.0",
      expected: "a number above 0"
    ) { $0["scaler.scale"].bytes = littleEndian([Float(1), 0, -1]) },
    Corruption(
      name: "a negative noise level", place: "tensor sigmas, element 4", found: "-0.01",
      expected: "a number above 0"
    ) { $0["sigmas"].bytes = littleEndian([Float(5), 4, 3, 2, -0.01]) },
    Corruption(
      name: "a clip of 0", place: "tensor scaler.clip, element 0", found: "0.0",
      expected: "a number above 0"
    ) { $0.append("scaler.clip", [], [0]) },
    Corruption(
      name: "two clips", place: "tensor scaler.clip", found: "shape (2)",
      expected: "shape () or (1)"
    ) { $0.append("scaler.clip", [2], [1, 1]) },
    Corruption(
      name: "a flag of 2", place: "tensor scaler.log1p, element 1", found: "2", expected: "0 or 1"
    ) { $0.tensors.append(.init(name: "scaler.log1p", type: "U8", shape: [3], bytes: [0, 2, 1])) },
    Corruption(
      name: "flags as bool", place: "tensor scaler.log1p", found: "elements of type BOOL",
      expected: "U8", remedy: "convert the tensor to uint8"
    ) {
      $0.tensors.append(.init(name: "scaler.log1p", type: "BOOL", shape: [3], bytes: [0, 0, 1]))
    },
  ]
