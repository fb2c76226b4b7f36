import DogeArchitecture
import ModelFile
import Quantization
import TensorCore

extension TensorRole {
  /// Why the tensor stays in float32 when the others are compressed.
  var reasonForFloat32: String {
    switch self {
    case .inputNorm, .postNorm, .finalNorm: "norm"
    case .qNorm, .kNorm: "q/k norm"
    case .inputResidual, .postResidual: "residual gate"
    case .maskScale: "A"
    case .dt: "dt_proj"
    case .router: "router"
    case .qBias, .kBias, .vBias, .dtBias, .oBias, .routerBias, .gateBias, .upBias, .downBias:
      "bias"
    case .embedding, .head, .q, .k, .v, .o, .gate, .up, .down, .downEmbed, .upEmbed: "weight"
    }
  }
}

extension ElementType {
  /// The smallest type of a file that holds every value of this one, after the rounding of F64 to
  /// f32 that every use of a checkpoint begins with.
  var ownWeightType: WeightType {
    switch self {
    case .f16: .f16
    case .bf16: .bf16
    default: .f32
    }
  }
}

extension WeightType {
  /// The type as elements of a row, for types that are not quantized.
  var elementType: ElementType? {
    switch self {
    case .f32: .f32
    case .f16: .f16
    case .bf16: .bf16
    default: nil
    }
  }

  /// Whether every value of the checkpoint's type can be stored.
  func holds(_ source: ElementType) -> Bool {
    self == .f32 || self == source.ownWeightType
  }
}

/// How a tensor is stored, and where that needs a word, why.
struct TensorDecision {
  /// One band, or several.
  let bands: [RowBand]
  /// In which order the rows are stored; nil where that is the matrix's.
  var order: RowOrder?
  let note: String?
}

extension EncodingRecipe {
  /// How a tensor is stored.
  ///
  /// - Parameters:
  ///   - spec: the tensor.
  ///   - own: the type that it has in the input.
  ///   - source: the type that it has in the checkpoint.
  /// - Returns: the decision, and its reason where the type is not the one that was asked for.
  /// - Throws: `ConversionError` where a mixed recipe has no rule for a large matrix.
  func decision(
    on spec: TensorSpec, own: WeightType, source: ElementType
  ) throws(ConversionError) -> TensorDecision {
    let rule = rule(for: spec)
    let groupSize = rule?.groupSize ?? groupSize
    func decision(_ type: WeightType, _ reason: String?) -> TensorDecision {
      TensorDecision(
        bands: [RowBand(firstRow: 0, type: type, groupSize: groupSize)],
        note: rule.map { note(for: $0, spec) } ?? reason)
    }
    switch rule?.type ?? target {
    case .source:
      return decision(own, source == .f64 ? "rounded from F64" : nil)
    case .weights(let type) where rule != nil || spec.role.isQuantizable || type == .f32:
      return decision(type, nil)
    case .packed where spec.role.isQuantizable:
      let band = RowBand(firstRow: 0, type: .int8, groupSize: 32)
      return TensorDecision(bands: [band], note: nil)
    case .bands(let bands, let order):
      return TensorDecision(bands: bands, order: order, note: rule.map { note(for: $0, spec) })
    case .mixed where spec.role.isQuantizable:
      throw .noRule(tensor: spec.canonicalName)
    case .weights, .mixed, .packed:
      return decision(.f32, "kept f32: \(spec.role.reasonForFloat32)")
    }
  }

  /// The first rule that matches the tensor.
  package func rule(for spec: TensorSpec) -> TensorRule? {
    let name = spec.canonicalName
    return rules.first { $0.glob.matches(name) }
  }

  private func note(for rule: TensorRule, _ spec: TensorSpec) -> String {
    // Mixed recipes have a rule for each tensor, which would say the same twice.
    target == .mixed && rule.glob.pattern == spec.canonicalName
      ? "by its own rule" : "by the rule '\(rule.text)'"
  }
}
