internal import DurableFiles
internal import StrictJSON

extension CalibrationRun {
  init(_ place: JSONPlace) throws(FileFault) {
    self.init(
      name: try place.member("name").string(), sha256Text: try place.member("sha256").sha256(),
      run: try place.member("run").unlessNull { (run) throws(FileFault) in
        try run.integer(in: 0...UInt32.max)
      },
      eventCount: try place.member("events").eventCount(),
      unbiasedPrescale: try place.optionalMember("unbiased_prescale")?
        .integer(in: 1...UInt32.max),
      taintedCount: try place.optionalMember("tainted")?.eventCount() ?? 0)
    otherKeys = try place.otherKeys(than: json)
  }
}
