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
}

extension WeightType {
  /// The type's code in the C kernels.
  package var kernelCode: UInt8 { rawValue }
}

extension ElementType {
  /// The source type's code in the C kernels; `nil` for types that hold no weights.
  package var kernelCode: Int32? {
    switch self {
    case .f32: Int32(KB_SOURCE_F32)
    case .f16: Int32(KB_SOURCE_F16)
    case .bf16: Int32(KB_SOURCE_BF16)
    case .f64: Int32(KB_SOURCE_F64)
    default: nil
    }
  }
}

extension KernelSet {
  /// The values of a stored row.
  package func row(_ row: Int, of stored: StoredMatrix, into out: FloatMatrix, at outRow: Int) {
    unsafe withUnsafePointer(to: stored.matrix) {
      unsafe table.pointee.row($0, UInt32(row), out[outRow])
    }
  }
}
