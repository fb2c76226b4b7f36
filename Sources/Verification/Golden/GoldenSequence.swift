import ByteIO
import DogeArchitecture
import DogeModel
import Kernels
import Parallel
import TensorCore

/// One sequence of a golden file, to be run from an empty cache.
///
/// All values are read as float32, to which those of F64 are rounded. Reading ends with
/// `VerificationError.badGolden` where a tensor does not fit the config, and with
/// `VerificationError.notFinite` where a value is infinite or no number.
public struct GoldenSequence: Sendable {
  let path: String
  let tensors: [GoldenPart: GoldenTensor]
  /// The sizes that may stand for the tokens of all sequences.
  let axes: [[Int]]
  /// Its number in the file, from 0.
  public let number: Int
  /// Its tokens.
  public let inputIDs: [Int]
  /// Its tokens among those of all sequences.
  let rows: Range<Int>

  /// The logits behind its tokens, of a single call.
  ///
  /// - Parameters:
  ///   - config: the config of the model that is compared.
  ///   - positions: which; nil for all.
  ///   - compute: what reads them.
  /// - Returns: `[positions, vocabulary]`.
  /// - Throws: `VerificationError`, or `NumPyError` where compressed data are damaged.
  public func logits(
    _ config: DogeConfig, _ positions: Range<Int>? = nil, compute: Compute
  ) throws -> FloatMatrix {
    try matrix(.logits, 0, config, positions, "logits", compute)
  }

  /// The logits of one token at a time, where the file tells them apart; nil where it doesn't.
  public func stepwiseLogits(
    _ config: DogeConfig, _ positions: Range<Int>? = nil, compute: Compute
  ) throws -> FloatMatrix? {
    guard tensors[.stepwiseLogits] != nil else { return nil }
    return try matrix(.stepwiseLogits, 0, config, positions, "stepwise logits", compute)
  }

  /// Hidden states of its tokens, `[positions, d]`; nil where the file lacks them.
  public func hidden(
    _ state: HiddenState, _ config: DogeConfig, _ positions: Range<Int>? = nil, compute: Compute
  ) throws -> FloatMatrix? {
    let (part, index): (GoldenPart, Int) =
      switch state {
      case .embedding: (.hidden, 0)
      case .feedForward(let layer): (.hidden, layer + 1)
      case .attention(let layer): (.hiddenAttention, layer)
      }
    guard tensors[part] != nil else { return nil }
    let what = "hidden states (\(state.name))"
    return try matrix(part, index, config, positions, what, compute)
  }

  /// Refuses values that are infinite or no numbers, in any of its tensors, compared or not.
  func checkFinite(_ config: DogeConfig, compute: Compute) throws {
    _ = try logits(config, compute: compute)
    _ = try stepwiseLogits(config, compute: compute)
    for state in [.embedding] + HiddenState.steps(of: config.layerCount) {
      _ = try hidden(state, config, compute: compute)
    }
  }

  /// A tensor whose type and shape fit, and its last axis.
  func tensor(
    _ part: GoldenPart, _ config: DogeConfig
  ) throws(VerificationError) -> (tensor: GoldenTensor, columns: Int) {
    let layers = config.layerCount
    let (front, columns): ([Int], Int) =
      switch part {
      case .hidden: ([layers + 1], config.hiddenSize)
      case .hiddenAttention: ([layers], config.hiddenSize)
      default: ([], config.vocabularySize)
      }
    let shapes = axes.map { front + $0 + [columns] }
    guard let tensor = tensors[part], [.f16, .bf16, .f32, .f64].contains(tensor.type),
      shapes.contains(tensor.shape)
    else {
      throw .badGolden(
        path: path, tensor: part.rawValue,
        expected: "F16, BF16, F32 or F64 "
          + shapes.map(\.description).joined(separator: " or "),
        found: tensors[part]?.description ?? "missing")
    }
    return (tensor, columns)
  }

  /// Rows of the part of a tensor that a first index chooses, all of them finite.
  private func matrix(
    _ part: GoldenPart, _ index: Int, _ config: DogeConfig, _ positions: Range<Int>?,
    _ what: String, _ compute: Compute
  ) throws -> FloatMatrix {
    let (tensor, columns) = try tensor(part, config)
    let positions = positions ?? 0..<inputIDs.count
    precondition(positions.upperBound <= inputIDs.count, "no such positions")
    let (region, bytes) = try tensor.elements()
    let size = columns * tensor.type.bits / 8
    let first = index * (axes.first?[0] ?? 0) + rows.lowerBound + positions.lowerBound
    let start = bytes.lowerBound + first * size
    let matrix = FloatMatrix(rows: positions.count, columns: columns)
    compute.pool.run(positions.count) { row in
      let place = start + row * size..<start + (row + 1) * size
      compute.kernels.load(
        SourceElements(tensor.type, in: region, bytes: place), into: matrix[row])
    }
    region.releasePages(start..<start + positions.count * size)
    try matrix.checkFinite(
      path: path, what: what, sequence: number, first: positions.lowerBound, compute)
    return matrix
  }
}
