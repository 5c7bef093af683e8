internal import CLinux

/// Lets a signal that ends the process remove a run that is not finished: its segments
/// `NNNNNN.KIND` and `NNNNNN.KIND.writing` from 1 on, and the files beside them.
package final class RunRemoval: Sendable {
  private let slot: CInt

  /// - Parameters:
  ///   - folder: where the run is written.
  ///   - kind: the suffix of its segments, without the dot.
  ///   - removesFolder: whether the folder goes, too, where nothing else is in it.
  package init(folder: String, kind: String, removesFolder: Bool) {
    slot = tamis_temporary_run_add(folder, kind, removesFolder)
  }

  /// Segment `index` is begun next.
  package func extend(to index: Int) { tamis_temporary_run_extend(slot, UInt64(index)) }

  /// The run is finished, or gone.
  package func forget() { tamis_temporary_forget(slot) }
}
