import JSONCore
import TensorCore

/// Finds out which layout a checkpoint has, and matches its tensors with the config.
///
/// Shapes and names decide, never the repository's name: `A` and `dt_proj` have a row per kv head
/// or per query head, q/k norms are there or not, names are old or new. Where both counts of
/// heads are equal, the shapes cannot tell, and current names with q/k norms mean the current
/// layout. A missing head means a tied one, whatever the config says.
///
/// - Parameters:
///   - config: the model's config.
///   - tensors: all tensors of all shards.
/// - Returns: the tensors in the order of their use.
/// - Throws: `LayoutError` with every problem at once.
public func resolve(
  config: DogeConfig, tensors: [(name: String, type: ElementType, shape: [Int])]
) throws(LayoutError) -> ResolvedCheckpoint {
  let names = tensors.map(\.name)
  if let prefix = foreignPrefix(of: names) { throw .mismatch([.prefix(prefix)]) }
  let base = areOfBaseModel(names)
  let traits = CheckpointTraits(names: base ? names.map(fullName) : names)
  if let refusal = traits.refusal { throw .unsupported(refusal) }
  var matching = Matching(tensors, isBase: base)
  let layout = traits.layout(config: config, tensors: matching)
  if let refusal = refusal(of: layout, config: config, tensors: matching) {
    throw .unsupported(refusal)
  }

  let shape = [config.vocabularySize, config.hiddenSize]
  let head = TensorSpec(role: .head, layer: nil, kind: .matrix, shape: shape)
  // Some savers keep the shared matrix under the head's name.
  let embedding = layout.naming.name(of: .embedding, layer: nil)
  let hasHeadOnly = layout.tied && traits.hasHead && matching.shape(of: embedding) == nil
  let resolved = layout.tensors(for: config).compactMap { spec in
    matching.take(
      spec, layout.naming, storedAs: hasHeadOnly && spec.role == .embedding ? head : nil)
  }
  var duplicateHead: ResolvedTensor?
  if layout.tied, traits.hasHead, !hasHeadOnly {
    duplicateHead = matching.take(head, layout.naming)
  }
  let ignored = matching.finish()
  guard matching.problems.isEmpty else { throw .mismatch(matching.problems) }
  return ResolvedCheckpoint(
    config: config, layout: layout, tensors: resolved, duplicateHead: duplicateHead,
    ignored: ignored)
}

extension CheckpointTraits {
  fileprivate func layout(config: DogeConfig, tensors: Matching) -> CheckpointLayout {
    let rows = tensors.maskShape(layers: layers)?.first
    let isPerQueryHead: Bool
    if config.headCount == config.keyValueHeadCount || rows == nil {
      isPerQueryHead = !hasQKNorm || naming == .oldNames
    } else {
      isPerQueryHead = rows == config.headCount
    }
    return CheckpointLayout(
      generation: !isPerQueryHead ? .current : hasQKNorm ? .perQueryHeadQKNorm : .perQueryHead,
      naming: naming, tied: !hasHead || config.tiesEmbeddings == true,
      routerHasBias: routerHasBias, config: config)
  }
}

/// Early models that the names do not tell from those that kibble reads.
private func refusal(
  of layout: CheckpointLayout, config: DogeConfig, tensors: Matching
) -> UnsupportedLayout? {
  let isEarlyDoge2 = config.family == .doge2 && layout.generation == .perQueryHeadQKNorm
  if layout.oldNames || isEarlyDoge2, config.dynamicMaskRatio > 0 {
    return .maskRatio(config.dynamicMaskRatio)
  }
  guard layout.oldNames else { return nil }
  if config.disablesDynamicMask { return .noDynamicMask }

  // With the hard mask, dt_proj read the values repeated for every query head. Where the heads
  // are equal in number, only the config's keys are left: later ones know of pruning.
  let name = CheckpointNaming.oldNames.name(of: .dt, layer: 0)
  let width = config.keyValueHeadCount * config.headDimension
  let repeatedWidth = config.headCount * config.headDimension
  if width == repeatedWidth {
    return config.declaresPruning ? nil : .hardMaskGroupedQueries(tensor: name)
  }
  guard let columns = tensors.shape(of: name)?.last, columns != width,
    columns == repeatedWidth || columns == config.hiddenSize
  else { return nil }
  return .hardMaskGroupedQueries(tensor: name)
}

/// The tensors of a checkpoint, as they are matched with what the config calls for.
private struct Matching {
  private let tensors: [(name: String, type: ElementType, shape: [Int])]
  /// Whether the names lack the language model's prefix, which they are asked for by.
  private let isBase: Bool
  private var remaining: [ExactText: Int] = [:]
  private(set) var problems: [LayoutProblem] = []

  init(_ tensors: [(name: String, type: ElementType, shape: [Int])], isBase: Bool) {
    self.tensors = tensors
    self.isBase = isBase
    remaining.reserveCapacity(tensors.count)
    for (index, tensor) in tensors.enumerated() {
      let name = isBase ? fullName(tensor.name) : tensor.name
      if remaining.updateValue(index, forKey: ExactText(name)) != nil {
        problems.append(.repeated(name: tensor.name))
      }
    }
  }

  func shape(of name: String) -> [Int]? {
    remaining[ExactText(name)].map { tensors[$0].shape }
  }

  /// The shape of the first `A` or `dt_proj` that there is.
  func maskShape(layers: Set<Int>) -> [Int]? {
    for layer in layers.sorted() {
      for role in [TensorRole.maskScale, .dt] {
        if let shape = shape(of: role.canonicalName(layer: layer)), !shape.isEmpty { return shape }
      }
    }
    return nil
  }

  /// Takes out the tensor that fits; otherwise notes why there is none.
  ///
  /// It may be stored under the name of another one.
  mutating func take(
    _ spec: TensorSpec, _ naming: CheckpointNaming, storedAs other: TensorSpec? = nil
  ) -> ResolvedTensor? {
    let name = naming.name(of: other ?? spec)
    guard let index = remaining.removeValue(forKey: ExactText(name)) else {
      problems.append(.missing(name: isBase ? baseName(name) : name, shape: spec.shape))
      return nil
    }
    let tensor = tensors[index]
    guard tensor.shape == spec.shape else {
      problems.append(.wrongShape(name: tensor.name, expected: spec.shape, found: tensor.shape))
      return nil
    }
    guard tensor.type.isSupportedWeight else {
      problems.append(.unsupportedType(name: tensor.name, found: tensor.type))
      return nil
    }
    return ResolvedTensor(
      spec: spec, sourceName: naming.name(of: spec), sourceType: tensor.type, sourceIndex: index)
  }

  /// Notes the tensors that nothing called for; returns those that hold no weights.
  mutating func finish() -> [String] {
    var ignored: [String] = []
    for index in remaining.values.sorted() {
      let name = tensors[index].name
      let suffix = layerAndSuffix(of: isBase ? fullName(name) : name).suffix
      if ["model.rotary_emb.", "self_attn.rotary_emb."].contains(where: suffix.hasPrefix) {
        ignored.append(name)
      } else {
        problems.append(.unexpected(name: name))
      }
    }
    return ignored
  }
}
