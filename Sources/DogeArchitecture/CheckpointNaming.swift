/// How a checkpoint spells the names of its tensors.
///
/// The raw value is what a `.kibble` file records, so that an export has the names of its source.
public enum CheckpointNaming: String, CaseIterable, Sendable {
  /// The names of transformers, since June 2025.
  case current
  /// The same, but with residual gates that are modules: `input_residual.weight`.
  case residualModules = "residual-modules"
  /// The names before June 2025: `word_embed`, `pre_layernorm`, `feed_forward` and so on.
  case oldNames = "old-names"

  /// The checkpoint's name for a tensor.
  ///
  /// - Parameter canonicalName: the name in the current layout.
  /// - Returns: the checkpoint's name, or nil for a name that no Doge has.
  public func name(of canonicalName: String) -> String? {
    let (layer, suffix) = layerAndSuffix(of: canonicalName)
    guard let role = TensorRole(rawValue: suffix), role.isPerLayer == (layer != nil) else {
      return nil
    }
    return name(of: role, layer: layer)
  }

  /// The checkpoint's name for a tensor.
  public func name(of spec: TensorSpec) -> String {
    name(of: spec.role, layer: spec.layer)
  }

  func name(of role: TensorRole, layer: Int?) -> String {
    let name: String
    switch self {
    case .current: name = role.rawValue
    case .residualModules: name = Self.residualModule(role) ?? role.rawValue
    case .oldNames: name = Self.oldName(role)
    }
    return layer.map { "model.layers.\($0)." + name } ?? name
  }

  private static func residualModule(_ role: TensorRole) -> String? {
    switch role {
    case .inputResidual, .postResidual: role.rawValue + ".weight"
    default: nil
    }
  }

  private static func oldName(_ role: TensorRole) -> String {
    switch role {
    case .embedding: return "model.word_embed.weight"
    case .finalNorm: return "model.final_layernorm.weight"
    case .inputNorm: return "pre_layernorm.weight"
    case .inputResidual: return "pre_residual.weight"
    case .postNorm: return "post_layernorm.weight"
    case .postResidual: return "post_residual.weight"
    default:
      let name = role.rawValue
      return name.hasPrefix("mlp.") ? "feed_forward." + name.dropFirst("mlp.".count) : name
    }
  }
}

/// Splits `model.layers.N.rest` into N and the rest; other names come back whole.
///
/// N must be spelled as the writers do, without leading zeros.
func layerAndSuffix(of name: String) -> (layer: Int?, suffix: String) {
  let prefix = "model.layers."
  guard name.hasPrefix(prefix) else { return (nil, name) }
  let rest = name.dropFirst(prefix.count)
  guard let dot = rest.firstIndex(of: "."), let layer = Int(rest[..<dot]), layer >= 0,
    "\(layer)" == rest[..<dot]
  else { return (nil, name) }
  return (layer, String(rest[rest.index(after: dot)...]))
}
