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

  /// What is odd and stops nothing, one sentence each.
  public var warnings: [String] {
    var warnings: [String] = []
    if !config.unknownKeys.isEmpty {
      let names = config.unknownKeys.prefix(10).map(quoted)
      let more = config.unknownKeys.count - names.count
      warnings.append(
        "config.json has keys that kibble does not know and leaves out of account: "
          + names.joined(separator: ", ") + (more > 0 ? " and \(more) more" : ""))
    }
    if layout.tied, config.tiesEmbeddings == false {
      warnings.append(
        "config.json unties the head (tie_word_embeddings false), but there is no lm_head.weight: "
          + "the embedding is used as head")
    }
    return warnings
  }

  /// The number of weights, a tied head not counted.
  public var parameterCount: Int { tensors.reduce(0) { $0 + $1.spec.elementCount } }
}

/// A tensor of a checkpoint, and what it is for.
public struct ResolvedTensor: Equatable, Sendable {
  /// The role, block and shape by which the model asks for it.
  public let spec: TensorSpec
  /// The name in the checkpoint's layout; the file itself may leave `model.` away, or hold a shared
  /// matrix as the head alone.
  public let sourceName: String
  /// The type of the elements in the checkpoint; one that kibble reads.
  public let sourceType: ElementType
  /// The position in the list of tensors that was resolved.
  public let sourceIndex: Int

  /// The shape that the model needs and the checkpoint has: `[rows, columns]` or `[elements]`.
  public var shape: [Int] { spec.shape }
}
