import Kernels
import Quantization

/// Seeks the smallest Δ whose file is within a budget.
///
/// A file shrinks as Δ grows, by about a bit a weight for each octave; the secant through the last two
/// trials says where to look next.
package struct StepSearch {
  private let target: Double
  /// Trials of this stage, as octaves of Δ and sizes.
  private var trials: [(octave: Double, size: Double)] = []
  /// What is sought; nil when the stage is over.
  private var wanted: Double?
  private var isFinal = false

  /// A file that is smaller by less than this part of the budget will do.
  private static let tolerance = 0.003
  /// Where the final stage aims, below the budget.
  private static let margin = 0.001
  private static let mostTrials = 8
  /// Δ where to begin: some four bits a weight for models of some million weights.
  private static let first = -14.0
  private static let octaves = -40.0...10.0

  package init(_ budget: SizeBudget) {
    target = budget.size
    wanted = Self.first
  }

  /// Δ of the next trial; nil when there is none to be made.
  package var next: Double? { wanted.map { deterministicExp($0 * 0.6931471805599453) } }

  /// The smallest size that was seen.
  package var least: Double { trials.map(\.size).min() ?? target }

  /// Begins the stage whose trials count, where the one before it ended.
  package mutating func beginFinal() {
    isFinal = true
    let last = trials.last.map { secant(from: $0) } ?? Self.first
    trials = []
    wanted = last
  }

  /// Takes note of a trial.
  ///
  /// - Returns: whether it is the best one that fits so far.
  @discardableResult package mutating func note(_ step: Double, size: Double) -> Bool {
    let octave = deterministicLog(step) / 0.6931471805599453
    let fitting = trials.filter { $0.size <= target }.map(\.size).max()
    trials.append((octave, size))
    let aim = secant(from: trials[trials.count - 1])
    let isNear =
      size >= target * (1 - Self.tolerance) && (size <= target || !isFinal && size <= target * 1.01)
    // Beyond what int8 can hold a finer step makes no larger file.
    let isStuck = trials.count > 2 && size < target && size <= trials[trials.count - 2].size * 1.001
    let isOver = trials.count >= Self.mostTrials && (size <= target || !isFinal)
    let isOut = !Self.octaves.contains(aim) || trials.count >= 4 * Self.mostTrials
    wanted = isNear || isStuck || isOver || isOut ? nil : aim
    return size <= target && size > fitting ?? -1
  }

  private func secant(from last: (octave: Double, size: Double)) -> Double {
    // A bit a weight and octave, where nothing is known: an eighth of the target's order.
    var slope = -0.2 * max(target, last.size)
    if trials.count > 1 {
      let before = trials[trials.count - 2]
      let measured = (last.size - before.size) / (last.octave - before.octave)
      if measured.isFinite, measured < slope / 20 { slope = measured }
    }
    let aim = target * (1 - Self.margin)
    return last.octave + min(max((aim - last.size) / slope, -4), 4)
  }
}
