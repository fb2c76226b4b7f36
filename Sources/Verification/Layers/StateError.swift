import DogeModel
import Kernels

/// How far a hidden state of the candidate is from the reference's, over all positions.
public struct StateError: Equatable, Sendable {
  /// Which state.
  public let state: HiddenState
  /// ‖Δ‖ / ‖reference‖ (Frobenius): what has come together from the first step to this one.
  public let relativeError: Double
  /// Cosine of the angle between both.
  public let cosine: Double
  /// 10 log₁₀ (‖reference‖² / ‖Δ‖²), in decibels; infinite where there is no difference.
  public let signalToNoise: Double
  /// The largest |Δ|.
  public let maxAbsDifference: Double
  /// What the step alone does; nil where that is not known.
  ///
  /// Both take the reference's state before the step, and the difference is measured in what the
  /// reference's step adds to its gated input.
  public let ownError: Double?
  /// The relative error by position in the sequence, in powers of two.
  public let byPosition: [Drift]

  package init(
    state: HiddenState, relativeError: Double, cosine: Double, signalToNoise: Double,
    maxAbsDifference: Double, ownError: Double?, byPosition: [Drift]
  ) {
    self.state = state
    self.relativeError = relativeError
    self.cosine = cosine
    self.signalToNoise = signalToNoise
    self.maxAbsDifference = maxAbsDifference
    self.ownError = ownError
    self.byPosition = byPosition
  }

  /// The error at some positions of all sequences.
  public struct Drift: Equatable, Sendable {
    /// The positions, counted from 0 in each sequence.
    public let positions: Range<Int>
    /// ‖Δ‖ / ‖reference‖ there.
    public let relativeError: Double
  }
}

/// Sums over the rows of two states, in binary64 and in the order of rows.
struct StateSums: Sendable {
  var squaredDifference = 0.0
  var referenceSquares = 0.0
  var candidateSquares = 0.0
  var product = 0.0
  var maxAbsDifference = 0.0

  /// ‖Δ‖ / ‖reference‖.
  var relativeError: Double { ratio(squaredDifference, referenceSquares).squareRoot() }

  mutating func add(_ other: StateSums) {
    squaredDifference += other.squaredDifference
    referenceSquares += other.referenceSquares
    candidateSquares += other.candidateSquares
    product += other.product
    maxAbsDifference = largest([maxAbsDifference, other.maxAbsDifference])
  }

  init() {}

  /// The sums of one row; with a gate, the reference counts less its input times the gate.
  init(_ reference: FloatRow, _ candidate: FloatRow, input: FloatRow?, gate: FloatRow?) {
    for index in 0..<reference.count {
      let r = Double(reference[index])
      let c = Double(candidate[index])
      let difference = c - r
      var part = r
      if let input, let gate { part -= Double(gate[index]) * Double(input[index]) }
      squaredDifference += difference * difference
      referenceSquares += part * part
      candidateSquares += c * c
      product += r * c
      let magnitude = abs(difference)
      if magnitude > maxAbsDifference || magnitude.isNaN { maxAbsDifference = magnitude }
    }
  }

  private func ratio(_ a: Double, _ b: Double) -> Double { a == 0 ? 0 : a / b }

  /// The figures of a state.
  func error(of state: HiddenState, own: StateSums?, bands: Octaves<StateSums>) -> StateError {
    let norms = (referenceSquares * candidateSquares).squareRoot()
    return StateError(
      state: state, relativeError: relativeError,
      cosine: norms > 0 ? product / norms : (squaredDifference == 0 ? 1 : 0),
      signalToNoise: squaredDifference == 0
        ? .infinity
        : 10 * deterministicLog(referenceSquares / squaredDifference) / deterministicLog(10.0),
      maxAbsDifference: maxAbsDifference, ownError: own?.relativeError,
      byPosition: bands.all.map {
        StateError.Drift(positions: $0.positions, relativeError: $0.sum.relativeError)
      })
  }
}
