/// The first phase of a step, of whatever kind of network: rows of the batch are drawn and taken up
/// the network to the loss, and its gradient is taken down. Rows do not touch each other.
protocol RowWork: Sendable {
  var parameters: ParameterState { get }
  var batch: BatchMemory { get }

  /// Fills the batch's inputs, gradients and losses of some rows of a step (from 0).
  func run(step: Int, rows: Range<Int>, memory: GroupMemory)
}

extension RowPhase: RowWork {}
