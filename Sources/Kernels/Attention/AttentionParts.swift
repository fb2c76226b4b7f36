import CKernels

/// What blocks of keys give to some queries, and what is made of it.
///
/// It has slots for several blocks, which threads may fill at once.
@safe package final class AttentionParts: @unchecked Sendable {
  /// Queries that it has room for.
  package let queries: Int
  /// Blocks that it has room for.
  package let slots: Int
  private let paddedHead: Int
  private let parts: UnsafeMutablePointer<kb_attention_part>  // [slots, queries]
  private let sums: UnsafeMutablePointer<Int32>  // [slots, queries, padded head]
  private let states: UnsafeMutablePointer<kb_attention_state>  // [queries]
  private let out: FloatMatrix  // [queries, hd]

  package init(queries: Int, headDimension: Int, slots: Int) {
    self.queries = queries
    self.slots = slots
    paddedHead = Int(kb_padded_head(UInt32(headDimension)))
    unsafe parts = .allocate(capacity: max(1, slots * queries))
    unsafe parts.initialize(repeating: kb_attention_part(), count: slots * queries)
    unsafe sums = .allocate(capacity: max(1, slots * queries * paddedHead))
    unsafe sums.initialize(repeating: 0, count: slots * queries * paddedHead)
    unsafe states = .allocate(capacity: max(1, queries))
    unsafe states.initialize(repeating: kb_attention_state(), count: queries)
    out = FloatMatrix(rows: queries, columns: headDimension)
  }

  deinit {
    unsafe parts.deallocate()
    unsafe sums.deallocate()
    unsafe states.deallocate()
  }

  /// Attends from some queries to a block of one head, for a slot.
  package func attend(
    from range: Range<Int>, of coded: CodedQueries, to cache: CodedKeyValues, head: Int,
    block: Int, slot: Int, _ memory: CodedMemory, _ kernels: KernelSet
  ) {
    precondition(
      range.upperBound <= min(queries, coded.count) && range.count <= memory.queries
        && slot >= 0 && slot < slots, "no room")
    guard !range.isEmpty else { return }
    let first = slot * queries + range.lowerBound
    unsafe withUnsafePointer(to: cache.block(block, head: head)) {
      unsafe kernels.table.pointee.attend(
        $0, coded.pointer(range.lowerBound), UInt32(range.count), memory.base, parts + first,
        sums + first * paddedHead)
    }
  }

  /// Forgets what was added for a query.
  package func begin(_ query: Int) {
    assert(query >= 0 && query < queries, "no such query")
    unsafe states[query] = kb_attention_state(max: -.infinity, weight: 0)
    out[query].fill(0)
  }

  /// Adds what the block of a slot gave to a query.
  ///
  /// Blocks are added in the order of positions.
  package func add(_ slot: Int, to query: Int, _ kernels: KernelSet) {
    assert(query >= 0 && query < queries && slot >= 0 && slot < slots, "no such part")
    let index = slot * queries + query
    unsafe kernels.table.pointee.merge(
      parts + index, sums + index * paddedHead, UInt32(out.columns), states + query,
      out[query].base)
  }

  /// The weighted mean of the values.
  package func finish(_ query: Int, into row: FloatRow, _ kernels: KernelSet) {
    assert(query >= 0 && query < queries, "no such query")
    kernels.divide(out[query], by: unsafe states[query].weight, into: row)
  }
}
