import ByteIO
import CKernels
import DogeArchitecture
import Kernels
import KibbleFormat
import Parallel
import TensorCore

extension DogeModel {
  /// Bytes of weights that one decoded token reads: all matrices, one embedding row, and of the
  /// experts those that are chosen.
  public var weightBytesPerToken: Int {
    file.tensors.reduce(0) { sum, tensor in
      let bytes = tensor.byteCount
      let isMultiplied = tensor.geometry.arrangement == .tiles
      guard !isMultiplied, tensor.shape.count == 2, tensor.geometry.rows > 1 else {
        return sum + bytes
      }
      if tensor.name.hasSuffix(TensorRole.dt.rawValue) { return sum + bytes }
      let isEmbedding = tensor.name == TensorRole.embedding.rawValue
      let rows = isEmbedding ? 1 : config.experts?.perToken ?? 1
      return sum + bytes * rows / tensor.geometry.rows
    }
  }

  /// Reads all multiplied matrices once, on all threads, and does nothing with them.
  ///
  /// What it takes is the least that a decoded token can take when weights are read as they lie.
  ///
  /// - Returns: the number of bytes read.
  @discardableResult
  public func readWeights() -> Int {
    let planes = file.tensors.filter { $0.geometry.arrangement == .tiles }.flatMap(\.planes)
    compute.pool.run(compute.pool.threadCount) { part in
      for plane in planes {
        let parts = compute.pool.threadCount
        let begin = plane.count * part / parts
        let end = plane.count * (part + 1) / parts
        unsafe withExtendedLifetime(
          compute.kernels.table.pointee.read_memory(
            file.region.pointer(at: plane.lowerBound + begin), end - begin)
        ) {}
      }
    }
    return planes.reduce(0) { $0 + $1.count }
  }
}
