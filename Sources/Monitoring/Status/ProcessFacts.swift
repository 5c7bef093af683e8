internal import BoundedNumbers
internal import Glibc

/// The figures of the kernel for this process, under the names that Prometheus' client libraries
/// use.
package struct ProcessFacts: Equatable, Sendable {
  /// Memory in RAM, bytes.
  package var residentBytes: UInt64
  /// Processor time in user and kernel mode.
  package var cpuSeconds: Double
  /// Open file descriptors.
  package var openDescriptors: Int
  /// The most that it may open; nil for no limit.
  package var maxDescriptors: Int?
  /// When it began, seconds since the epoch.
  package var startSeconds: Double

  /// Creates the facts.
  package init(
    residentBytes: UInt64, cpuSeconds: Double, openDescriptors: Int, maxDescriptors: Int?,
    startSeconds: Double
  ) {
    self.residentBytes = residentBytes
    self.cpuSeconds = cpuSeconds
    self.openDescriptors = openDescriptors
    self.maxDescriptors = maxDescriptors
    self.startSeconds = startSeconds
  }

  /// Of this process, from /proc; nil where that is not there.
  package init?() {
    guard let stat = fileText("/proc/self/stat"), let limits = fileText("/proc/self/limits"),
      let open = entryCount("/proc/self/fd")
    else { return nil }
    // The unit's ProcSubset=pid hides /proc/stat.
    let system = fileText("/proc/stat") ?? "btime \(bootSeconds)\n"
    // The directory's own descriptor is among them.
    self.init(
      stat: stat, limits: limits, systemStat: system, openDescriptors: open - 1,
      ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))),
      pageByteCount: UInt64(sysconf(Int32(_SC_PAGESIZE))))
  }

  /// From the texts of `/proc/self/stat`, `/proc/self/limits` and `/proc/stat` (see proc(5)); nil
  /// where they are not what is expected.
  package init?(
    stat: String, limits: String, systemStat: String, openDescriptors: Int,
    ticksPerSecond: Double, pageByteCount: UInt64
  ) {
    // The second field is the name in parentheses and may hold anything; the third comes after it.
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: end)...].split { $0 == " " || $0 == "\n" }
    func field(_ number: Int) -> Double? {
      fields.indices.contains(number - 3) ? Double(fields[number - 3]) : nil
    }
    let boot = systemStat.split(separator: "\n").first { $0.hasPrefix("btime ") }
    guard let user = field(14), let kernel = field(15), let start = field(22),
      let pages = field(24).flatMap(UInt64.init(exactly:)),
      let bootSeconds = boot.flatMap({ Double($0.dropFirst(6)) })
    else { return nil }
    let limit = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }
    self.init(
      residentBytes: pages *| pageByteCount, cpuSeconds: (user + kernel) / ticksPerSecond,
      openDescriptors: openDescriptors,
      maxDescriptors: limit?.split(separator: " ").dropFirst(3).first.flatMap { Int($0) },
      startSeconds: bootSeconds + start / ticksPerSecond)
  }
}

extension ProcessFacts {
  static let figures: [Figure<ProcessFacts>] = [
    Figure("resident_bytes", "process_resident_memory_bytes", "Memory in RAM.") {
      .count($0.residentBytes)
    },
    Figure(
      "cpu_seconds", "process_cpu_seconds_total", "Processor time in user and kernel mode.",
      ahead: 1
    ) { .real($0.cpuSeconds) },
    Figure("open_descriptors", "process_open_fds", "Open file descriptors.") {
      .integer($0.openDescriptors)
    },
    Figure("max_descriptors", "process_max_fds", "File descriptors it may open.") {
      $0.maxDescriptors.map { .integer($0) }
    },
    Figure(
      "started", "process_start_time_seconds", "When the process began, since the epoch."
    ) { .real($0.startSeconds) },
  ]
}

/// When the machine was booted, seconds since the epoch. Computed once, since the clocks jitter and
/// a start time that moves looks like a restart.
private let bootSeconds: Int = {
  var now = timespec()
  var sinceBoot = timespec()
  clock_gettime(CLOCK_REALTIME, &now)
  clock_gettime(CLOCK_BOOTTIME, &sinceBoot)
  return now.tv_sec - sinceBoot.tv_sec
}()

/// A small text file; nil where it cannot be read.
private func fileText(_ path: String) -> String? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 16_384)
  while bytes.count < 1 << 20 {
    let count = read(descriptor, &chunk, chunk.count)
    if count < 0 { return nil }
    if count == 0 { break }
    bytes += chunk[..<count]
  }
  return String(decoding: bytes, as: UTF8.self)
}

private func entryCount(_ path: String) -> Int? {
  guard let folder = opendir(path) else { return nil }
  defer { closedir(folder) }
  var count = 0
  // "." and ".." are not entries.
  while readdir(folder) != nil { count += 1 }
  return count - 2
}
