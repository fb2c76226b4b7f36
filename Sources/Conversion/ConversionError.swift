import Quantization
import TensorCore

/// Why a model cannot be converted or exported.
///
/// `path` is a file or folder.
public enum ConversionError: Error, Equatable, Sendable {
  // Planning.
  /// The input is quantized already.
  case alreadyQuantized(path: String, tensor: String, type: WeightType)
  /// The group size is none of the three.
  case groupSize(Int)
  /// A rule's type is none that a rule may have.
  case ruleType(rule: String)
  /// A rule's group size is none of the three, or its type has no groups.
  case ruleGroupSize(rule: String)
  /// A rule's pattern matches no tensor, except perhaps in the spelling of other checkpoints.
  case unmatchedRule(pattern: String, otherSpelling: Spelling?)
  /// A rule asks for a quantized type for a vector.
  case quantizedVector(rule: String, tensor: String)
  /// A rule's band begins behind the last row of a matrix.
  case bandRows(tensor: String, row: Int, rows: Int)
  /// A rule names the bands of other rows than the matrix has.
  case orderedRows(tensor: String, ordered: Int, rows: Int)
  /// A matrix would be in more bands than the order of rows can name.
  case tooManyBands(tensor: String, bands: Int, limit: Int)
  /// The recipe leaves all types to its rules, and has none for this tensor.
  case noRule(tensor: String)
  /// No mixed recipe fits the budget; the smallest one takes that much.
  case budgetTooSmall(SizeBudget, smallest: SizeBudget)
  /// A tensor is larger than a file can hold.
  case tooLarge(path: String, tensor: String, shape: [Int])

  // Reading.
  /// Values that are infinite, not a number, or too large for float32: the first of each tensor.
  case notFinite([NonFiniteValue])
  /// `lm_head.weight` is there, declared tied, and differs from the embedding.
  case headDiffers(
    path: String, head: String, embedding: String, index: [Int], headValue: Float,
    embeddingValue: Float)

  // Writing.
  /// A value is too large for the float type that was asked for.
  case overflow(path: String, tensor: String, index: [Int], value: Float, type: WeightType)

  // Comparing.
  /// A tensor of a file without a config is of a type that no weights are read in.
  case notWeights(path: String, tensor: String, type: ElementType)

  // Exporting.
  /// The type is none that a checkpoint may have.
  case exportType(WeightType)
  /// The model has something that transformers' own layout cannot express.
  case notInCurrentLayout(path: String, what: String)
  /// A file is where the output folder shall be.
  case outputNotFolder(path: String)
  /// The output folder exists and may not be replaced.
  case folderExists(path: String)
  /// The output folder holds files that no export writes, so that it is not replaced.
  case folderHoldsOthers(path: String, name: String)

  /// A tensor's name in another layout, and in the current one.
  public struct Spelling: Equatable, Sendable {
    /// The name in the other layout.
    public let other: String
    /// The name in the current layout.
    public let current: String
  }
}

/// A weight that float32 cannot hold.
public struct NonFiniteValue: Equatable, Sendable {
  /// The file that holds it.
  public let path: String
  /// The tensor, as the file spells it.
  public let tensor: String
  /// Its indices.
  public let index: [Int]
  /// What it is: "NaN", "infinite" or "too large for float32".
  public let value: String
}
