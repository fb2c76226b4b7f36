import TensorCore

/// A checkpoint whose tensors are exactly those that its config calls for.
public struct ResolvedCheckpoint: Sendable {
  /// What config.json says, checked against the tensors.
  public let config: DogeConfig
  /// The layout that the tensors showed.
  public let layout: CheckpointLayout
  /// The tensors in the order of their use: embedding, blocks, final norm, head.
  public let tensors: [ResolvedTensor]
  /// The name of a separate head that the config declares tied to the embedding.
  ///
  /// It has the embedding's shape, but the caller must compare the values: if they differ, one
  /// of the two would be lost.
  public let duplicateHead: ResolvedTensor?
  /// Tensors that hold no weights (`rotary_emb.*`), as the checkpoint spells them.
  public let ignored: [String]

  /// The number of weights, a tied head not counted.
  public var parameterCount: Int { tensors.reduce(0) { $0 + $1.spec.elementCount } }
}

/// A tensor of a checkpoint, and what it is for.
public struct ResolvedTensor: Equatable, Sendable {
  /// The role, block and shape by which the model asks for it.
  public let spec: TensorSpec
  /// The name in the checkpoint.
  public let sourceName: String
  /// The type of the elements in the checkpoint; one that kibble reads.
  public let sourceType: ElementType
  /// The position in the list of tensors that was resolved.
  public let sourceIndex: Int

  /// The shape that the model needs and the checkpoint has: `[rows, columns]` or `[elements]`.
  public var shape: [Int] { spec.shape }
}
