import ByteIO
import Diagnostics
import Kernels
import Parallel
import Quantization
import TensorCore

/// A tensor to encode: its values, its new type, and what to call it in an error.
struct EncodingJob {
  let name: String
  let shape: [Int]
  let input: TensorInput
  let geometry: TensorGeometry
  let exponent: Int

  /// Tiles of a chunk: a megabyte of float32, whatever the number of threads.
  fileprivate var tilesPerChunk: Int {
    max(1, (256 << 10) / (geometry.paddedColumns * TensorGeometry.tileRows))
  }
}

/// Some encoded tiles of a tensor; the bytes are only valid while they are delivered.
@safe struct EncodedChunk {
  /// Which of the jobs.
  let job: Int
  let tiles: Range<Int>
  /// The rows that are stored: padding rows count only where the arrangement has them.
  let rows: Range<Int>
  let codes: UnsafeRawBufferPointer
  let scales: UnsafeRawBufferPointer
  let statistics: ErrorStatistics
}

extension Converter {
  /// Encodes tensors chunk by chunk on all threads and delivers each chunk to `body`.
  ///
  /// - Parameters:
  ///   - jobs: the tensors.
  ///   - method: how scales are chosen.
  ///   - path: the input, for errors.
  ///   - body: called from several threads; returns what is kept of a chunk.
  /// - Returns: the results, job after job, chunk after chunk.
  /// - Throws: `ConversionError.overflow`, `Interruption`, or what `body` throws.
  func encode<Result: Sendable>(
    _ jobs: [EncodingJob], method: QuantizationMethod, path: String,
    _ body: (EncodedChunk) throws -> Result
  ) throws -> [(job: Int, result: Result)] {
    let chunks = jobs.enumerated().flatMap { index, job in
      let tiles = job.geometry.tileCount
      return stride(from: 0, to: tiles, by: job.tilesPerChunk).map {
        (job: index, tiles: $0..<min($0 + job.tilesPerChunk, tiles))
      }
    }
    let total = jobs.reduce(0) { $0 + $1.geometry.totalBytes }
    let results = try progress.phase("writing", total: total, unit: .bytes) {
      try collect(chunks.count) { part in
        let chunk = chunks[part]
        let job = jobs[chunk.job]
        let encoder = TileEncoder(
          job.geometry, source: job.input.source, method: method, exponent: job.exponent,
          kernels: kernels)
        let buffers = EncodingBuffers(job.geometry, tiles: chunk.tiles, encoder)
        let encoded: EncodedChunk
        do throws(Overflow) {
          encoded = try buffers.encode(job: chunk.job, encoder)
        } catch {
          throw ConversionError.overflow(
            path: path, tensor: job.name,
            index: job.shape.count == 1 ? [error.column] : [error.row, error.column],
            value: error.value, type: job.geometry.type)
        }
        job.input.release(tiles: chunk.tiles)
        let result = try body(encoded)
        progress.report(.advanced(by: unsafe encoded.codes.count + encoded.scales.count))
        return result
      }
    }
    return zip(chunks, results).map { ($0.job, $1) }
  }
}

/// Memory for one chunk.
@safe private final class EncodingBuffers {
  private let tiles: Range<Int>
  private let rows: Range<Int>
  private let codes: UnsafeMutableBufferPointer<UInt32>
  private let scales: UnsafeMutableBufferPointer<UInt16>
  private let scratch: UnsafeMutableBufferPointer<Float>

  init(_ geometry: TensorGeometry, tiles: Range<Int>, _ encoder: TileEncoder) {
    let lanes = TensorGeometry.tileRows
    self.tiles = tiles
    rows = tiles.lowerBound * lanes..<min(tiles.upperBound * lanes, geometry.paddedRows)
    unsafe codes = .allocate(capacity: rows.count * geometry.unitsPerRow)
    unsafe scales = .allocate(capacity: rows.count * geometry.groupsPerRow)
    unsafe scratch = .allocate(capacity: encoder.scratchFloats)
  }

  deinit {
    unsafe codes.deallocate()
    unsafe scales.deallocate()
    unsafe scratch.deallocate()
  }

  /// The chunk; it is valid as long as the buffers live.
  func encode(job: Int, _ encoder: TileEncoder) throws(Overflow) -> EncodedChunk {
    guard let codesOut = unsafe codes.baseAddress, let room = unsafe scratch.baseAddress else {
      preconditionFailure("a tensor has elements")
    }
    let statistics = try unsafe encoder.encode(
      tiles: tiles, codes: codesOut, scales: scales.isEmpty ? nil : scales.baseAddress,
      scratch: room)
    return unsafe EncodedChunk(
      job: job, tiles: tiles, rows: rows, codes: UnsafeRawBufferPointer(codes),
      scales: UnsafeRawBufferPointer(scales), statistics: statistics)
  }
}
