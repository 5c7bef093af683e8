// swift-tools-version: 6.2
import PackageDescription

/// `TAMIS_STRICT=1` turns every warning of our own targets into an error; `.ci/run` sets it.
let strict = Context.environment["TAMIS_STRICT"] == "1"

let swiftSettings: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
  ] + (strict ? [.treatAllWarnings(as: .error)] : [])

let cSettings: [CSetting] =
  [.enableWarning("all"), .enableWarning("extra")] + (strict ? [.treatAllWarnings(as: .error)] : [])

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

/// A library module and the test target that mirrors it, which may need more; `testFiles` are read
/// where they lie.
func module(
  _ name: String, _ dependencies: [Target.Dependency], testing: [Target.Dependency] = [],
  testFiles: [String] = []
) -> [Target] {
  [
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings),
    .testTarget(
      name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies + testing,
      exclude: testFiles, swiftSettings: swiftSettings),
  ]
}

let systemHeaders: [Target] = [
  .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
  .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
  .systemLibrary(name: "CMicroHTTPD", providers: [.apt(["libmicrohttpd-dev"])]),
  .target(name: "CLinux", cSettings: cSettings),
  .target(name: "CZeroMQEvents", cSettings: cSettings),
  .target(name: "CScoreKernels", cSettings: cSettings),
  .target(name: "CPageFiles", exclude: ["Web"], cSettings: cSettings),
]

let modules: [[Target]] = [
  module("BoundedNumbers", []),
  module("NumberText", ["BoundedNumbers"]),
  module("DurableFiles", ["CLinux", "COpenSSL"], testing: ["TestSupport"]),
  module("WorkerThreads", ["CLinux"]),
  module("ReproducibleMath", ["BoundedNumbers", "CScoreKernels"]),
  module(
    "EventRecords", ["BoundedNumbers", "CScoreKernels", "DurableFiles"], testing: ["TestSupport"]),
  module(
    "RunFiles", ["NumberText", "BoundedNumbers", "DurableFiles", "EventRecords", "StrictJSON"],
    testing: ["TestSupport"]),
  module("StrictJSON", ["DurableFiles"]),
  module("ScoreModel", ["NumberText", "DurableFiles", "StrictJSON"]),
  module("ScoreEngine", ["ScoreModel", "CScoreKernels", "WorkerThreads"]),
  module(
    "Simulation",
    [
      "EventRecords", "RunFiles", "StrictJSON", "DurableFiles", "ReproducibleMath",
      "WorkerThreads",
    ], testing: ["TestSupport"]),
  module(
    "Training",
    [
      "ScoreEngine", "ScoreModel", "StrictJSON", "CScoreKernels", "ReproducibleMath",
      "WorkerThreads",
    ]),
  module(
    "Sampling", ["ScoreEngine", "ScoreModel", "ReproducibleMath"], testing: ["Training"]),
  module("CommandFrame", ["CLinux", "ScoreEngine", argumentParser]),
  module(
    "Calibration",
    ["NumberText", "BoundedNumbers", "DurableFiles", "ReproducibleMath", "StrictJSON"],
    testing: ["TestSupport"]),
  module(
    "Drift", ["NumberText", "BoundedNumbers", "Calibration", "ReproducibleMath"],
    testing: ["DurableFiles", "WorkerThreads"]),
  module("RateControl", ["Calibration", "Drift", "ReproducibleMath"]),
  module(
    "Analysis",
    [
      "BoundedNumbers", "NumberText", "Calibration", "ScoreEngine", "ScoreModel",
      "ReproducibleMath", "StrictJSON", "DurableFiles", "WorkerThreads",
    ]),
  module("ZeroMQ", ["CZeroMQ", "CZeroMQEvents"]),
  module("CurveSecurity", ["ZeroMQ", "DurableFiles"], testing: ["TestSupport"]),
  module("ServiceNotify", []),
  module(
    "TriggerPipeline",
    [
      "BoundedNumbers", "NumberText", "EventRecords", "RunFiles", "ScoreModel", "ScoreEngine",
      "Calibration", "Drift", "RateControl", "ZeroMQ", "CurveSecurity", "DurableFiles",
      "StrictJSON", "WorkerThreads", "CLinux",
    ], testing: ["Offline"]),
  module(
    "Offline",
    [
      "TriggerPipeline", "BoundedNumbers", "NumberText", "EventRecords", "RunFiles", "ScoreEngine",
      "Calibration", "DurableFiles", "StrictJSON",
    ], testing: ["ReproducibleMath"]),
  module(
    "FaultSimulation",
    [
      "TriggerPipeline", "Offline", "EventRecords", "RunFiles", "ScoreModel", "ScoreEngine",
      "Calibration", "Drift", "DurableFiles",
    ]),
  module("Benchmarking", ["ScoreEngine", "CScoreKernels", "CLinux"]),
  module(
    "DaemonConfiguration",
    [
      "TriggerPipeline", "CurveSecurity", "Drift", "DurableFiles", "RateControl",
      .product(name: "Yams", package: "Yams"),
    ]),
  module(
    "Monitoring",
    [
      "BoundedNumbers", "NumberText", "TriggerPipeline", "EventRecords", "Calibration", "Drift",
      "ZeroMQ", "DurableFiles", "RateControl", "ReproducibleMath", "StrictJSON", "CLinux",
      "CMicroHTTPD", "CPageFiles", "WorkerThreads",
    ],
    testFiles: ["Golden"]),
]

