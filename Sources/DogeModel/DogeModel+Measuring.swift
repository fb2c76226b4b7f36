import ByteIO
import DogeArchitecture
import Kernels
import KibbleFormat
import ModelFile
import Parallel
import TensorCore

extension DogeModel {
  /// Bytes of weights that one decoded token reads: all matrices, one embedding row, and of the
  /// experts those that are chosen.
  public var weightBytesPerToken: Int {
    stored.tensors.reduce(0) { sum, tensor in
      let bytes = tensor.byteCount
      guard tensor.spec.kind == .table else { return sum + bytes }
      let rows = tensor.spec.role == .embedding ? 1 : config.experts?.perToken ?? 1
      return sum + bytes * rows / tensor.spec.shape[0]
    }
  }

  /// Bytes of a cache that holds so many tokens.
  ///
  /// - Throws: `ModelError` where the model has not so many positions.
  public func cacheBytes(tokens: Int) throws(ModelError) -> Int {
    let cache = makeCache(maximum: tokens)
    try cache.reserve(tokens)
    return cache.byteCount
  }

  /// Reads all multiplied matrices once, on all threads, and does nothing with them.
  ///
  /// What it takes is the least that a decoded token can take when weights are read as they lie.
  ///
  /// - Returns: the number of bytes read.
  @discardableResult
  public func readWeights() -> Int {
    let planes = stored.tensors.filter(\.spec.isMultiplied).flatMap(\.bands).flatMap(\.planes)
    let compute = layer.compute
    compute.pool.run(compute.pool.threadCount) { part in
      for plane in planes {
        let parts = compute.pool.threadCount
        let begin = plane.lowerBound + plane.count * part / parts
        let end = plane.lowerBound + plane.count * (part + 1) / parts
        compute.kernels.readMemory(begin..<end, of: stored.file.region)
      }
    }
    return planes.reduce(0) { $0 + $1.count }
  }
}
