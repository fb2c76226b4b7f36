import CKernels
import Diagnostics

/// A family of kernels; the raw value is its name on the command line.
public enum InstructionSet: String, CaseIterable, Sendable {
  case scalar
  case avx2
  case avx512
  case avx512vnni
  case neon
  case neondot

  var index: Int32 {
    switch self {
    case .scalar: Int32(KB_SCALAR)
    case .avx2: Int32(KB_AVX2)
    case .avx512: Int32(KB_AVX512)
    case .avx512vnni: Int32(KB_AVX512VNNI)
    case .neon: Int32(KB_NEON)
    case .neondot: Int32(KB_NEONDOT)
    }
  }
}

/// Why kernels could not be chosen.
public enum KernelError: Error, Equatable, Sendable {
  /// The processor, or this build for another processor, lacks the instruction set.
  case notAvailable(InstructionSet)
}

extension KernelError: Diagnosable {
  /// The error in words.
  public var diagnostic: Diagnostic {
    switch self {
    case .notAvailable(let isa):
      Diagnostic(
        .unsupported, code: "kernels.not-available",
        "this processor has no kernels for \(isa.rawValue)",
        hint: "Available: " + InstructionSet.available.map(\.rawValue).joined(separator: ", ") + "."
      )
    }
  }
}
