import TensorCore

/// Memory in which some tiles of a tensor are encoded; one thread uses it at a time.
@safe package final class EncodingBuffers: @unchecked Sendable {
  /// How much of it there is.
  package struct Capacity: Sendable {
    fileprivate private(set) var codes = 0
    fileprivate private(set) var scales = 0
    fileprivate private(set) var scratch = 0

    /// Nothing.
    package init() {}

    /// Makes room for that many tiles of a tensor of that geometry.
    package mutating func include(_ geometry: TensorGeometry, tiles: Int) {
      let rows = tiles * TensorGeometry.tileRows
      codes = max(codes, rows * geometry.unitsPerRow)
      scales = max(scales, rows * geometry.groupsPerRow)
      scratch = max(scratch, TileEncoder.scratchFloats(geometry))
    }
  }

  private let codes: UnsafeMutableBufferPointer<UInt32>
  private let scales: UnsafeMutableBufferPointer<UInt16>
  private let scratch: UnsafeMutableBufferPointer<Float>
  private var codeCount = 0
  private var scaleBytes = 0

  /// Memory that holds nothing yet; its bits are ones, so that what no encoding writes is seen.
  package init(_ capacity: Capacity) {
    unsafe codes = .allocate(capacity: capacity.codes)
    unsafe codes.initialize(repeating: .max)
    unsafe scales = .allocate(capacity: capacity.scales)
    unsafe scales.initialize(repeating: .max)
    unsafe scratch = .allocate(capacity: capacity.scratch)
    unsafe scratch.initialize(repeating: .nan)
  }

  deinit {
    unsafe codes.deallocate()
    unsafe scales.deallocate()
    unsafe scratch.deallocate()
  }

  /// Encodes some tiles, in place of what was here.
  ///
  /// - Parameters:
  ///   - tiles: which 16-row tiles.
  ///   - encoder: of a tensor that the capacity includes, with as many tiles.
  /// - Returns: the error made.
  /// - Throws: the first value that overflows a float type.
  package func encode(
    _ tiles: Range<Int>, with encoder: TileEncoder
  ) throws(Overflow) -> ErrorStatistics {
    let geometry = encoder.geometry
    let lanes = TensorGeometry.tileRows
    guard let codesOut = unsafe codes.baseAddress, let room = unsafe scratch.baseAddress,
      unsafe tiles.count * lanes * geometry.unitsPerRow <= codes.count
        && tiles.count * lanes * geometry.groupsPerRow <= scales.count
        && TileEncoder.scratchFloats(geometry) <= scratch.count
    else { preconditionFailure("too little memory for the tiles") }
    let rows = geometry.storedRows(of: tiles).count
    codeCount = rows * geometry.unitsPerRow
    scaleBytes = rows * geometry.groupsPerRow * geometry.type.bytesPerScale
    let statistics = try unsafe encoder.encode(
      tiles: tiles, codes: codesOut,
      scales: geometry.type.isQuantized ? scales.baseAddress : nil, scratch: room)
    if geometry.type.hasShortScales { shorten() }
    return statistics
  }

  /// Turns scales that are integers in binary16 into bytes.
  private func shorten() {
    let bytes = unsafe UnsafeMutableRawBufferPointer(scales)
    for index in 0..<scaleBytes {
      let scale = Int8(exactly: Float(binary16: unsafe scales[index])) ?? 0
      unsafe bytes[index] = UInt8(bitPattern: scale)
    }
  }

  /// Bytes of what was encoded last.
  package var byteCount: Int { codeCount * 4 + scaleBytes }

  /// Calls `body` with the part of the plane of codes, or floats, that was encoded last.
  package func withCodes<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try unsafe body(
      RawSpan(_unsafeBytes: UnsafeRawBufferPointer(codes).prefix(codeCount * 4)))
  }

  /// Calls `body` with the part of the plane of scales that was encoded last; empty for floats.
  package func withScales<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try unsafe body(
      RawSpan(_unsafeBytes: UnsafeRawBufferPointer(scales).prefix(scaleBytes)))
  }
}

extension TensorGeometry {
  /// The rows that are stored of some tiles: padding rows count only where the arrangement has
  /// them.
  package func storedRows(of tiles: Range<Int>) -> Range<Int> {
    tiles.lowerBound * Self.tileRows..<min(tiles.upperBound * Self.tileRows, paddedRows)
  }
}
