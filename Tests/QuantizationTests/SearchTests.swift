import Quantization
import TensorCore
import TestSupport
import Testing

/// How good the scale search is, beside `rtn` and beside the best scale that there is.
@Suite struct SearchTests {
  private struct Case: Sendable, CustomTestStringConvertible {
    let type: WeightType
    let group: Int
    let isHeavyTailed: Bool
    var testDescription: String {
      "\(type.name), \(group), \(isHeavyTailed ? "heavy-tailed" : "normal")"
    }

    /// What the search leaves of `rtn`'s squared error.
    ///
    /// It is the less the fewer codes there are: `rtn` does without the least one, and cuts nothing
    /// off.
    var gain: ClosedRange<Double> {
      switch type {
      case .int2: 0.2...0.45
      case .int3: 0.4...0.65
      default: 0.6...0.97
      }
    }

    static let all = [WeightType.int2, .int3, .int4, .int5, .int6, .int8].flatMap { type in
      [32, 64, 128].flatMap { group in
        [false, true].map { Case(type: type, group: group, isHeavyTailed: $0) }
      }
    }

    var tensor: Tensor {
      var tensor = Tensor(64, 2 * group, seed: UInt64(group))
      if isHeavyTailed { tensor.values = tensor.values.map { $0 * $0 * $0 } }
      return tensor
    }
  }

  /// The least squared error of any scale, positive or negative, with no rounding of the scale.
  ///
  /// As 1/s grows from 0, the codes' magnitudes step up one at a time, at (k + 1/2)/|w|. Between
  /// steps the best scale is that of least squares, whose error is Σw² − (Σwq)²/Σq².
  private func leastError(_ weights: ArraySlice<Float>, low: Int, high: Int) -> Double {
    let total = weights.reduce(0) { $0 + Double($1) * Double($1) }
    var gain = 0.0
    for sign: Float in [1, -1] {
      var steps: [(place: Double, weight: Double, magnitude: Int)] = []
      for weight in weights where weight != 0 {
        for magnitude in 0..<(weight * sign > 0 ? high : -low) {
          let size = Double(weight.magnitude)
          steps.append(((Double(magnitude) + 0.5) / size, size, magnitude))
        }
      }
      var (wq, qq) = (0.0, 0.0)
      for step in steps.sorted(by: { $0.place < $1.place }) {
        wq += step.weight
        qq += Double(2 * step.magnitude + 1)
        gain = max(gain, wq * wq / qq)
      }
    }
    return total - gain
  }

  private func groupErrors(_ encoded: Encoded, _ tensor: Tensor) -> [Double] {
    let group = encoded.geometry.groupSize
    return (0..<tensor.values.count / group).map { index in
      (index * group..<(index + 1) * group).reduce(0) { sum, place in
        let stored = encoded.value(place / tensor.columns, place % tensor.columns)
        let difference = Double(tensor.values[place]) - Double(stored)
        return sum + difference * difference
      }
    }
  }

  @Test(arguments: Case.all)
  private func errorIsNearTheLeast(_ test: Case) throws {
    let tensor = test.tensor
    let codes = test.type.codes
    let least = stride(from: 0, to: tensor.values.count, by: test.group).map {
      leastError(tensor.values[$0..<$0 + test.group], low: codes.lowerBound, high: codes.upperBound)
    }
    func encode(_ method: QuantizationMethod) throws -> Encoded {
      try Encoding(type: test.type, group: test.group, method: method).encode(tensor)
    }
    let (search, rtn) = (try encode(.search), try encode(.rtn))
    let best = least.reduce(0, +)
    let ratio = search.statistics.squaredError / best
    #expect(ratio > 0.9999 && ratio < (test.type == .int8 ? 1.03 : 1.01))
    let gain = search.statistics.squaredError / rtn.statistics.squaredError
    #expect(test.gain.contains(gain))

    // Group by group, but for what rounding the scale to binary16 may cost.
    for (index, (found, plain)) in zip(
      groupErrors(search, tensor), groupErrors(rtn, tensor)
    ).enumerated() {
      let values = tensor.values[index * test.group..<(index + 1) * test.group]
      let slack = values.reduce(0) { $0 + Double($1) * Double($1) } * 0x1p-22
      #expect(found <= plain + slack, "group \(index)")
      #expect(found >= least[index] * 0.999, "group \(index)")
    }
  }

  /// Weights that stand on a grid are stored exactly.
  @Test(arguments: WeightType.allCases.filter(\.isQuantized))
  func gridsAreExact(type: WeightType) throws {
    var random = SplitMix(5)
    let limit = type.codes.upperBound
    var tensor = Tensor(16, 64, [])
    tensor.values = (0..<16 * 64).map { index in
      Float(index % 32 == 7 ? limit : Int.random(in: -limit...limit, using: &random)) * 0.25
    }
    for method in QuantizationMethod.allCases {
      let encoded = try Encoding(type: type, method: method).encode(tensor)
      #expect(encoded.statistics.squaredError == 0, "\(method)")
    }
  }
}
