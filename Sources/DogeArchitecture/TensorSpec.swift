import TensorCore

/// A tensor that a model must have.
public struct TensorSpec: Equatable, Sendable {
  /// How the tensor is used, which decides how it may be laid out.
  public enum Kind: Sendable {
    /// Multiplied with activations, [rows, columns] as [outputs, inputs].
    case matrix
    /// Only looked up, one row at a time.
    case table
    /// One dimension: norms, gates, biases; always stored in f32.
    case vector
  }

  /// Which weight of the model it is, apart from the block.
  public let role: TensorRole
  /// The block that it belongs to; nil for the tensors outside the blocks.
  public let layer: Int?
  /// Which arrangements and types it may be stored in.
  public let kind: Kind
  /// Its dimensions, one or two, none of them 0.
  public let shape: [Int]

  /// The name in the current layout, that of transformers, whatever the checkpoint calls it.
  public var canonicalName: String { role.canonicalName(layer: layer) }

  /// Whether the tensor is multiplied by several rows at once, and so lies in tiles.
  ///
  /// dt_proj has but a few rows, and is multiplied one by one.
  public var isMultiplied: Bool { kind == .matrix && role != .dt }

  /// How a `.kibble` file lays the tensor out: in tiles where it is multiplied, otherwise row
  /// after row.
  public var arrangement: Arrangement { isMultiplied ? .tiles : .rows }

  /// Whether the tensor is so large that it is loaded only while it is in use: matrices and
  /// tables, but not dt_proj.
  public var isLarge: Bool { isMultiplied || kind == .table }

  /// The number of values.
  public var elementCount: Int { shape.reduce(1, *) }
}
