import ByteIO
import DogeArchitecture
import DogeModel
import Kernels
import Safetensors
import TensorCore

/// Logits made elsewhere, in a safetensors file.
public struct Golden: Sendable {
  let file: SafetensorsFile
  let path: String
  /// The tokens of the one sequence.
  public let inputIDs: [Int]

  /// Opens a safetensors file with `input_ids` and `logits`, and perhaps hidden states.
  public init(path: String) throws {
    file = try SafetensorsFile(path: path)
    self.path = path
    guard let entry = file["input_ids"], entry.type == .i64, entry.shape.count == 1,
      entry.elementCount > 0
    else {
      throw VerificationError.badGolden(
        path: path, tensor: "input_ids", expected: "I64 [T] with T > 0",
        found: file.describe("input_ids"))
    }
    inputIDs = file.withBytes(of: entry) { bytes in
      (0..<entry.elementCount).map { bytes.littleEndian(Int64.self, at: 8 * $0).map(Int.init) ?? 0 }
    }
  }

  /// A tensor of that shape, its leading axes taken together as rows.
  func matrix(_ name: String, shape: [Int]) throws(VerificationError) -> FloatMatrix {
    guard let entry = file[name], entry.type == .f32, entry.shape == shape else {
      throw .badGolden(
        path: path, tensor: name, expected: "F32 \(shape)", found: file.describe(name))
    }
    let columns = shape[shape.count - 1]
    let rows = entry.elementCount / columns
    return file.withBytes(of: entry) { bytes in
      let matrix = FloatMatrix(rows: rows, columns: columns)
      for row in 0..<rows {
        matrix.set(
          row,
          (0..<columns).map {
            Float(bitPattern: bytes.littleEndian(at: 4 * (row * columns + $0)) ?? 0)
          })
      }
      return matrix
    }
  }
}

extension SafetensorsFile {
  /// A tensor's type and shape, in words.
  fileprivate func describe(_ name: String) -> String {
    self[name].map { "\($0.type.rawValue) \($0.shape)" } ?? "missing"
  }
}

/// How a model compares with a golden file.
public struct GoldenComparison: Sendable {
  /// How the model's logits compare with the file's, which are the reference.
  public let statistics: ComparisonStatistics
  /// The largest |Δ| of each hidden state, where the file has them: embedding, then each block.
  public let hidden: [(name: String, maxAbsDifference: Double)]
}

extension Golden {
  /// Runs a model on the file's tokens and compares.
  ///
  /// - Parameters:
  ///   - model: the model that is judged.
  ///   - stepwise: one token at a time, against `logits_stepwise` where the file has it.
  ///   - routing: how experts are chosen.
  ///   - compute: what compares.
  /// - Returns: the differences of logits and of hidden states.
  /// - Throws: `VerificationError` for a tensor that is missing or of another shape, or for logits
  ///   that are not finite.
  public func compare(
    _ model: DogeModel, stepwise: Bool, routing: ExpertRouting, compute: Compute
  ) throws -> GoldenComparison {
    let count = inputIDs.count
    let vocabulary = model.config.vocabularySize
    let ownStepwise = stepwise && file["logits_stepwise"] != nil
    let golden = try matrix(
      ownStepwise ? "logits_stepwise" : "logits", shape: [count, vocabulary])
    let trace = try LogitTrace(
      model, tokens: inputIDs, stepwise: stepwise, routing: routing, hidden: file["hidden"] != nil)
    let positions = comparePositions(
      golden, trace.logits, next: inputIDs.dropFirst().map { $0 } + [nil],
      compute)
    if !positions.areFinite {
      try golden.checkFinite(path: path, compute)
      try trace.logits.checkFinite(path: model.path, compute)
    }
    var hidden: [(name: String, maxAbsDifference: Double)] = []
    // Hidden states are those of a single call; stepwise may differ from it by intention.
    if file["hidden"] != nil, !ownStepwise {
      let states = try matrix(
        "hidden", shape: [model.config.layerCount + 1, count, model.config.hiddenSize])
      try states.checkFinite(path: path, what: "hidden states", compute)
      hidden = trace.hidden.enumerated().map { index, state in
        let differences = (0..<count).map { row in
          largest(
            zip(state.row(row), states.row(index * count + row)).map {
              abs(Double($0) - Double($1))
            })
        }
        return (index == 0 ? "embedding" : "layers.\(index - 1)", largest(differences))
      }
    }
    return GoldenComparison(
      statistics: ComparisonStatistics(positions, vocabulary: vocabulary), hidden: hidden)
  }
}
