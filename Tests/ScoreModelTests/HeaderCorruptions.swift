let headerCorruptions: [Corruption] = [
  Corruption(
    name: "header length beyond the file", place: "bytes 0 to 7, the header's length",
    found: "1000000", expected: "2 to 3977",
    remedy: "the file is cut short or not in the safetensors format"
  ) { $0.headerLength = 1_000_000 },
  Corruption(
    name: "header length of another format", place: "bytes 0 to 7, the header's length",
    found: "9223372036854775808", expected: "2 to 3977",
    remedy: "the file is cut short or not in the safetensors format"
  ) { $0.headerLength = 1 << 63 },
  Corruption(
    name: "not JSON", place: "header, line 1, column 2", found: "'x'",
    expected: "a name in quotes"
  ) { $0.headerText = "{x}" },
  Corruption(
    name: "not an object", place: "header", found: "an array", expected: "an object"
  ) { $0.headerText = "[]" },
  Corruption(
    name: "a name twice", place: "header, line 1, column 11", found: "the name \"a\" again",
    expected: "each name once"
  ) { $0.headerText = "{\"a\": {}, \"a\": {}}" },
  Corruption(
    name: "metadata that are not texts", place: "header.__metadata__.format", found: "1",
    expected: "a string"
  ) { $0.headerText = "{\"__metadata__\": {\"format\": 1}}" },
  Corruption(
    name: "no element type", place: "header.a", found: "no key \"dtype\"",
    expected: "the key \"dtype\""
  ) { $0.headerText = "{\"a\": {\"shape\": []}}" },
  Corruption(
    name: "negative dimension", place: "header.sigmas.shape[0]", found: "-5",
    expected: "an integer of at least 0"
  ) { $0["sigmas"].shape = [-5] },
  Corruption(
    name: "offsets backwards", place: "header.sigmas.data_offsets", found: "[4, 0]",
    expected: "two byte offsets, the second not below the first"
  ) { $0["sigmas"].offsets = (4, 0) },
  Corruption(
    name: "offsets that do not fit the shape", place: "header.sigmas.data_offsets",
    found: "20 bytes", expected: "24 bytes for F32 of shape (6)"
  ) { $0["sigmas"].shape = [6] },
  Corruption(
    name: "shape that overflows", place: "header.sigmas.data_offsets", found: "20 bytes",
    expected: "9223372036854775807 bytes for F32 of shape (4611686018427387904, 4)"
  ) { $0["sigmas"].shape = [1 << 62, 4] },
  Corruption(
    name: "overlap", place: "tensor sigmas", found: "bytes 0 to 20",
    expected: "a first byte of 12, where the tensor before it ends",
    remedy: "write the file again"
  ) { draft in
    draft.tensors = [
      .init(name: "scaler.mean", type: "F32", shape: [3], bytes: [UInt8](repeating: 0, count: 12)),
      .init(
        name: "sigmas", type: "F32", shape: [5], bytes: [UInt8](repeating: 0, count: 20),
        offsets: (0, 20)),
    ]
  },
  Corruption(
    name: "a hole", place: "tensor scaler.scale", found: "bytes 2992 to 3004",
    expected: "a first byte of 2988, where the tensor before it ends",
    remedy: "write the file again"
  ) { draft in
    draft["scaler.scale"].bytes += [0, 0, 0, 0]
    draft["scaler.scale"].offsets = (2992, 3004)
  },
  Corruption(
    name: "beyond the end", place: "tensor scaler.scale",
    found: "a last byte of 3000 where the file holds 2999", expected: "all of the tensor",
    remedy: "the file is cut short; copy or write it again"
  ) { draft in
    draft["scaler.scale"].bytes.removeLast()
    draft["scaler.scale"].offsets = (2988, 3000)
  },
  Corruption(
    name: "bytes that no tensor has", found: "3004 bytes of tensors",
    expected: "the 3000 bytes that the header names", remedy: "write the file again"
  ) { draft in
    draft["scaler.scale"].bytes += [0, 0, 0, 0]
    draft["scaler.scale"].offsets = (2988, 3000)
  },
]
