import ByteIO
import Diagnostics
import Kernels
import Parallel
import Synchronization
import TensorCore

/// A tensor to encode: its values, its new type, and what to call it in an error.
struct EncodingJob {
  let name: String
  let shape: [Int]
  let input: TensorInput
  let geometry: TensorGeometry
  /// Which rows they are of the tensor that errors name; nil for all.
  var rows: [Int]?
  /// How scales are chosen, and the power of two that they share; floats have none.
  var scales = ScaleChoice.rtn
  var exponent = 0
}

extension TensorGeometry {
  /// Tiles of a chunk: a quarter of a megabyte of float32, whatever the number of threads.
  fileprivate var tilesPerChunk: Int { max(1, (64 << 10) / (paddedColumns * Self.tileRows)) }

  /// The tiles in chunks, which threads share out.
  var tileChunks: [Range<Int>] {
    stride(from: 0, to: tileCount, by: tilesPerChunk).map {
      $0..<min($0 + tilesPerChunk, tileCount)
    }
  }
}

/// Some encoded tiles of a tensor.
struct EncodedChunk: Sendable {
  /// Which of the jobs.
  let job: Int
  /// The rows that are stored: padding rows count only where the arrangement has them.
  let rows: Range<Int>
  /// The error made.
  let statistics: ErrorStatistics
  /// What hold its codes and scales until it is written.
  let buffers: EncodingBuffers
}

extension Converter {
  /// Encodes tensors chunk by chunk on all threads, and writes the chunks behind.
  ///
  /// - Parameters:
  ///   - jobs: the tensors.
  ///   - path: the input, for errors.
  ///   - summarize: what is kept of a chunk; called from several threads.
  ///   - write: stores a chunk; called from any thread.
  /// - Returns: what was kept, job after job, chunk after chunk.
  /// - Throws: `ConversionError.overflow`, `Interruption`, or what `write` throws.
  func encode<Result: Sendable>(
    _ jobs: [EncodingJob], path: String, summarize: (EncodedChunk) -> Result,
    write: (EncodedChunk) throws -> Void
  ) throws -> [(job: Int, result: Result)] {
    let chunks = jobs.enumerated().flatMap { index, job in
      job.geometry.tileChunks.map { (job: index, tiles: $0) }
    }
    let total = jobs.reduce(0) { $0 + $1.geometry.totalBytes }
    let free = BufferStore(jobs)
    let behind = WriteBehind(most: 2 * compute.pool.threadCount)
    let results = try progress.phase(encodingPhase, total: total, unit: .bytes) {
      try collect(chunks.count) { part in
        let chunk = chunks[part]
        let job = jobs[chunk.job]
        let encoder = TileEncoder(
          job.geometry, source: job.input.source, scales: job.scales, exponent: job.exponent,
          kernels: compute.kernels)
        let buffers = free.take()
        let statistics: ErrorStatistics
        do throws(Overflow) {
          statistics = try buffers.encode(chunk.tiles, with: encoder)
        } catch {
          throw ConversionError.overflow(
            path: path, tensor: job.name,
            index: job.shape.count == 1
              ? [error.column] : [job.rows?[error.row] ?? error.row, error.column],
            value: error.value, type: job.geometry.type)
        }
        job.input.release(tiles: chunk.tiles)
        let encoded = EncodedChunk(
          job: chunk.job, rows: job.geometry.storedRows(of: chunk.tiles), statistics: statistics,
          buffers: buffers)
        let result = summarize(encoded)
        let bytes = buffers.byteCount
        try behind.submit(encoded) {
          try write($0)
          free.give($0.buffers)
        }
        progress.report(.advanced(by: bytes))
        return result
      }
    }
    return zip(chunks, results).map { ($0.job, $1) }
  }
}

/// Lets one thread write for all.
///
/// The system writes to a file one call at a time, and who waits for that spins; a thread that
/// finds another one writing leaves its chunk there and goes on.
private final class WriteBehind: Sendable {
  private struct State {
    var pending: [EncodedChunk] = []
    var isWriting = false
  }
  private let most: Int
  private let state = Mutex(State())

  /// A queue for that many chunks; who comes when it is full writes for itself.
  init(most: Int) { self.most = most }

  func submit(_ chunk: EncodedChunk, _ write: (EncodedChunk) throws -> Void) throws {
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

  private func takeNext() -> EncodedChunk? {
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
  private let capacity: EncodingBuffers.Capacity
  private let free = Mutex<[EncodingBuffers]>([])

  /// Buffers that hold any chunk of the jobs.
  init(_ jobs: [EncodingJob]) {
    var capacity = EncodingBuffers.Capacity()
    for job in jobs {
      capacity.include(job.geometry, tiles: min(job.geometry.tilesPerChunk, job.geometry.tileCount))
    }
    self.capacity = capacity
  }

  func take() -> EncodingBuffers {
    free.withLock { $0.popLast() } ?? EncodingBuffers(capacity)
  }

  func give(_ buffers: EncodingBuffers) {
    free.withLock { $0.append(buffers) }
  }
}