/// What several test targets need: temporary folders, records, random numbers from a seed.
let testSupport: [Target] = [
  .target(
    name: "TestSupport", dependencies: ["DurableFiles", "EventRecords"], path: "Tests/Support",
    swiftSettings: swiftSettings)
]

let executables: [Target] = [
  .executableTarget(
    name: "tamis",
    dependencies: [
      "Analysis", "BoundedNumbers", "NumberText", "EventRecords", "RunFiles", "ScoreModel",
      "ScoreEngine", "Simulation", "Training", "Sampling", "RateControl", "Calibration", "Drift",
      "ZeroMQ", "TriggerPipeline", "Offline", "Benchmarking", "DurableFiles",
      "DaemonConfiguration", "StrictJSON", "CommandFrame", "CurveSecurity", "WorkerThreads",
      "CLinux", argumentParser,
    ],
    swiftSettings: swiftSettings),
  .executableTarget(
    name: "tamisd",
    dependencies: [
      "DaemonConfiguration", "Monitoring", "ServiceNotify", "TriggerPipeline", "Calibration",
      "Drift", "RateControl", "CurveSecurity", "EventRecords", "RunFiles", "ZeroMQ", "ScoreEngine",
      "ScoreModel", "BoundedNumbers", "DurableFiles", "WorkerThreads", "CommandFrame", "CLinux",
      argumentParser, logging,
    ],
    swiftSettings: swiftSettings),
  .executableTarget(
    name: "simulate-faults", dependencies: ["FaultSimulation", argumentParser],
    swiftSettings: swiftSettings),
  .testTarget(
    name: "SystemTests",
    dependencies: ["tamis", "tamisd", "EventRecords", "RunFiles", "CLinux", "TestSupport"],
    exclude: ["Peers"],
    swiftSettings: swiftSettings),
]

/// `TAMIS_FUZZ=1` adds the fuzzer of `tools/fuzz`. Nothing else needs it, and it links only with
/// libFuzzer.
let fuzzer: [Target] =
  Context.environment["TAMIS_FUZZ"] != "1"
  ? []
  : [
    .target(
      name: "FuzzTargets",
      dependencies: [
        "EventRecords", "RunFiles", "TriggerPipeline", "Offline", "ScoreModel", "ScoreEngine",
        "Calibration", "StrictJSON", "DurableFiles", "DaemonConfiguration", "CurveSecurity",
        "Monitoring", "CScoreKernels", "BoundedNumbers", "NumberText",
      ],
      path: "Fuzz/Targets", swiftSettings: swiftSettings),
    .executableTarget(name: "fuzz", dependencies: ["FuzzTargets"], path: "Fuzz/Driver"),
  ]

/// `TAMIS_DOCUMENTATION=1` adds `swift package generate-documentation`, for `tools/documentation`.
let documentation: [Package.Dependency] =
  Context.environment["TAMIS_DOCUMENTATION"] != "1"
  ? [] : [.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0")]

let package = Package(
  name: "tamis",
  products: [
    .executable(name: "tamis", targets: ["tamis"]),
    .executable(name: "tamisd", targets: ["tamisd"]),
    .library(name: "ScoreEngine", targets: ["ScoreEngine", "ScoreModel", "DurableFiles"]),
    .library(name: "EventRecords", targets: ["EventRecords"]),
    .library(
      name: "RunFiles", targets: ["RunFiles", "EventRecords", "StrictJSON", "DurableFiles"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ] + documentation,
  targets: systemHeaders + modules.flatMap { $0 } + testSupport + executables + fuzzer,
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)
