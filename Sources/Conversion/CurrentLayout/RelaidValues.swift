import DogeArchitecture
import Kernels
import ModelFile

/// What the tensors of the current layout are made of, for a model of any layout
/// (formats/layout-current.md, section 4).
struct RelaidValues {
  let model: StoredModel
  /// Stands in for the norms that the model does not have.
  let norm: NeutralNorm?
  /// Channels of a head.
  let width: Int
  let kernels: KernelSet

  private var places: HeadPlaces { HeadPlaces(model.config, width: width) }

  func content(of spec: TensorSpec) -> ExportedTensor.Content {
    // Nothing but the name may be another one.
    if model.layout.generation == .current { return stored(spec) }
    switch spec.role {
    case .q: return stored(spec, rows: places.queries)
    case .k, .v: return stored(spec, rows: places.keysAndValues)
    case .dt: return stored(spec, columns: places.firstValues)
    case .o: return stored(spec, columns: places.queries)
    case .qBias: return .values(bias(spec, places.queries, plus: norm?.queryBiases ?? []))
    case .kBias:
      return .values(bias(spec, places.keysAndValues, plus: norm?.keyBiases ?? []))
    case .vBias: return .values(bias(spec, places.keysAndValues, plus: []))
    case .dtBias, .oBias:
      if model.index(of: spec.role, layer: spec.layer) != nil { return stored(spec) }
      return .values([Float](repeating: 0, count: spec.shape[0]))
    case .qNorm, .kNorm: return norm.map { weight($0.weight) } ?? stored(spec)
    default: return stored(spec)
    }
  }

  private func stored(
    _ spec: TensorSpec, rows: AxisMap? = nil, columns: AxisMap? = nil
  ) -> ExportedTensor.Content {
    .stored(
      model.tensors[model.tensorIndex(spec.role, layer: spec.layer)], rows: rows, columns: columns)
  }

  /// The model's own bias, where it has one, and in every head the same on top.
  private func bias(_ spec: TensorSpec, _ map: AxisMap, plus added: [Float]) -> [Float] {
    let own = model.optionalValues(spec.role, layer: spec.layer, kernels: kernels)?.row(0)
    var values = own.map(map.spread) ?? [Float](repeating: 0, count: map.count)
    if added.isEmpty { return values }
    for index in values.indices { values[index] += added[index % added.count] }
    return values
  }

  private func weight(_ value: Float) -> ExportedTensor.Content {
    .values(places.norm.spread([Float](repeating: value, count: model.config.headDimension)))
  }
}
