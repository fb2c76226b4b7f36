import Conversion
import DogeArchitecture
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import Parallel
import Quantization
import TestSupport
import Testing

/// A way to compute that must not matter.
struct Machine: Sendable {
  let isa: InstructionSet
  let threads: Int

  /// The plainest.
  static let plain = Machine(isa: .scalar, threads: 1)

  /// Every kernel set, and several threads with the plainest and the best of them.
  static let others: [Machine] = InstructionSet.available.flatMap { isa -> [Machine] in
    let isEnd = isa == .scalar || isa == InstructionSet.available.last
    let threads = (isEnd ? [1, 2, 3] : [1]).filter { isa != .scalar || $0 > 1 }
    return threads.map { Machine(isa: isa, threads: $0) }
  }
}

/// Opens a checkpoint, converted in memory, or a `.kibble` file.
func model(
  _ path: String, type: String = "source", group: Int = 32, on machine: Machine? = nil
) throws -> DogeModel {
  let compute = try Compute(isa: machine?.isa, threads: machine?.threads ?? 1)
  let converter = Converter(compute: compute)
  let source = try ModelSource.open(path: path)
  if case .kibble(let stored) = source {
    return DogeModel(stored, compute: compute)
  }
  let recipe = EncodingRecipe(target: try #require(TargetType(name: type)), groupSize: group)
  let plan = try ConversionPlan(source: source, recipe: recipe, toolVersion: "1.2.3")
  return DogeModel(try converter.load(plan).model, compute: compute)
}

/// What a model gives for a sequence: rows of values.
struct Outcome {
  /// Logits of each token.
  var logits: [[Float]] = []
  /// The embedding and each block's output, for each token.
  var hidden: [[[Float]]] = []

  /// All values as bit patterns.
  var bits: [UInt32] { DogeModelTests.bits(logits + hidden.flatMap { $0 }) }
}

/// Bit patterns, which tell zeros apart and equal themselves even where they are no numbers.
func bits(_ rows: [[Float]]) -> [UInt32] { rows.flatMap { $0.map(\.bitPattern) } }

/// Runs a sequence in calls of some lengths, and what is left of it in one more.
func run(
  _ model: DogeModel, _ tokens: [Int], calls lengths: [Int] = [], routing: ExpertRouting = .hf,
  cache given: KVCache? = nil
) throws -> Outcome {
  let cache = given ?? model.makeCache(maximum: tokens.count)
  var outcome = Outcome()
  outcome.hidden = [[[Float]]](repeating: [], count: model.config.layerCount + 1)
  var rest = tokens[...]
  for length in lengths + [tokens.count] where !rest.isEmpty {
    let call = Array(rest.prefix(length))
    rest = rest.dropFirst(length)
    let last = try model.forward(call, cache: cache, routing: routing) { state, values in
      let index: Int? =
        switch state {
        case .embedding: 0
        case .attention: nil
        case .feedForward(let layer): layer + 1
        }
      if let index { outcome.hidden[index] += (0..<values.rows).map(values.row) }
    }
    let logits = model.logits(last, rows: 0..<call.count)
    outcome.logits += (0..<call.count).map(logits.row)
  }
  return outcome
}

/// Runs a sequence token by token.
func runStepwise(
  _ model: DogeModel, _ tokens: [Int], routing: ExpertRouting = .hf
) throws -> Outcome {
  try run(model, tokens, calls: tokens.map { _ in 1 }, routing: routing)
}

/// The largest difference, infinite where one of the values is no number or a row is missing.
func largestDifference(_ a: [[Float]], _ b: [[Float]]) -> Float {
  guard a.count == b.count, zip(a, b).allSatisfy({ $0.count == $1.count }) else { return .infinity }
  return zip(a, b).reduce(0) { largest, rows in
    zip(rows.0, rows.1).reduce(largest) {
      let difference = abs($1.0 - $1.1)
      return difference.isNaN ? .infinity : max($0, difference)
    }
  }
}

/// Tokens without a pattern.
func tokens(_ count: Int, below vocabulary: Int, seed: UInt64 = 1) -> [Int] {
  var state = seed
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % vocabulary
  }
}

extension DogeConfig {
  /// Whether the length of a call has no say in its tokens' rotation.
  var hasFixedRotation: Bool {
    switch rope.scaling {
    case .dynamic, .longRope: false
    default: true
    }
  }
}
