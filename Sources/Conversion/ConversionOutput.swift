import ByteIO
import DogeArchitecture
import Kernels
import KibbleFormat
import ModelFile
import Quantization
import TensorCore

/// A `.kibble` file while its tensors are encoded, each once and in any order.
package final class ConversionOutput {
  private let plan: ConversionPlan
  private let facts: SourceFacts
  private let converter: Converter
  private let sink: any ByteSink
  private var layout: KibblePlan
  private var written: [Int: (tensor: WrittenTensor, exponent: Int)] = [:]
  private var warnings: [String] = []

  init(_ plan: ConversionPlan, _ facts: SourceFacts, to sink: any ByteSink, _ converter: Converter)
  {
    self.plan = plan
    self.facts = facts
    self.converter = converter
    self.sink = sink
    layout = plan.fileLayout(weightChecksums: facts.weightChecksums)
  }

  /// What the output is made of.
  package var identity: ConversionIdentity {
    ConversionIdentity(
      plan.metadata(weightChecksums: facts.weightChecksums), rows: plan.rows,
      source: plan.source)
  }

  /// Encodes a record by codes and scales that were chosen for it.
  ///
  /// - Parameters:
  ///   - number: of the record, in the plan.
  ///   - rounded: what was chosen.
  ///   - model: holds what its codes stand for.
  /// - Throws: what writing throws.
  package func encode(
    _ number: Int, _ rounded: RoundedTensor, from model: ResidentModel
  ) throws {
    let record = plan.records[number]
    let input = model.input(of: record.tensor, rows: record.rows)
    var job = job(number, input: input, exponent: rounded.exponent)
    job.scales = .given(rounded.scales)
    try encode([(number, job)], with: converter.silent)
    written[number]?.tensor.statistics = rounded.statistics
  }

  /// Encodes what is left, from the source.
  func encodeRest() throws {
    let jobs = plan.records.indices.filter { written[$0] == nil }.map { number in
      let record = plan.records[number]
      let exponent = TensorExponent.forMagnitude(
        facts.magnitudes[record.tensor], record.geometry.type)
      let tensor = plan.tensors[record.tensor]
      let rows = tensor.records.count == 1 ? nil : record.rows
      let input = plan.source.input(of: record.tensor, rows: rows, order: tensor.order)
      return (number, job(number, input: input, exponent: exponent))
    }
    try encode(jobs, with: converter)
  }

  /// Writes the header over the tensors' checksums.
  func finish(output: String?) throws -> ConversionReport {
    var statistics: [ErrorStatistics] = []
    for number in plan.records.indices {
      guard let (tensor, exponent) = written[number] else {
        preconditionFailure("a tensor was not encoded")
      }
      layout.tensors[number].crc32 = tensor.checksum
      layout.tensors[number].exponent = exponent
      statistics.append(tensor.statistics)
    }
    try layout.writeFrame(to: sink)
    return ConversionReport(plan, output: output, statistics: statistics)
  }

  private func job(_ number: Int, input: TensorInput, exponent: Int) -> EncodingJob {
    let record = plan.records[number]
    let tensor = plan.tensors[record.tensor]
    return EncodingJob(
      name: tensor.sourceName, shape: tensor.spec.shape, input: input, geometry: record.geometry,
      rows: plan.rows(of: record), scales: plan.recipe.method.scaleChoice,
      exponent: record.geometry.type.isQuantized ? exponent : 0)
  }

  private func encode(_ jobs: [(number: Int, job: EncodingJob)], with converter: Converter) throws {
    let records = layout.tensors
    let sink = sink
    let chunks = try converter.encode(
      jobs.map(\.job), path: plan.source.path, summarize: ChunkSummary.init
    ) { chunk in
      try records[jobs[chunk.job].number].write(chunk, to: sink)
    }
    for (number, job) in jobs { written[number] = (WrittenTensor(), job.exponent) }
    for (job, chunk) in chunks { written[jobs[job].number]?.tensor.append(chunk) }
  }
}

extension TensorRecord {
  /// Writes a chunk to its place in the planes.
  func write(_ chunk: EncodedChunk, to sink: some ByteSink) throws(FileError) {
    let starts = zip(planes, geometry.rowBytes).map { $0.lowerBound + chunk.rows.lowerBound * $1 }
    try chunk.buffers.withCodes { (codes) throws(FileError) in
      try sink.write(codes, at: starts[0])
    }
    guard geometry.type.isQuantized else { return }
    try chunk.buffers.withScales { (scales) throws(FileError) in
      try sink.write(scales, at: starts[1])
    }
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
    (codesChecksum, codesCount) = chunk.buffers.withCodes { (CRC32.checksum($0), $0.byteCount) }
    (scalesChecksum, scalesCount) = chunk.buffers.withScales {
      (CRC32.checksum($0), $0.byteCount)
    }
    statistics = chunk.statistics
  }
}

/// The chunks of a tensor, added up in their order.
private struct WrittenTensor {
  private var codes: UInt32 = 0
  private var scales: UInt32 = 0
  private var scalesCount = 0
  var statistics = ErrorStatistics()

  /// CRC-32 of the planes, one after the other.
  var checksum: UInt32 { CRC32.combine(codes, scales, secondCount: scalesCount) }

  mutating func append(_ chunk: ChunkSummary) {
    codes = CRC32.combine(codes, chunk.codesChecksum, secondCount: chunk.codesCount)
    scales = CRC32.combine(scales, chunk.scalesChecksum, secondCount: chunk.scalesCount)
    scalesCount += chunk.scalesCount
    statistics.add(chunk.statistics)
  }
}
