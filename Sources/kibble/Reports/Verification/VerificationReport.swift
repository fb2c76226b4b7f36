import ByteIO
import DogeModel
import JSONCore
import Kernels
import Verification

/// The result of `verify`: as JSON here, as text and as a page beside it.
struct VerificationReport {
  /// A candidate in one mode.
  struct Column {
    let mode: ComputeMode
    let statistics: ComparisonStatistics
    let layers: LayerReport?
    /// Tokens that its own steps took in a second; nil where they were run more than once.
    let tokensPerSecond: Double?
  }

  /// What came out about one candidate.
  struct Candidate {
    let path: String
    /// The first is what the keys outside of `fast` are about.
    let columns: [Column]
    let gates: [GateResult]
    /// Nil without a baseline.
    let keepsBaseline: Bool?
    let ablation: Ablation?
    /// How far each tensor is from the reference's; nil where that was not asked for.
    var tensors: [TensorDifference]?
    /// Largest |Δ| of a golden file's hidden states.
    var hidden: [(name: String, maxAbsDifference: Double)] = []

    var primary: Column { columns[0] }
    var fast: Column? { columns.dropFirst().first }
  }

  /// The command line, without the program's name.
  let command: [String]
  let reference: String
  let input: VerificationInput
  /// The reference, if it is a model, and the candidates.
  let models: [ModelDescription]
  let candidates: [Candidate]
  let baseline: String?
  /// Empty where none were run.
  let selfTests: [SelfTest]
  let worst: WorstTexts?
  let isa: InstructionSet
  let threads: Int
  /// Sentences about what a reader should know before the figures.
  let warnings: [String]

  /// Whether a candidate keeps its gates and baseline, and all models their self-tests; nil where
  /// nothing was asked.
  func passed(_ candidate: Candidate) -> Bool? {
    var verdicts = candidate.gates.map(\.passed)
    if let keepsBaseline = candidate.keepsBaseline { verdicts.append(keepsBaseline) }
    if selfTests.contains(where: { $0.passed == false }) { verdicts.append(false) }
    return verdicts.isEmpty ? nil : verdicts.allSatisfy { $0 }
  }

  /// Whether all candidates pass; nil where nothing was asked.
  var passed: Bool? {
    let verdicts = candidates.compactMap(passed)
    return verdicts.isEmpty ? nil : verdicts.allSatisfy { $0 }
  }

  /// The mean KL divergence that rounding to float32 alone makes, in nats, where it was measured.
  var noiseFloor: Double? { selfTests.first { $0.kind == .noiseFloor }?.value }

  /// Whether what a candidate does cannot be told from rounding.
  func isBelowFloor(_ candidate: Candidate) -> Bool {
    noiseFloor.map { candidate.primary.statistics.kld.mean.value <= $0 } ?? false
  }

  // MARK: JSON

  var json: JSON {
    var members: [(String, JSON)] = [
      ("schema", "kibble.verify/1"), ("version", .string(toolVersion)),
      ("tool", ["name": "kibble", "version": .string(toolVersion)]),
      ("command", JSON(["kibble"] + command)), ("reference", .string(reference)),
      ("input", input.json), ("models", .array(models.map(\.json))),
      ("isa", .string(isa.rawValue)), ("threads", JSON(threads)),
      ("warnings", JSON(warnings)),
      ("self_test", .array(selfTests.map(\.json))), ("noise_floor", JSON(noiseFloor)),
    ]
    if candidates.count == 1 {
      members += self.members(of: candidates[0])
    } else {
      members += [
        ("passed", JSON(passed)),
        (
          "candidates", .array(candidates.map { .object(JSONObject(self.members(of: $0))) })
        ),
      ]
    }
    return .object(JSONObject(members))
  }

  private func members(of candidate: Candidate) -> [(String, JSON)] {
    var members: [(String, JSON)] = [("candidate", .string(candidate.path))]
    members += candidate.primary.members
    members += [
      ("passed", JSON(passed(candidate))), ("gates", .array(candidate.gates.map(\.json))),
      ("below_noise_floor", .bool(isBelowFloor(candidate))),
      ("worst", worst?.json(candidate) ?? []),
      (
        "tokens_per_second",
        .object(
          JSONObject(candidate.columns.map { ($0.mode.rawValue, JSON($0.tokensPerSecond)) }))
      ),
    ]
    if let fast = candidate.fast { members.append(("fast", .object(JSONObject(fast.members)))) }
    if let baseline, let passed = candidate.keepsBaseline {
      members.append(("baseline", ["path": .string(baseline), "passed": .bool(passed)]))
    }
    if let ablation = candidate.ablation { members += ablation.members }
    if let tensors = candidate.tensors {
      let errors = tensors.map { tensor -> JSON in
        ["name": .string(tensor.name), "relative_error": JSON(tensor.relativeError)]
      }
      members.append(("tensor_errors", .array(errors)))
    }
    if !candidate.hidden.isEmpty {
      let states = candidate.hidden.map { state -> JSON in
        ["name": .string(state.name), "max_abs_diff": JSON(state.maxAbsDifference)]
      }
      members.append(("hidden", .array(states)))
    }
    return members
  }
}

extension VerificationReport.Column {
  /// The keys of a column.
  fileprivate var members: [(String, JSON)] {
    var members = statistics.members
    members.append(("mode", .string(mode.rawValue)))
    guard let layers else { return members }
    members += [
      ("layers", .array(layers.errors.map(\.json))),
      ("first_divergence", JSON(layers.firstDivergence?.state.name)),
      ("divergence_rule", .string(FirstDivergence.rule)),
    ]
    if let first = layers.firstDivergence {
      members.append(
        (
          "divergence",
          [
            "tensor": JSON(first.tensor), "error": JSON(first.error), "limit": JSON(first.limit),
          ]
        ))
    }
    return members
  }
}

extension SelfTest {
  fileprivate var json: JSON {
    [
      "name": .string(kind.rawValue), "passed": JSON(passed), "value": JSON(value),
      "limit": JSON(limit), "note": JSON(note),
    ]
  }
}

extension GateResult {
  fileprivate var json: JSON {
    [
      "name": .string(gate.measure.rawValue), "limit": JSON(gate.limit), "value": JSON(value),
      "passed": .bool(passed), "mode": .string(mode.rawValue),
    ]
  }
}

extension Ablation {
  fileprivate var members: [(String, JSON)] {
    let parts = parts.map { part -> JSON in
      [
        "name": .string(part.name), "kld": JSON(part.kld.value),
        "se": JSON(part.kld.standardError), "tensors": JSON(part.tensors),
      ]
    }
    return [
      ("ablation", .array(parts)), ("ablation_unit", .string(unit.rawValue)),
      ("ablation_sum", JSON(sum)), ("ablation_whole", JSON(whole)),
    ]
  }
}

extension StateError {
  fileprivate var json: JSON {
    let drift = byPosition.map { drift -> JSON in
      [
        "from": JSON(drift.positions.lowerBound), "to": JSON(drift.positions.upperBound),
        "relative_error": JSON(drift.relativeError),
      ]
    }
    return [
      "name": .string(state.name), "relative_error": JSON(relativeError),
      "cosine": JSON(cosine), "sqnr_db": JSON(signalToNoise),
      "max_abs_diff": JSON(maxAbsDifference), "own_error": JSON(ownError),
      "by_position": .array(drift),
    ]
  }
}
