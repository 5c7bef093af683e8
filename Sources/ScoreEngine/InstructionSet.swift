package import CScoreKernels
internal import Glibc

/// The instructions that the inner loops are written in. All give the same bits.
public enum InstructionSet: String, CaseIterable, Sendable {
  /// Plain C: the reference that the others are tested against, and slow.
  case scalar
  /// x86-64 with AVX2 and FMA.
  case avx2
  /// x86-64 with AVX-512 F, DQ, BW and VL.
  case avx512
  /// 64-bit ARM.
  case neon

  /// The fastest one that this processor has.
  public static var best: InstructionSet {
    allCases.first { $0.isa == tamis_isa_best() } ?? .scalar
  }

  /// Whether this program holds kernels for it and this processor runs them.
  public var isAvailable: Bool { tamis_isa_available(isa) }

  /// The instruction sets that can be used on this processor.
  public static var available: [InstructionSet] { allCases.filter(\.isAvailable) }

  /// The instruction set that the environment variable `TAMIS_ISA` names, or else the best.
  ///
  /// - Throws: `InstructionSetError` where the variable names no instruction set, or one that this
  ///   processor lacks.
  public static func selected() throws(InstructionSetError) -> InstructionSet {
    guard let value = getenv("TAMIS_ISA") else { return best }
    return try named(String(cString: value))
  }

  /// The available instruction set of that name.
  ///
  /// - Throws: `InstructionSetError` where no available instruction set has the name.
  public static func named(_ name: String) throws(InstructionSetError) -> InstructionSet {
    guard let set = InstructionSet(rawValue: name), set.isAvailable else {
      throw InstructionSetError(requested: name)
    }
    return set
  }

  /// Its name in C.
  package var isa: tamis_isa {
    switch self {
    case .scalar: TAMIS_ISA_SCALAR
    case .avx2: TAMIS_ISA_AVX2
    case .avx512: TAMIS_ISA_AVX512
    case .neon: TAMIS_ISA_NEON
    }
  }
}

/// `TAMIS_ISA` asks for an instruction set that cannot be used.
public struct InstructionSetError: Error, Equatable, CustomStringConvertible {
  /// What was asked for.
  public let requested: String

  /// What was found, what was expected and what to do, in one sentence.
  public var description: String {
    let reason =
      InstructionSet(rawValue: requested) == nil
      ? "is not an instruction set" : "is not available on this processor"
    let names = InstructionSet.available.map(\.rawValue).joined(separator: ", ")
    return "TAMIS_ISA: \"\(requested)\" \(reason); use one of \(names), "
      + "or unset it to use the fastest"
  }
}
