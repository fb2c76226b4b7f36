import Kernels

/// How the scale of a group is chosen.
public enum QuantizationMethod: String, CaseIterable, Sendable {
  /// The largest magnitude gets the largest code.
  case rtn
  /// The scale with the least squared error among a table's candidates, refined by least squares.
  case search
  /// Rounding that makes up for its errors where the model's own activations say that it can;
  /// tensors that see no calibration get their scales by `search`.
  case gptq

  /// How scales are chosen where nothing but the values is known.
  package var scaleChoice: ScaleChoice { self == .rtn ? .rtn : .search }
}

/// What calibrated a model, as its metadata record it.
public struct CalibrationSummary: Equatable, Sendable {
  /// Sequences of tokens.
  public let sequences: Int
  /// Tokens of all sequences.
  public let tokens: Int
  /// CRC-32 of each sequence's length and ids, as little-endian 32-bit words.
  public let crc32: UInt32

  /// A summary.
  public init(sequences: Int, tokens: Int, crc32: UInt32) {
    self.sequences = sequences
    self.tokens = tokens
    self.crc32 = crc32
  }
}
