import ByteIO
import Diagnostics
import DogeArchitecture
import DogeModel
import Kernels
import Safetensors
import TensorCore

/// A safetensors file of a model's logits, written sequence by sequence.
public struct LogitsFile: Sendable {
  private let model: DogeModel
  private let sequences: [[Int]]
  private let hidden: Bool
  private let writer: SafetensorsWriter

  /// Lays out the file.
  ///
  /// - Parameters:
  ///   - model: the model to run.
  ///   - sequences: run from an empty cache each; their rows follow each other.
  ///   - hidden: whether hidden states are written.
  /// - Throws: `SafetensorsError` where the file would be too large.
  public init(model: DogeModel, sequences: [[Int]], hidden: Bool) throws {
    let count = sequences.reduce(0) { $0 + $1.count }
    let states = model.config.layerCount + 1
    var tensors: [SafetensorsWriter.Tensor] = []
    if hidden {
      tensors.append(
        .init(name: "hidden", type: .f32, shape: [states, count, model.config.hiddenSize]))
    }
    tensors.append(.init(name: "input_ids", type: .i64, shape: [count]))
    tensors.append(
      .init(name: "logits", type: .f32, shape: [count, model.config.vocabularySize]))
    writer = try SafetensorsWriter(tensors: tensors)
    self.model = model
    self.sequences = sequences
    self.hidden = hidden
  }

  /// The size of the file.
  public var fileSize: Int { writer.fileSize }

  /// Tokens of all sequences.
  public var tokenCount: Int { sequences.reduce(0) { $0 + $1.count } }

  /// Runs the model and writes the file.
  ///
  /// - Throws: `VerificationError.notFinite`, what the model or the sink throws, or `Interruption`.
  public func write(
    to sink: some ByteSink, stepwise: Bool, routing: ExpertRouting, compute: Compute,
    progress: any ProgressSink
  ) throws {
    try writer.writeHeader(to: sink)
    let places = writer.byteRanges.map(\.lowerBound)
    let (ids, logits) = (places[places.count - 2], places[places.count - 1])
    try progress.phase("running", total: tokenCount, unit: .tokens) {
      var first = 0
      for (number, tokens) in sequences.enumerated() {
        try progress.checkCancellation()
        let trace = try LogitTrace(
          model, tokens: tokens, stepwise: stepwise, routing: routing, hidden: hidden)
        try trace.logits.checkFinite(path: model.path, sequence: number, compute)
        try sink.write(tokens.flatMap(\.int64Bytes), at: ids + first * 8)
        for index in tokens.indices {
          let row = first + index
          try trace.logits.write(row: index, to: sink, at: logits, fileRow: row)
          for (state, matrix) in trace.hidden.enumerated() {
            try matrix.write(
              row: index, to: sink, at: places[0], fileRow: state * tokenCount + row)
          }
        }
        first += tokens.count
        progress.report(.advanced(by: tokens.count))
      }
    }
  }
}

extension FloatMatrix {
  /// Writes a row to its place in a tensor `[…, columns]` that begins at `offset`.
  fileprivate func write(
    row: Int, to sink: some ByteSink, at offset: Int, fileRow: Int
  ) throws {
    try withBytes(ofRow: row) { try sink.write($0, at: offset + fileRow * columns * 4) }
  }
}

extension Int {
  /// The number as the bytes of an I64.
  fileprivate var int64Bytes: [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) }
  }
}
