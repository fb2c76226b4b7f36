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
  private let tensors: [SafetensorsWriter.Tensor]

  /// Lays out the file.
  ///
  /// - Parameters:
  ///   - model: the model to run.
  ///   - sequences: run from an empty cache each; their rows follow each other.
  ///   - hidden: whether hidden states are written, after attention and after each block.
  /// - Throws: `SafetensorsError` where the file would be too large.
  public init(model: DogeModel, sequences: [[Int]], hidden: Bool) throws {
    let count = sequences.reduce(0) { $0 + $1.count }
    let (layers, width) = (model.config.layerCount, model.config.hiddenSize)
    var tensors: [SafetensorsWriter.Tensor] = []
    if hidden {
      tensors += [
        .init(name: "hidden", type: .f32, shape: [layers + 1, count, width]),
        .init(name: "hidden_attention", type: .f32, shape: [layers, count, width]),
      ]
    }
    tensors.append(.init(name: "input_ids", type: .i64, shape: [count]))
    tensors.append(
      .init(name: "logits", type: .f32, shape: [count, model.config.vocabularySize]))
    if sequences.count > 1 {
      tensors.append(.init(name: "sequence_lengths", type: .i64, shape: [sequences.count]))
    }
    writer = try SafetensorsWriter(tensors: tensors)
    self.tensors = tensors
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
    func write(_ matrix: FloatMatrix, to name: String, from row: Int) throws {
      guard let place = place(of: name) else { return }
      for index in 0..<matrix.rows {
        try matrix.withBytes(ofRow: index) {
          try sink.write($0, at: place + (row + index) * matrix.columns * 4)
        }
      }
    }
    func write(_ numbers: [Int], to name: String, from row: Int) throws {
      guard let place = place(of: name) else { return }
      try sink.write(numbers.flatMap(\.int64Bytes), at: place + row * 8)
    }
    try write(sequences.map(\.count), to: "sequence_lengths", from: 0)
    try progress.phase("running", total: tokenCount, unit: .tokens) {
      var first = 0
      for (number, tokens) in sequences.enumerated() {
        try progress.checkCancellation()
        let trace = try LogitTrace(
          model, tokens: tokens, stepwise: stepwise, routing: routing, hidden: hidden)
        for matrix in trace.hidden + trace.hiddenAttention {
          try matrix.checkFinite(
            path: model.path, what: "hidden states", sequence: number, compute)
        }
        try trace.logits.checkFinite(path: model.path, sequence: number, compute)
        try write(tokens, to: "input_ids", from: first)
        try write(trace.logits, to: "logits", from: first)
        for (index, matrix) in trace.hidden.enumerated() {
          try write(matrix, to: "hidden", from: index * tokenCount + first)
        }
        for (index, matrix) in trace.hiddenAttention.enumerated() {
          try write(matrix, to: "hidden_attention", from: index * tokenCount + first)
        }
        first += tokens.count
        progress.report(.advanced(by: tokens.count))
      }
    }
  }

  /// Where a tensor begins in the file; nil where the file has none of that name.
  private func place(of name: String) -> Int? {
    tensors.firstIndex { $0.name == name }.map { writer.byteRanges[$0].lowerBound }
  }
}

extension Int {
  /// The number as the bytes of an I64.
  fileprivate var int64Bytes: [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) }
  }
}
