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
  let traits = CheckpointTraits(names: tensors.lazy.map(\.name))
  if let refusal = traits.refusal { throw .unsupported(refusal) }
  // Every block has tensors; a config that claims far more must not be worked through. What is
  // missing of a few blocks is better listed.
  guard config.layerCount <= max(tensors.count, 1024) else {
    throw .mismatch([.layerCount(expected: config.layerCount, found: traits.layers.count)])
  }

  var matching = Matching(tensors)
  let layout = traits.layout(config: config, tensors: matching)
  if let refusal = refusal(of: layout, config: config, tensors: matching) {
    throw .unsupported(refusal)
  }

  let resolved = layout.tensors(for: config).compactMap { matching.take($0, layout.naming) }
  var duplicateHead: ResolvedTensor?
  if layout.tied, traits.hasHead {
    let shape = [config.vocabularySize, config.hiddenSize]
    let head = TensorSpec(role: .head, layer: nil, kind: .matrix, shape: shape)
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
  private var remaining: [ExactText: Int] = [:]
  private(set) var problems: [LayoutProblem] = []

  init(_ tensors: [(name: String, type: ElementType, shape: [Int])]) {
    self.tensors = tensors
    remaining.reserveCapacity(tensors.count)
    for (index, tensor) in tensors.enumerated() {
      if remaining.updateValue(index, forKey: ExactText(tensor.name)) != nil {
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
  mutating func take(_ spec: TensorSpec, _ naming: CheckpointNaming) -> ResolvedTensor? {
    let name = naming.name(of: spec)
    guard let index = remaining.removeValue(forKey: ExactText(name)) else {
      problems.append(.missing(name: name, shape: spec.shape))
      return nil
    }
    let tensor = tensors[index]
    guard tensor.shape == spec.shape else {
      problems.append(.wrongShape(name: name, expected: spec.shape, found: tensor.shape))
      return nil
    }
    guard tensor.type.isSupportedWeight else {
      problems.append(.unsupportedType(name: name, found: tensor.type))
      return nil
    }
    return ResolvedTensor(
      spec: spec, sourceName: name, sourceType: tensor.type, sourceIndex: index)
  }

  /// Notes the tensors that nothing called for; returns those that hold no weights.
  mutating func finish() -> [String] {
    var ignored: [String] = []
    for index in remaining.values.sorted() {
      let name = tensors[index].name
      let suffix = layerAndSuffix(of: name).suffix
      if ["model.rotary_emb.", "self_attn.rotary_emb."].contains(where: suffix.hasPrefix) {
        ignored.append(name)
      } else {
        problems.append(.unexpected(name: name))
      }
    }
    return ignored
  }
}
