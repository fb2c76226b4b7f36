import ByteIO
import CKernels
import TensorCore

/// The kernels of one instruction set; every set gives the same bits (formats/numerics.md).
@safe public struct KernelSet: @unchecked Sendable {
  /// The instruction set.
  public let isa: InstructionSet
  /// The table of C functions; it never changes, so threads may share it.
  package let table: UnsafePointer<kb_kernels>

  /// The kernels of an instruction set, or of the best one that is there.
  public init(_ isa: InstructionSet? = nil) throws(KernelError) {
    let chosen = isa ?? InstructionSet.available.last ?? .scalar
    guard let table = unsafe kb_kernels_for(chosen.index) else { throw .notAvailable(chosen) }
    self.isa = chosen
    unsafe self.table = table
  }

  /// Rows of a block of `pack`: a packed range of rows may be cut at its multiples.
  package var packedBlock: Int { Int(unsafe table.pointee.token_block) }

  /// Reads bytes and does nothing with them, to measure how fast that goes.
  package func readMemory(_ range: Range<Int>, of region: any ByteRegion) {
    let bytes = unsafe region.buffer(range)
    guard let start = bytes.baseAddress else { return }
    unsafe withExtendedLifetime(table.pointee.read_memory(start, bytes.count)) {}
  }
}

extension InstructionSet {
  /// Whether this build and this processor have it.
  public var isAvailable: Bool { unsafe kb_kernels_for(index) != nil }

  /// Those that are available, from the plainest.
  public static var available: [InstructionSet] { allCases.filter(\.isAvailable) }
}

extension WeightType {
  /// The code of the type's codes, or floats, in the C kernels.
  var kernelCode: UInt8 { codeType.rawValue }
}

extension ElementType {
  /// The source type's code in the C kernels; `nil` for types that hold no weights.
  var kernelCode: Int32? {
    switch self {
    case .f32: Int32(KB_SOURCE_F32)
    case .f16: Int32(KB_SOURCE_F16)
    case .bf16: Int32(KB_SOURCE_BF16)
    case .f64: Int32(KB_SOURCE_F64)
    default: nil
    }
  }
}
