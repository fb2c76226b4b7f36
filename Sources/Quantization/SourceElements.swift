import CKernels
import Kernels
import TensorCore

/// Elements of a source tensor, as the kernels read them.
package struct SourceElements: Sendable {
  private let kernels: KernelSet

  package init(kernels: KernelSet) { self.kernels = kernels }

  /// Looks at `count` elements.
  ///
  /// - Returns: the largest magnitude, and the first element that is not finite as float32.
  package func scan(
    _ start: UnsafeRawPointer, count: Int, type: ElementType
  ) -> (magnitude: Float, firstNonFinite: Int?) {
    guard let code = type.kernelCode else { return (0, nil) }
    var magnitude: Float = 0
    let first = unsafe kernels.table.pointee.scan(code, start, count, &magnitude)
    return (magnitude, first < count ? first : nil)
  }

  /// `count` elements as float32.
  package func widen(_ start: UnsafeRawPointer, count: Int, type: ElementType) -> [Float] {
    guard let code = type.kernelCode else { return [] }
    return unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      guard let out = buffer.baseAddress else { return }
      unsafe kernels.table.pointee.widen(code, start, count, out)
      initialized = count
    }
  }
}
