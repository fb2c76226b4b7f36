import Diagnostics
import DogeArchitecture

/// Logits made elsewhere, and perhaps hidden states, as formats/golden.md says: a safetensors file,
/// a NumPy archive (`.npz`), or a lone array of logits (`.npy`).
public struct Golden: Sendable {
  /// The file.
  public let path: String
  /// The sequences, each of which is to be run by itself.
  public let sequences: [GoldenSequence]
  let tensors: [GoldenPart: GoldenTensor]

  /// Opens a file; what it holds of each token is read when it is asked for.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - tokens: the sequences of a lone array; nil for the other formats, which have `input_ids`.
  /// - Throws: `NumPyError`, `SafetensorsError` or `FileError` for a file that cannot be read, and
  ///   `VerificationError` for tokens that are missing, too many or of another shape.
  public init(path: String, tokens: [[Int]]? = nil) throws {
    let (tensors, isLone) = try GoldenTensor.parts(of: path)
    guard isLone == (tokens != nil) else {
      throw VerificationError.goldenTokens(path: path, areNeeded: isLone)
    }
    let ids = try tokens ?? Self.sequences(of: tensors, path: path)
    let lengths = ids.map(\.count)
    let total = lengths.reduce(0, +)
    var axes = [[total]]
    if let length = lengths.first, lengths.allSatisfy({ $0 == length }) {
      axes.append([lengths.count, length])
    }
    self.path = path
    self.tensors = tensors
    var first = 0
    sequences = ids.enumerated().map { number, ids in
      defer { first += ids.count }
      return GoldenSequence(
        path: path, tensors: tensors, axes: axes, number: number, inputIDs: ids,
        rows: first..<first + ids.count)
    }
  }

  /// Whether there are other logits for running token by token.
  public var hasStepwiseLogits: Bool { tensors[.stepwiseLogits] != nil }
  /// Whether there are the embedding and each block's output.
  public var hasHidden: Bool { tensors[.hidden] != nil }
  /// Whether there are states after each block's attention.
  public var hasHiddenAttention: Bool { tensors[.hiddenAttention] != nil }

  /// The relative error that the logits have for their type alone, at most: 2^-24 of F32 and of
  /// F64, which is read as F32, 2^-11 of F16, 2^-8 of BF16.
  public var roundingUnit: Double { tensors[.logits]?.roundingUnit ?? 0 }
  /// The same of the hidden states, the larger where there are two kinds; 0 where there are none.
  public var hiddenRoundingUnit: Double {
    [.hidden, .hiddenAttention].compactMap { tensors[$0]?.roundingUnit }.max() ?? 0
  }

  /// Checks that all tensors have the types and shapes that a model of that config needs.
  ///
  /// - Throws: `VerificationError.badGolden` for the first that has not.
  public func check(_ config: DogeConfig) throws(VerificationError) {
    for part in [GoldenPart.logits, .stepwiseLogits, .hidden, .hiddenAttention]
    where tensors[part] != nil || part == .logits {
      _ = try sequences.first?.tensor(part, config)
    }
  }

  /// The sequences that the file itself holds.
  private static func sequences(
    of tensors: [GoldenPart: GoldenTensor], path: String
  ) throws -> [[Int]] {
    func bad(_ part: GoldenPart, _ expected: String) -> VerificationError {
      .badGolden(
        path: path, tensor: part.rawValue, expected: expected,
        found: tensors[part]?.description ?? "missing")
    }
    let form = "I32 or I64 [T] or [sequences, T], of 1 to \(Limits.goldenTokens) tokens"
    guard let ids = tensors[.inputIDs], ids.isInteger, (1...2).contains(ids.shape.count),
      ids.shape.allSatisfy({ (1...Limits.goldenTokens).contains($0) }),
      ids.shape.reduce(1, *) <= Limits.goldenTokens
    else { throw bad(.inputIDs, form) }
    var lengths =
      ids.shape.count == 1 ? ids.shape : Array(repeating: ids.shape[1], count: ids.shape[0])
    if let tensor = tensors[.sequenceLengths] {
      let form = "I32 or I64 [sequences], numbers from 1 whose sum is \(ids.shape.reduce(1, *))"
      guard tensor.isInteger, tensor.shape.count == 1, tensor.shape[0] <= Limits.goldenTokens else {
        throw bad(.sequenceLengths, form)
      }
      guard lengths.count == 1 else { throw bad(.inputIDs, "[T], beside sequence_lengths") }
      let given = try tensor.integers()
      guard given.allSatisfy({ (1...lengths[0]).contains($0) }), given.reduce(0, +) == lengths[0]
      else { throw bad(.sequenceLengths, form) }
      lengths = given
    }
    var rest = try ids.integers()[...]
    return lengths.map { length in
      defer { rest = rest.dropFirst(length) }
      return Array(rest.prefix(length))
    }
  }
}
