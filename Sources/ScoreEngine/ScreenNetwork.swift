internal import CScoreKernels
public import ScoreModel

/// A network in 8-bit integers. It is a few times faster than float32 and close enough to tell
/// which events need an exact score. docs/method-screening.md has the arithmetic.
///
/// It is never changed after it is made; any number of plans on any threads may share it.
public final class ScreenNetwork: @unchecked Sendable {
  // Unchecked: all that the pointers reach is written in `init` and only read afterwards.

  /// The same network in float32, which scores what the screen lets through.
  public let exact: ScoringNetwork
  /// The integer kernels in use: `scalar`, `avx2` or `avx512vnni`. They change the speed and no
  /// result.
  public var kernelsName: String {
    String(cString: tamis_screen_kernels_name(packed.kernels))
  }
  /// The largest |z| of a standardised feature that the screen can take. An event with a larger |z|
  /// is scored exactly.
  public var inputLimit: Float { packed.inputLimit }

  let packed: PackedScreen
  private let memory: FloatMemory

  /// Quantises the weights of `model`, from which `exact` was made. O(parameters). Traps where the
  /// two have different shapes.
  ///
  /// - Throws: `ScreenError` where the sums of the network may leave the range of float32 or of
  ///   32-bit integers though its features are of ordinary size.
  public init(model: TrainedModel, exact: ScoringNetwork) throws(ScreenError) {
    precondition(model.shape == exact.shape, "another model than the network's")
    guard model.kind == .score else {
      throw ScreenError(
        description: "an \(model.kind.title), which has no 8-bit form; use precision: exact")
    }
    let kernels: OpaquePointer = tamis_screen_kernels_for(exact.instructionSet.isa)
    let inputLimit = try ScreenRange(model: model, scoring: exact.scoring).inputLimit()
    let layers = ScreenLayer.layers(
      of: model, inputsPerStep: tamis_screen_inputs_per_step(kernels))
    let memory = FloatMemory(pieces: layers.flatMap(\.pieces))
    let list = UnsafeMutablePointer<tamis_screen_layer>.allocate(capacity: layers.count)
    for (index, layer) in layers.enumerated() {
      (list + index).initialize(to: layer.pack(into: memory))
    }
    self.exact = exact
    self.memory = memory
    packed = PackedScreen(
      kernels: kernels, layers: UnsafePointer(list), exact: exact.packed, inputLimit: inputLimit)
  }

  deinit { packed.layers.deallocate() }
}

/// What the kernels read of a screen, as plain values; the memory belongs to a `ScreenNetwork`.
struct PackedScreen {
  let kernels: OpaquePointer
  /// The input projection, the blocks in order, the output layer.
  let layers: UnsafePointer<tamis_screen_layer>
  /// Standardiser, embeddings and level weights, which are not quantised, and the sizes.
  let exact: PackedNetwork
  let inputLimit: Float
}
