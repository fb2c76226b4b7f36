import ByteIO
import Diagnostics
import DogeArchitecture
import Kernels
import KibbleFormat
import Parallel
import Quantization
import TensorCore

/// Writes models as `.kibble` files, and back.
///
/// The threads and kernels decide how fast it goes, never what is written. Inputs and outputs are
/// streamed: what is resident at a time does not grow with the model.
public struct Converter: Sendable {
  let pool: ThreadPool
  let kernels: KernelSet
  let progress: any ProgressSink
  /// What encoding is called in reports of progress.
  private(set) var encodingPhase = "writing"

  /// A converter that works on those threads with those kernels.
  public init(pool: ThreadPool, kernels: KernelSet, progress: any ProgressSink = NoProgress()) {
    self.pool = pool
    self.kernels = kernels
    self.progress = progress
  }

  /// Writes a planned conversion to a file, which appears under its name only when it is complete.
  ///
  /// - Parameters:
  ///   - plan: what to write.
  ///   - path: where the file shall be.
  ///   - overwrite: whether the path may hold a file, which is then replaced.
  /// - Returns: what was written.
  /// - Throws: what is wrong with input or output; all errors are `Diagnosable`. The path then
  ///   holds what it held.
  public func write(
    _ plan: ConversionPlan, to path: String, overwrite: Bool = false
  ) throws -> ConversionReport {
    try write(plan, rounded: nil, to: path, overwrite: overwrite)
  }

  /// The same, where some matrices were rounded already.
  package func write(
    _ plan: ConversionPlan, rounded: RoundedModel?, to path: String, overwrite: Bool = false
  ) throws -> ConversionReport {
    let inputs = plan.source.identities
    try AtomicFile.check(path, overwrite: overwrite, inputs: inputs)
    let facts = try read(plan.source)
    let file = try AtomicFile(
      path: path, expectedBytes: plan.fileLength, overwrite: overwrite, inputs: inputs)
    let report = try encode(plan, facts, rounded: rounded, into: file.sink, output: path)
    try progress.checkCancellation()
    try file.commit()
    return report
  }

  /// Makes the same bytes in memory.
  ///
  /// - Parameter plan: what to make.
  /// - Returns: the file, as if it had been written and opened, and what it holds.
  /// - Throws: what is wrong with the input; all errors are `Diagnosable`.
  public func load(
    _ plan: ConversionPlan
  ) throws -> (file: KibbleFile, report: ConversionReport) {
    try load(plan, rounded: nil)
  }

  /// The same, where some matrices were rounded already.
  package func load(
    _ plan: ConversionPlan, rounded: RoundedModel?
  ) throws -> (file: KibbleFile, report: ConversionReport) {
    let facts = try read(plan.source)
    let memory = try MemoryBuffer(count: plan.fileLength)
    var loader = self
    loader.encodingPhase = "loading"
    let report = try loader.encode(plan, facts, rounded: rounded, into: memory, output: nil)
    return (try KibbleFile(region: memory, path: plan.source.path), report)
  }

  /// A model as a `.kibble` file: itself, or a checkpoint's weights in memory, each tensor in the
  /// type that it has there.
  ///
  /// - Parameters:
  ///   - source: the model.
  ///   - toolVersion: the version of the program, for the metadata.
  /// - Returns: the file.
  /// - Throws: what is wrong with the input; all errors are `Diagnosable`.
  public func open(_ source: ModelSource, toolVersion: String) throws -> KibbleFile {
    switch source {
    case .kibble(let model): return model.file
    case .checkpoint:
      let plan = try ConversionPlan(
        source: source, recipe: EncodingRecipe(target: .source), toolVersion: toolVersion)
      return try load(plan).file
    }
  }

  /// The second reading: encodes all tensors, then writes the header over their checksums.
  private func encode(
    _ plan: ConversionPlan, _ facts: SourceFacts, rounded: RoundedModel?,
    into sink: some ByteSink, output: String?
  ) throws -> ConversionReport {
    var layout = plan.layout(weightChecksums: facts.weightChecksums)
    let inputs = plan.source.inputs()
    let jobs = plan.tensors.enumerated().map { index, tensor in
      let given = rounded?.tensors[index]
      let exponent = given?.exponent ?? TensorExponent.forMagnitude(facts.magnitudes[index])
      let input =
        given == nil
        ? inputs[index] : rounded.map { TensorInput($0.file.tensors[index], in: $0.file.region) }
      return EncodingJob(
        name: tensor.sourceName, shape: tensor.spec.shape, input: input ?? inputs[index],
        geometry: tensor.geometry, exponent: tensor.geometry.type.isQuantized ? exponent : 0,
        given: given?.scales)
    }
    let records = layout.tensors
    let chunks = try encode(
      jobs, method: plan.recipe.method, path: plan.source.path, summarize: ChunkSummary.init
    ) { chunk in
      try records[chunk.job].write(chunk, to: sink)
    }
    withExtendedLifetime((plan.source, rounded)) {}

    var written = [WrittenTensor](repeating: WrittenTensor(), count: jobs.count)
    for (job, chunk) in chunks { written[job].append(chunk) }
    for (index, tensor) in written.enumerated() {
      layout.tensors[index].crc32 = tensor.checksum
      layout.tensors[index].exponent = jobs[index].exponent
    }
    try layout.writeFrame(to: sink)
    let statistics = written.enumerated().map {
      rounded?.tensors[$0]?.statistics ?? $1.statistics
    }
    return ConversionReport(plan, output: output, statistics: statistics)
  }
}

extension TensorRecord {
  /// Writes a chunk to its place in the planes.
  fileprivate func write(_ chunk: EncodedChunk, to sink: some ByteSink) throws(FileError) {
    let firstRow = chunk.rows.lowerBound
    try unsafe sink.write(
      chunk.codes, at: planes[0].lowerBound + firstRow * geometry.unitsPerRow * 4)
    guard geometry.type.isQuantized else { return }
    try unsafe sink.write(
      chunk.scales, at: planes[1].lowerBound + firstRow * geometry.groupsPerRow * 2)
  }
}

/// What is kept of a chunk.
private struct ChunkSummary: Sendable {
  let codesChecksum: UInt32
  let codesCount: Int
  let scalesChecksum: UInt32
  let scalesCount: Int
  let statistics: ErrorStatistics

  init(_ chunk: EncodedChunk) {
    var codes = CRC32()
    unsafe codes.update(chunk.codes)
    codesChecksum = codes.value
    codesCount = unsafe chunk.codes.count
    var scales = CRC32()
    unsafe scales.update(chunk.scales)
    scalesChecksum = scales.value
    scalesCount = unsafe chunk.scales.count
    statistics = chunk.statistics
  }
}

/// The chunks of a tensor, added up in their order.
private struct WrittenTensor {
  private var codes: UInt32 = 0
  private var scales: UInt32 = 0
  private var scalesCount = 0
  private(set) var statistics = ErrorStatistics()

  /// CRC-32 of the planes, one after the other.
  var checksum: UInt32 { CRC32.combine(codes, scales, secondCount: scalesCount) }

  mutating func append(_ chunk: ChunkSummary) {
    codes = CRC32.combine(codes, chunk.codesChecksum, secondCount: chunk.codesCount)
    scales = CRC32.combine(scales, chunk.scalesChecksum, secondCount: chunk.scalesCount)
    scalesCount += chunk.scalesCount
    statistics.add(chunk.statistics)
  }
}
