internal import DaemonConfiguration
internal import Drift
internal import Glibc
internal import ScoreModel
internal import TriggerPipeline

/// Everything that the daemon needs of its surroundings, tried without taking it; for `--check` and
/// for the start.
///
/// Ports are bound, never listened at, and released again; a file is written in the journal's folder
/// and removed. Where a daemon has the journal, its ports are taken for this configuration's own
/// and are not tried.
struct StartCheck {
  /// The reasons that keep the daemon from starting, a sentence each.
  private(set) var faults: [String]
  /// Warnings that do not keep it from starting, a sentence each.
  private(set) var warnings: [String] = []
  /// Model and calibration as configured; nil where they have a fault.
  let generation: ConfiguredGeneration?
  /// How many peers may shake hands at a time.
  let handshakeCountMax: Int
  /// The state of the journal; nil where there is none or it was not asked for.
  private(set) var journalOpening: String?

  /// Looks at descriptors, files, memory, journal, addresses and HTTP, in this order. With
  /// `rehearses` the warnings have all that a start would mend in the journal; the start says it by
  /// itself.
  init(_ configuration: DaemonConfiguration, rehearses: Bool) {
    let descriptors = DescriptorNeed(configuration)
    handshakeCountMax = descriptors.handshakeCountMax
    // Without descriptors nothing else can be tried.
    if let fault = descriptors.fault {
      (faults, generation) = ([fault], nil)
      return
    }
    faults = ConfiguredGeneration.faults(configuration)
    generation = faults.isEmpty ? try? ConfiguredGeneration(configuration) : nil
    if let generation { checkNames(configuration, generation) }
    let model = generation?.loaded.model.model
    if let model { tryMemory(of: configuration, featureCount: model.shape.featureCount) }
    if let fault = ThreadNeed(configuration, featureCount: model?.shape.featureCount).fault {
      faults.append(fault)
    }
    // A rehearsal takes memory, of which there may be too little, as was said above.
    let journal = JournalProbe(
      configuration.pipeline, for: model, rehearses: rehearses && faults.isEmpty)
    faults += journal.faults
    journalOpening = journal.opening
    warnings += journal.warnings
    for address in configuration.pipeline.allConnects {
      if let warning = unresolvedHost(of: address) { warnings.append(warning) }
    }
    guard !journal.isHeld else { return }
    bindAddresses(configuration)
  }

  private mutating func tryMemory(of configuration: DaemonConfiguration, featureCount: Int) {
    do {
      try checkMemory(of: configuration.pipeline, featureCount: featureCount)
    } catch {
      faults.append("\(error)")
    }
  }

  /// Warns of names of no feature: they have no effect, and are probably misspelt.
  private mutating func checkNames(
    _ configuration: DaemonConfiguration, _ generation: ConfiguredGeneration
  ) {
    let model = generation.loaded.model
    let names = model.model.featureNames ?? []
    let shown = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? " ..." : "")
    for name in configuration.pipeline.drift.ignoredFeatures.sorted() where !names.contains(name) {
      warnings.append(
        "drift.ignore_features: `\(name)` is no feature of \(model.path), which has "
          + (names.isEmpty ? "no names" : shown))
    }
  }

  /// Tries all addresses that the daemon will bind, and reports every fault.
  private mutating func bindAddresses(_ configuration: DaemonConfiguration) {
    var claims = AddressClaims()
    for address in configuration.pipeline.allBinds {
      if let fault = claims.faultOfBinding(address) { faults.append(fault) }
    }
    if let listen = configuration.http.listen, let fault = claims.faultOfListening(at: listen) {
      faults.append(fault)
    }
  }
}

/// That the host of a tcp address to connect to is not known now; the daemon goes on trying.
private func unresolvedHost(of address: String) -> String? {
  guard address.hasPrefix("tcp://"), let colon = address.lastIndex(of: ":") else { return nil }
  var host = String(address[address.index(address.startIndex, offsetBy: 6)..<colon])
  // `SOURCE;HOST` is an address to come from and one to go to.
  if let end = host.lastIndex(of: ";") {
    host =
      String(host[host.index(after: end)...]).split(separator: ":").first.map(String.init) ?? ""
  }
  if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
  var found: UnsafeMutablePointer<addrinfo>?
  let code = getaddrinfo(host, nil, nil, &found)
  guard code == 0 else {
    return "\(address): the host is not known now (\(String(cString: gai_strerror(code)))); the "
      + "daemon keeps asking; check the name"
  }
  freeaddrinfo(found)
  return nil
}
