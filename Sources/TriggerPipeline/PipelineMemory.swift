internal import BoundedNumbers
internal import EventRecords
internal import Glibc

/// Refuses settings whose ring and batches would take more memory than the machine has. Otherwise
/// the allocation at the start would end the process without a message.
///
/// - Throws: `GenerationRefusal` that names the keys of the configuration.
package func checkMemory(
  of settings: PipelineSettings, featureCount: Int
) throws(GenerationRefusal) {
  let needed = memoryByteCount(of: settings, featureCount: featureCount)
  let available = sysconf(Int32(_SC_PHYS_PAGES)) *| sysconf(Int32(_SC_PAGESIZE))
  guard needed <= available else {
    throw GenerationRefusal(
      description: "engine.slots: \(settings.ringCapacity) records of \(featureCount) features and "
        + "engine.batch_max: \(settings.batchMax) take up to \(needed) bytes, this machine has "
        + "\(available); set fewer slots, or a smaller batch")
  }
}

/// Bytes of ring and batches.
package func memoryByteCount(of settings: PipelineSettings, featureCount: Int) -> Int {
  let ring = RecordRing.byteCount(capacity: settings.ringCapacity, featureCount: featureCount)
  // Flagged records of a batch, and the events that warm up each scorer.
  let batch = 2 *| settings.batchMax *| FlaggedRecord.byteCount(featureCount: featureCount)
  return ring +| batch
}
