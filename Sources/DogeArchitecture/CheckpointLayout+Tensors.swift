extension CheckpointLayout {
  /// All tensors of a model with this layout, in the order of their use.
  ///
  /// The list grows with `config.layerCount`, so check that against the tensors first.
  public func tensors(for config: DogeConfig) -> [TensorSpec] {
    let d = config.hiddenSize
    let vocabulary = [config.vocabularySize, d]
    var specs = [
      // The tied embedding is multiplied as a head, too.
      TensorSpec(role: .embedding, layer: nil, kind: tied ? .matrix : .table, shape: vocabulary)
    ]
    let block = blockTensors(for: config)
    specs.reserveCapacity(config.layerCount * block.count + 3)
    for layer in 0..<config.layerCount {
      for tensor in block {
        specs.append(
          TensorSpec(role: tensor.role, layer: layer, kind: tensor.kind, shape: tensor.shape))
      }
    }
    specs.append(TensorSpec(role: .finalNorm, layer: nil, kind: .vector, shape: [d]))
    if !tied { specs.append(TensorSpec(role: .head, layer: nil, kind: .matrix, shape: vocabulary)) }
    return specs
  }

  private typealias BlockTensor = (role: TensorRole, kind: TensorSpec.Kind, shape: [Int])

  /// The tensors of one block.
  private func blockTensors(for config: DogeConfig) -> [BlockTensor] {
    let d = config.hiddenSize
    var tensors: [BlockTensor] = []

    func vector(_ role: TensorRole, _ size: Int, if isPresent: Bool = true) {
      if isPresent { tensors.append((role, .vector, [size])) }
    }
    func linear(_ role: TensorRole, _ bias: TensorRole, _ rows: Int, _ columns: Int, biased: Bool) {
      tensors.append((role, .matrix, [rows, columns]))
      vector(bias, rows, if: biased)
    }

    let biased = config.attentionBias
    let queryWidth = config.headCount * config.headDimension
    let valueWidth = config.keyValueHeadCount * config.headDimension
    vector(.inputNorm, d)
    linear(.q, .qBias, queryWidth, d, biased: biased)
    linear(.k, .kBias, valueWidth, d, biased: biased)
    linear(.v, .vBias, valueWidth, d, biased: biased)
    vector(.qNorm, config.headDimension, if: hasQKNorm)
    vector(.kNorm, config.headDimension, if: hasQKNorm)
    vector(.maskScale, maskRows)
    linear(.dt, .dtBias, maskRows, valueWidth, biased: biased)
    linear(.o, .oBias, d, queryWidth, biased: biased)
    vector(.inputResidual, d)

    let inner = config.intermediateSize
    vector(.postNorm, d)
    if let experts = config.experts {
      linear(.router, .routerBias, 2 * experts.keyCount, d, biased: routerHasBias)
      tensors.append((.downEmbed, .table, [experts.count, d]))
      tensors.append((.upEmbed, .table, [experts.count, d]))
    }
    linear(.gate, .gateBias, inner, d, biased: config.mlpBias)
    linear(.up, .upBias, inner, d, biased: config.mlpBias)
    linear(.down, .downBias, d, inner, biased: config.mlpBias)
    vector(.postResidual, d)
    return tensors
  }
}
