import CKernels

/// Queries in codes of eight bits, and the keys that count for each.
///
/// Threads may read it at once while nobody sets a query.
@safe package final class CodedQueries: @unchecked Sendable {
  /// How many it has room for.
  package let count: Int
  private let headDimension: Int
  private let paddedHead: Int
  private let codes: UnsafeMutablePointer<Int8>
  private let queries: UnsafeMutablePointer<kb_attention_query>

  package init(_ count: Int, headDimension: Int) {
    self.count = count
    self.headDimension = headDimension
    paddedHead = Int(kb_padded_head(UInt32(headDimension)))
    unsafe codes = .allocate(capacity: max(1, count * paddedHead))
    unsafe codes.initialize(repeating: 0, count: count * paddedHead)
    unsafe queries = .allocate(capacity: max(1, count))
    unsafe queries.initialize(repeating: kb_attention_query(), count: count)
  }

  deinit {
    unsafe codes.deallocate()
    unsafe queries.deallocate()
  }

  /// Sets a query.
  ///
  /// - Parameters:
  ///   - index: which.
  ///   - x: its values.
  ///   - scale: a factor of its scores.
  ///   - seen: the positions that it sees.
  ///   - maskRow: the row of the masks that are added.
  ///   - least: the least key that it keeps, by mask and position; nil where it keeps all.
  ///   - kernels: quantize it.
  package func set(
    _ index: Int, _ x: FloatRow, scale: Float, seen: Range<Int>, maskRow: Int,
    least: (mask: Float, position: Int)?, _ kernels: KernelSet
  ) {
    assert(index >= 0 && index < count && x.count == headDimension, "no such query")
    let place = unsafe codes + index * paddedHead
    let own = unsafe kernels.quantize(x, into: place)
    unsafe queries[index] = kb_attention_query(
      codes: place, scale: own * scale, begin: UInt32(seen.lowerBound),
      end: UInt32(seen.upperBound), mask_row: UInt32(maskRow), least: least?.mask ?? -.infinity,
      since: UInt32(least?.position ?? 0))
  }

  func pointer(_ index: Int) -> UnsafePointer<kb_attention_query> {
    assert(index >= 0 && index < count, "no such query")
    return unsafe UnsafePointer(queries + index)
  }
}

/// Memory of the kernels for one thread's queries.
@safe package final class CodedMemory: @unchecked Sendable {
  /// Queries that it serves at once.
  let queries: Int
  let base: UnsafeMutableRawPointer

  package init(queries: Int, headDimension: Int) {
    self.queries = queries
    let bytes = kb_attend_scratch(UInt32(queries), kb_padded_head(UInt32(headDimension)))
    unsafe base = .allocate(byteCount: bytes, alignment: 64)
  }

  deinit { unsafe base.deallocate() }
}
