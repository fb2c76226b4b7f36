import TensorCore

/// Why the tensors of a checkpoint were refused.
public enum LayoutError: Error, Equatable, Sendable {
  /// The tensors belong to something that kibble knows of, but does not read.
  case unsupported(UnsupportedLayout)
  /// Everything in which the tensors and the config differ; never empty.
  case mismatch([LayoutProblem])
}

/// A kind of checkpoint that kibble recognizes only to say so.
///
/// `tensor` is the name that gave it away, as the checkpoint spells it.
public enum UnsupportedLayout: Equatable, Sendable {
  /// The first generation (November 2024): values from an inner function, a static mask.
  case innerFunction(tensor: String)
  /// The second generation (December 2024): a mask that hides whole heads.
  case hardMask(tensor: String)
  /// The second generation with grouped queries (December 2024 to January 2025).
  case hardMaskGroupedQueries(tensor: String)
  /// Experts found by product keys (to March 2025).
  case productKeyExperts(tensor: String)
  /// A classifier of whole sequences.
  case sequenceClassification(tensor: String)
  /// Weights that another tool has quantized.
  case quantized(tensor: String)
  /// An early model that masks a share of its keys.
  case maskRatio(Double)
  /// An early model that was trained without the dynamic mask.
  case noDynamicMask
}

/// One difference between the tensors and the config.
///
/// Names are as the checkpoint spells them, or for missing tensors as it would.
public enum LayoutProblem: Equatable, Sendable {
  /// The names are Doge's, but each has the same words before it.
  case prefix(String)
  /// The config calls for a tensor that is not there.
  case missing(name: String, shape: [Int])
  /// The config does not call for the tensor.
  case unexpected(name: String)
  /// The name occurs more than once.
  case repeated(name: String)
  /// The tensor has other dimensions than the config says.
  case wrongShape(name: String, expected: [Int], found: [Int])
  /// The tensor holds numbers that are not plain floats.
  case unsupportedType(name: String, found: ElementType)
}
