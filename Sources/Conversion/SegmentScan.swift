import ByteIO
import Diagnostics
import Kernels
import Parallel
import TensorCore

/// Bytes of the input that are looked at as one: a file's header, or a tensor.
struct Segment {
  let region: any ByteRegion
  let range: Range<Int>
  /// The type of the elements; nil for bytes that only count in a file's checksum.
  let type: ElementType?

  /// Bytes of a chunk: a multiple of every element's size.
  private static let chunkBytes = 2 << 20

  fileprivate var chunks: [Range<Int>] {
    stride(from: range.lowerBound, to: range.upperBound, by: Self.chunkBytes).map {
      $0..<min($0 + Self.chunkBytes, range.upperBound)
    }
  }
}

/// What was found in the bytes of a segment, or of a part of it.
struct SegmentScan {
  /// CRC-32 of the bytes.
  private(set) var checksum: UInt32 = 0
  /// The largest magnitude.
  private(set) var magnitude: Float = 0
  /// The first element that is not finite as binary32.
  private(set) var firstNonFinite: Int?
  private var byteCount = 0
  private static let cachedBytes = 64 << 10
  private var elementCount = 0

  init() {}

  /// Looks at a chunk, by parts that stay in the cache between checksum and values.
  fileprivate init(_ range: Range<Int>, of segment: Segment, kernels: KernelSet) {
    var checksum = CRC32()
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.cachedBytes) {
      let part = start..<min(start + Self.cachedBytes, range.upperBound)
      segment.region.withBytes { checksum.update($0.extracting(part)) }
      guard let type = segment.type else { continue }
      let elements = SourceElements(type, in: segment.region, bytes: part)
      let found = kernels.scan(elements)
      note(found.magnitude, found.firstNonFinite, count: elements.count)
    }
    self.checksum = checksum.value
    byteCount = range.count
  }

  /// Adds what follows.
  mutating func append(_ next: SegmentScan) {
    checksum = CRC32.combine(checksum, next.checksum, secondCount: next.byteCount)
    byteCount += next.byteCount
    note(next.magnitude, next.firstNonFinite, count: next.elementCount)
  }

  private mutating func note(_ magnitude: Float, _ firstNonFinite: Int?, count: Int) {
    self.magnitude = max(self.magnitude, magnitude)
    if self.firstNonFinite == nil, let firstNonFinite {
      self.firstNonFinite = elementCount + firstNonFinite
    }
    elementCount += count
  }
}

extension Converter {
  /// Reads segments from front to back, in chunks, and gives their pages back.
  func scan(_ segments: [Segment]) throws -> [SegmentScan] {
    let chunks = segments.enumerated().flatMap { index, segment in
      segment.chunks.map { (segment: index, range: $0) }
    }
    let total = segments.reduce(0) { $0 + $1.range.count }
    let parts = try progress.phase("reading", total: total, unit: .bytes) {
      try collect(chunks.count) { part in
        let chunk = chunks[part]
        let segment = segments[chunk.segment]
        let scan = SegmentScan(chunk.range, of: segment, kernels: compute.kernels)
        segment.region.release(chunk.range, of: segment.range)
        progress.report(.advanced(by: chunk.range.count))
        return scan
      }
    }
    var scans = [SegmentScan](repeating: SegmentScan(), count: segments.count)
    for (chunk, part) in zip(chunks, parts) { scans[chunk.segment].append(part) }
    return scans
  }

  /// The results of parts that run on several threads, in the order of the parts.
  func collect<Result: Sendable>(
    _ parts: Int, _ body: (_ part: Int) throws -> Result
  ) throws -> [Result] {
    try compute.pool.mapThrowing(parts) { part in
      try progress.checkCancellation()
      return try body(part)
    }
  }
}
