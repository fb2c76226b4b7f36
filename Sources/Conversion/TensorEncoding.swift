import ByteIO
import Diagnostics
import Kernels
import Parallel
import Quantization
import Synchronization
import TensorCore

/// A tensor to encode: its values, its new type, and what to call it in an error.
struct EncodingJob {
  let name: String
  let shape: [Int]
  let input: TensorInput
  let geometry: TensorGeometry
  let exponent: Int
  /// Scales that were chosen before.
  var given: [UInt16]?

  /// Tiles of a chunk: a megabyte of float32, whatever the number of threads.
  fileprivate var tilesPerChunk: Int {
    max(1, (256 << 10) / (geometry.paddedColumns * TensorGeometry.tileRows))
  }
}

/// Some encoded tiles of a tensor; the bytes are only valid until they are written.
@safe struct EncodedChunk: @unchecked Sendable {
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
  /// Encodes tensors chunk by chunk on all threads, and writes the chunks behind.
  ///
  /// - Parameters:
  ///   - jobs: the tensors.
  ///   - method: how scales are chosen.
  ///   - path: the input, for errors.
  ///   - summarize: what is kept of a chunk; called from several threads.
  ///   - write: stores a chunk; called from any thread.
  /// - Returns: what was kept, job after job, chunk after chunk.
  /// - Throws: `ConversionError.overflow`, `Interruption`, or what `write` throws.
  func encode<Result: Sendable>(
    _ jobs: [EncodingJob], method: QuantizationMethod, path: String,
    summarize: (EncodedChunk) -> Result, write: (EncodedChunk) throws -> Void
  ) throws -> [(job: Int, result: Result)] {
    let chunks = jobs.enumerated().flatMap { index, job in
      let tiles = job.geometry.tileCount
      return stride(from: 0, to: tiles, by: job.tilesPerChunk).map {
        (job: index, tiles: $0..<min($0 + job.tilesPerChunk, tiles))
      }
    }
    let total = jobs.reduce(0) { $0 + $1.geometry.totalBytes }
    let free = BufferStore(jobs)
    let behind = WriteBehind(most: 2 * pool.threadCount)
    let results = try progress.phase(encodingPhase, total: total, unit: .bytes) {
      try collect(chunks.count) { part in
        let chunk = chunks[part]
        let job = jobs[chunk.job]
        let encoder = TileEncoder(
          job.geometry, source: job.input.source, method: method, exponent: job.exponent,
          kernels: kernels, given: job.given)
        let buffers = free.take()
        let encoded: EncodedChunk
        do throws(Overflow) {
          encoded = try buffers.encode(job: chunk.job, tiles: chunk.tiles, encoder)
        } catch {
          throw ConversionError.overflow(
            path: path, tensor: job.name,
            index: job.shape.count == 1 ? [error.column] : [error.row, error.column],
            value: error.value, type: job.geometry.type)
        }
        job.input.release(tiles: chunk.tiles)
        let result = summarize(encoded)
        try behind.submit(PendingChunk(chunk: encoded, buffers: buffers)) {
          try write($0.chunk)
          free.give($0.buffers)
        }
        progress.report(.advanced(by: unsafe encoded.codes.count + encoded.scales.count))
        return result
      }
    }
    return zip(chunks, results).map { ($0.job, $1) }
  }
}

/// A chunk, and the memory that it lies in.
private struct PendingChunk: Sendable {
  let chunk: EncodedChunk
  let buffers: EncodingBuffers
}

/// Lets one thread write for all.
///
/// The system writes to a file one call at a time, and who waits for that spins; a thread that
/// finds another one writing leaves its chunk there and goes on.
private final class WriteBehind: Sendable {
  private struct State {
    var pending: [PendingChunk] = []
    var isWriting = false
  }
  private let most: Int
  private let state = Mutex(State())

  /// A queue for that many chunks; who comes when it is full writes for itself.
  init(most: Int) { self.most = most }

  func submit(_ chunk: PendingChunk, _ write: (PendingChunk) throws -> Void) throws {
    let (isQueued, isFirst) = state.withLock { state in
      let isFirst = !state.isWriting
      let isQueued = !isFirst && state.pending.count < most
      if isQueued { state.pending.append(chunk) }
      state.isWriting = true
      return (isQueued, isFirst)
    }
    guard !isQueued else { return }
    try write(chunk)
    while isFirst, let next = takeNext() { try write(next) }
  }

  private func takeNext() -> PendingChunk? {
    state.withLock { state in
      let next = state.pending.popLast()
      state.isWriting = next != nil
      return next
    }
  }
}

/// Buffers that are not in use: as many are made as are needed at once.
///
/// Memory of this size goes back to the system when it is freed, and taking it anew for every
/// chunk would stop all threads each time.
private final class BufferStore: Sendable {
  private let codes: Int
  private let scales: Int
  private let scratch: Int
  private let free = Mutex<[EncodingBuffers]>([])

  /// Buffers that hold any chunk of the jobs.
  init(_ jobs: [EncodingJob]) {
    func most(_ size: (EncodingJob) -> Int) -> Int { jobs.map(size).max() ?? 0 }
    let lanes = TensorGeometry.tileRows
    codes = most { $0.tilesPerChunk * lanes * $0.geometry.unitsPerRow }
    scales = most { $0.tilesPerChunk * lanes * $0.geometry.groupsPerRow }
    scratch = most { TileEncoder.scratchFloats($0.geometry) }
  }

  func take() -> EncodingBuffers {
    free.withLock { $0.popLast() }
      ?? EncodingBuffers(codes: codes, scales: scales, scratch: scratch)
  }

  func give(_ buffers: EncodingBuffers) {
    free.withLock { $0.append(buffers) }
  }
}

/// Memory for one chunk; one thread uses it at a time.
@safe private final class EncodingBuffers: @unchecked Sendable {
  private let codes: UnsafeMutableBufferPointer<UInt32>
  private let scales: UnsafeMutableBufferPointer<UInt16>
  private let scratch: UnsafeMutableBufferPointer<Float>

  init(codes: Int, scales: Int, scratch: Int) {
    unsafe self.codes = .allocate(capacity: codes)
    unsafe self.scales = .allocate(capacity: scales)
    unsafe self.scratch = .allocate(capacity: scratch)
  }

  deinit {
    unsafe codes.deallocate()
    unsafe scales.deallocate()
    unsafe scratch.deallocate()
  }

  /// The chunk; it is valid until the buffers are used again.
  func encode(
    job: Int, tiles: Range<Int>, _ encoder: TileEncoder
  ) throws(Overflow) -> EncodedChunk {
    guard let codesOut = unsafe codes.baseAddress, let room = unsafe scratch.baseAddress else {
      preconditionFailure("a tensor has elements")
    }
    let geometry = encoder.geometry
    let lanes = TensorGeometry.tileRows
    let rows = tiles.lowerBound * lanes..<min(tiles.upperBound * lanes, geometry.paddedRows)
    let isQuantized = geometry.type.isQuantized
    let statistics = try unsafe encoder.encode(
      tiles: tiles, codes: codesOut, scales: isQuantized ? scales.baseAddress : nil,
      scratch: room)
    return unsafe EncodedChunk(
      job: job, tiles: tiles, rows: rows,
      codes: UnsafeRawBufferPointer(
        UnsafeMutableBufferPointer(rebasing: codes[..<(rows.count * geometry.unitsPerRow)])),
      scales: UnsafeRawBufferPointer(
        UnsafeMutableBufferPointer(rebasing: scales[..<(rows.count * geometry.groupsPerRow)])),
      statistics: statistics)
  }
}
