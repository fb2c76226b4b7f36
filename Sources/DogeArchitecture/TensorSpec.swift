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

  /// The number of values.
  public var elementCount: Int { shape.reduce(1, *) }
}
