/// What the language model puts before the names of the base model's tensors: all but the head's.
private let basePrefix = "model."

/// Whether the names are those of a base model, which is saved without the language model's prefix.
func areOfBaseModel(_ names: [String]) -> Bool {
  let parts = ["embed_tokens.", "word_embed.", "layers."]
  return names.contains { name in parts.contains { name.hasPrefix($0) } }
    && !names.contains { $0.hasPrefix(basePrefix) }
}

/// The name that a tensor of a base model has in the language model.
func fullName(_ name: String) -> String {
  name == TensorRole.head.rawValue ? name : basePrefix + name
}

/// The name that a tensor of the language model has in a base model.
func baseName(_ name: String) -> String {
  name.hasPrefix(basePrefix) ? String(name.dropFirst(basePrefix.count)) : name
}

/// What stands before the names of all tensors, where they are Doge's behind it.
///
/// The wrappers of trainers leave such marks.
func foreignPrefix(of names: [String]) -> String? {
  for naming in [CheckpointNaming.current, .oldNames] {
    let full = [TensorRole.embedding, .finalNorm].map { naming.name(of: $0, layer: nil) }
    for mark in full + [baseName(full[0])] {
      guard let name = names.first(where: { $0.hasSuffix("." + mark) }) else { continue }
      let prefix = String(name.dropLast(mark.count))
      let isOwn = prefix == basePrefix && !full.contains(mark)
      if !isOwn, names.allSatisfy({ $0.hasPrefix(prefix) }) { return prefix }
    }
  }
  return nil
}
