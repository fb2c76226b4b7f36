import DogeArchitecture
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import TensorCore

/// The first step whose own error the types of numbers do not explain.
///
/// A step diverges where its own error is more than eight times the median of such steps over all
/// layers, or more than four units of the coarsest type that takes part. So a step that is far from
/// its like is found, and one that is wrong like all of them, too. Sound steps reach three times the
/// median. It also diverges where some of its weights do, whose errors a product of many of them
/// would hide.
public struct FirstDivergence: Equatable, Sendable {
  /// The state behind the step.
  public let state: HiddenState
  /// The tensor whose weights diverge; nil where the step's own error does.
  public let tensor: String?
  /// The step's own error, or that of 32 weights.
  public let error: Double
  /// What it would have to be at most.
  public let limit: Double

  package init(state: HiddenState, tensor: String?, error: Double, limit: Double) {
    self.state = state
    self.tensor = tensor
    self.error = error
    self.limit = limit
  }

  /// How far float32 sums go from the true ones on their own: 64 units of rounding.
  static let floor = 0x1p-18

  /// The rule in words.
  public static let rule =
    "a step's own error is more than eight times the median of its kind, or than four units of the "
    + "coarsest type in it, or 32 weights side by side are off by more than four units of their "
    + "type"

  /// Finds it among the states in order.
  ///
  /// - Parameters:
  ///   - errors: of all states that are known.
  ///   - weights: the tensors that diverge.
  ///   - unit: of the coarsest type in the step that leads to a state, relative to its values.
  /// - Returns: the first that diverges; nil where none does.
  package static func find(
    in errors: [StateError], weights: [FirstDivergence] = [], unit: (HiddenState) -> Double
  ) -> FirstDivergence? {
    for error in errors {
      if let found = weights.first(where: { $0.state == error.state }) { return found }
      guard let own = error.ownError else { continue }
      let like = errors.filter { $0.state.isLike(error.state) }.compactMap(\.ownError).sorted()
      let limit = 4 * max(floor, min(2 * like[(like.count - 1) / 2], unit(error.state)))
      if !(own <= limit) {
        return FirstDivergence(state: error.state, tensor: nil, error: own, limit: limit)
      }
    }
    return nil
  }
}

extension HiddenState {
  /// Whether both are behind the same kind of step.
  fileprivate func isLike(_ other: HiddenState) -> Bool {
    switch (self, other) {
    case (.embedding, .embedding), (.attention, .attention), (.feedForward, .feedForward): true
    default: false
    }
  }
}

extension DogeModel {
  /// One unit of the coarsest type in the step that leads to a state, relative to the largest
  /// value: half the distance of two codes, or of two neighbouring floats.
  ///
  /// - Parameters:
  ///   - state: the state.
  ///   - sinceCheckpoint: whether the checkpoint's own rounding is none, as it is for those who
  ///     compute with the same checkpoint.
  /// - Returns: the unit; 0 where nothing is rounded.
  package func roundingUnit(of state: HiddenState, sinceCheckpoint: Bool = false) -> Double {
    let own = stored.tensors.filter { $0.spec.state == state }
    let units = own.flatMap { tensor in tensor.types.map { (tensor, $0) } }.map { tensor, type in
      let isExact =
        switch (type, tensor.sourceType) {
        case (.f16, .f16), (.bf16, .bf16): sinceCheckpoint
        default: false
        }
      let isFast = mode == .fast && type.isQuantized && tensor.spec.isMultiplied
      return max(
        isExact ? 0 : type.roundingUnit,
        tensor.through.map(\.roundingUnit).max() ?? 0, isFast ? WeightType.int8.roundingUnit : 0)
    }
    return units.max() ?? 0
  }
}

extension WeightType {
  var roundingUnit: Double {
    switch codeType {
    case .f32: 0x1p-24
    case .f16: 0x1p-11
    case .bf16: 0x1p-8
    case .int8: 1 / 127
    case .int6: 1 / 31
    case .int5: 1 / 15
    case .int4: 1 / 7
    case .int3: 1 / 3
    default: 1
    }
  }
}

extension TensorSpec {
  /// The state that the step leads to in which the tensor takes part; nil behind the last block.
  var state: HiddenState? {
    guard let layer else { return role == .embedding ? .embedding : nil }
    return role.isOfAttention ? .attention(layer: layer) : .feedForward(layer: layer)
  }
}

extension TensorRole {
  /// Whether the tensor is of a block's attention and not of its feed-forward part.
  var isOfAttention: Bool {
    switch self {
    case .inputNorm, .q, .qBias, .k, .kBias, .v, .vBias, .qNorm, .kNorm, .maskScale, .dt, .dtBias,
      .o, .oBias, .inputResidual:
      true
    default: false
    }
  }
}
