import DogeArchitecture
import JSONCore
import Kernels
import KibbleFormat
import ModelFile
import TensorCore

/// A model as an equal one of the layout that transformers' own Doge has
/// (formats/layout-current.md).
struct CurrentLayout {
  /// The config.json.
  let config: JSON
  /// The tensors in file order.
  let tensors: [ExportedTensor]
  /// In what the result is not, or not everywhere, the same model; one sentence each.
  let notes: [String]

  /// Lays a model out anew.
  ///
  /// - Parameters:
  ///   - model: a model of any layout.
  ///   - config: its config.json.
  ///   - type: the type of the weights to be.
  ///   - kernels: decode its small tensors.
  /// - Throws: what the layout cannot express; all errors are `Diagnosable`.
  init(
    of model: StoredModel, config: JSONObject, type: ElementType, kernels: KernelSet
  ) throws {
    func refuse(_ what: String) -> ConversionError {
      .notInCurrentLayout(path: model.file.path, what: what)
    }
    guard !model.layout.routerHasBias else { throw refuse("a bias of the experts' router") }
    if !model.layout.hasQKNorm, model.config.rope.isCutOff(model.config.headDimension) {
      throw refuse("yarn's ramp up to the last channel of a head of this size")
    }
    let norm =
      model.layout.hasQKNorm
      ? nil : NeutralNorm(dimension: model.config.headDimension, type: type)
    let width = norm?.width ?? model.config.headDimension
    self.config = .object(Self.config(config, of: model, width: width))
    let target = try DogeConfig(json: self.config)
    let layout = CheckpointLayout(
      name: CheckpointLayout.Generation.current.rawValue, tied: model.layout.tied,
      routerHasBias: false, config: target)
    guard let layout else { preconditionFailure("the layout has its own name") }
    let values = RelaidValues(model: model, norm: norm, width: width, kernels: kernels)
    tensors = layout.tensors(for: target).map {
      ExportedTensor(name: $0.canonicalName, shape: $0.shape, content: values.content(of: $0))
    }
    notes = Self.notes(on: model, type: type, isWidened: norm != nil)
  }

  private static func notes(
    on model: StoredModel, type: ElementType, isWidened: Bool
  ) -> [String] {
    guard isWidened else { return [] }
    var notes: [String] = []
    if case .dynamic = model.config.rope.scaling {
      notes.append(
        "the model is the same up to \(model.config.maxPositions) positions; past them dynamic "
          + "rope stretches by the size of a head, which is another one here")
    }
    notes.append(
      type == .f16
        ? "in float16 the norms of queries and keys, which the layout demands, are only nearly "
          + "without effect; f32 and bf16 make them exact"
        : "the biases of queries and keys are too large for float16: load the model in float32 or "
          + "bfloat16, or export it with --dtype f16")
    return notes
  }
}

extension RotaryParameters {
  /// Whether YaRN's ramp goes on past a head's last channel, so that more channels would change it.
  fileprivate func isCutOff(_ headDimension: Int) -> Bool {
    guard case .yarn(let yarn) = scaling else { return false }
    let turns = Double(yarn.originalMaxPositions) / (yarn.betaSlow * 2 * Double.pi)
    var end = Double(headDimension) * deterministicLog(turns) / (2 * deterministicLog(theta))
    if yarn.truncates { end.round(.up) }
    return end > Double(headDimension - 1)
  }
}
