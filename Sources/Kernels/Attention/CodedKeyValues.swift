import CKernels

/// Keys, values and masks of a layer's tokens in codes of eight bits, in blocks of 128 positions.
///
/// It grows by blocks, so that nothing is ever copied. Several threads may store different
/// positions; nothing here guards against overlap.
@safe package final class CodedKeyValues: @unchecked Sendable {
  /// Positions of a block.
  package static var blockTokens: Int { Int(KB_CACHE_BLOCK) }

  let headDimension: Int
  let paddedHead: Int
  private let heads: Int
  private let maskRows: Int
  private var blocks: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>
  /// Blocks that there are.
  package private(set) var blockCount = 0
  /// Whose memory it is, if not its own.
  private let owner: CodedKeyValues?

  /// No positions yet.
  package init(heads: Int, headDimension: Int, maskRows: Int) {
    self.heads = heads
    self.headDimension = headDimension
    self.maskRows = maskRows
    paddedHead = Int(kb_padded_head(UInt32(headDimension)))
    unsafe blocks = .allocate(capacity: 16)
    owner = nil
  }

  private init(sharing other: CodedKeyValues) {
    (heads, headDimension, maskRows) = (other.heads, other.headDimension, other.maskRows)
    (paddedHead, blockCount, owner) = (other.paddedHead, other.blockCount, other)
    unsafe blocks = other.blocks
  }

  /// The blocks that there are now, by another object (`FloatMatrix.shared`).
  package func shared() -> CodedKeyValues { CodedKeyValues(sharing: self) }

  deinit {
    guard owner == nil else { return }
    for index in 0..<blockCount { unsafe blocks[index].deallocate() }
    unsafe blocks.deallocate()
  }

  /// Bytes that it takes now.
  package var byteCount: Int { blockCount * blockBytes }

  /// Makes room for so many positions.
  package func reserve(_ positions: Int) {
    precondition(owner == nil, "only the owner grows")
    while blockCount * Self.blockTokens < positions {
      if unsafe blockCount == blocks.count {
        let grown = UnsafeMutableBufferPointer<UnsafeMutableRawPointer>.allocate(
          capacity: 2 * blockCount)
        _ = unsafe grown.moveInitialize(fromContentsOf: blocks)
        unsafe blocks.deallocate()
        unsafe blocks = grown
      }
      let block = UnsafeMutableRawPointer.allocate(byteCount: blockBytes, alignment: 64)
      unsafe block.initializeMemory(as: UInt8.self, repeating: 0, count: blockBytes)
      unsafe blocks.initializeElement(at: blockCount, to: block)
      blockCount += 1
    }
  }

  /// Stores a token's rotated key and its value of one head.
  package func store(
    key: FloatRow, value: FloatRow, head: Int, position: Int, _ kernels: KernelSet
  ) {
    assert(key.count == headDimension && value.count == headDimension, "rows of other lengths")
    let (block, row) = unsafe place(position)
    let start = unsafe block + head * headBytes
    let keys = unsafe start.assumingMemoryBound(to: Int8.self)
    let values = unsafe keys + codeBytes
    let scales = unsafe (start + 2 * codeBytes).assumingMemoryBound(to: Float.self)
    unsafe scales[row] = kernels.quantize(key, into: keys + row * paddedHead)
    unsafe scales[Self.blockTokens + row] = kernels.quantize(
      value, into: values + row * paddedHead)
  }

  /// What is added to the scores of a position.
  package subscript(maskRow row: Int, position: Int) -> Float {
    get { unsafe mask(row, position).pointee }
    set { unsafe mask(row, position).pointee = newValue }
  }

  /// The position of the least key that a query at a position keeps; meaningful once it was set.
  package subscript(leastKeptOf row: Int, position: Int) -> Int {
    get { unsafe Int(least(row, position).pointee) }
    set { unsafe least(row, position).pointee = Int32(truncatingIfNeeded: newValue) }
  }

  /// A block of one head, for kernels.
  func block(_ index: Int, head: Int) -> kb_cache_block {
    assert(index >= 0 && index < blockCount && head >= 0 && head < heads, "no such block")
    let start = unsafe blocks[index] + head * headBytes
    let keys = unsafe start.assumingMemoryBound(to: Int8.self)
    let scales = unsafe (start + 2 * codeBytes).assumingMemoryBound(to: Float.self)
    let next = unsafe index + 1 < blockCount ? blocks[index + 1] + head * headBytes : nil
    return unsafe kb_cache_block(
      keys: keys, values: keys + codeBytes,
      next_keys: next?.assumingMemoryBound(to: Int8.self), key_scales: scales,
      value_scales: scales + Self.blockTokens,
      masks: (blocks[index] + heads * headBytes).assumingMemoryBound(to: Float.self),
      first: UInt32(index * Self.blockTokens), padded_head: UInt32(paddedHead))
  }

  // A block: for each head the codes of keys and of values and their scales; then masks, and the
  // least keys.
  private var codeBytes: Int { Self.blockTokens * paddedHead }
  private var headBytes: Int { 2 * codeBytes + 2 * 4 * Self.blockTokens }
  private var maskBytes: Int { 4 * maskRows * Self.blockTokens }
  private var blockBytes: Int { heads * headBytes + 2 * maskBytes }

  private func place(_ position: Int) -> (block: UnsafeMutableRawPointer, row: Int) {
    let (index, row) = position.quotientAndRemainder(dividingBy: Self.blockTokens)
    assert(index >= 0 && index < blockCount, "no such position")
    return unsafe (blocks[index], row)
  }

  private func mask(_ row: Int, _ position: Int) -> UnsafeMutablePointer<Float> {
    assert(row >= 0 && row < maskRows, "no such mask")
    let (block, index) = unsafe place(position)
    let masks = unsafe (block + heads * headBytes).assumingMemoryBound(to: Float.self)
    return unsafe masks + row * Self.blockTokens + index
  }

  private func least(_ row: Int, _ position: Int) -> UnsafeMutablePointer<Int32> {
    assert(row >= 0 && row < maskRows, "no such mask")
    let (block, index) = unsafe place(position)
    let start = unsafe block + heads * headBytes + maskBytes
    return unsafe start.assumingMemoryBound(to: Int32.self) + row * Self.blockTokens + index
  }
}

extension KernelSet {
  /// Quantizes the values of a head with one scale, which it returns.
  func quantize(_ x: FloatRow, into codes: UnsafeMutablePointer<Int8>) -> Float {
    unsafe table.pointee.quantize_head(x.base, UInt32(x.count), codes)
  }
}
