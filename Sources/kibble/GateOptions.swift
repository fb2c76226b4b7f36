import ByteIO
import Diagnostics
import Kernels
import ToolSupport
import Verification

/// The options that set limits.
enum GateOptions {
  /// Which columns gates are set on.
  enum Mode: String, CaseIterable {
    case exact
    case fast
    case both
  }

  static let gate = OptionSpec.value(
    "gate", "GATE",
    "limits that the result must keep: " + Gate.presetNames.joined(separator: ", ")
      + ", or a JSON file")
  static let mode = OptionSpec.value(
    "gate-mode", "MODE", "the columns that limits are set on; default: all that are measured",
    choices: Mode.allCases.map(\.rawValue))
  static let baseline = OptionSpec.value(
    "baseline", "REPORT",
    "an earlier --json report: fails where KLD is worse by more than 5 % and 2 standard errors")
  /// The options that each set one limit, and what it limits.
  static let limits: [(option: OptionSpec, measure: Gate.Measure)] = [
    (.value("max-mean-kld", "X", "limit of the mean KL divergence, in nats"), .maxMeanKLD),
    (.value("max-kld", "X", "limit of the largest KL divergence"), .maxKLD),
    (.value("min-top1", "X", "least share of equal most likely tokens, 0 to 1"), .minTop1),
    (.value("max-abs-diff", "X", "limit of the largest difference of a logit"), .maxAbsDifference),
    (.value("max-nmse", "X", "limit of the normalized mean squared difference"), .maxNMSE),
    (
      .value("max-layer-error", "X", "with --layers: limit of a hidden state's relative error"),
      .maxLayerError
    ),
  ]

  static var all: [OptionSpec] { [gate, mode, baseline] + limits.map(\.option) }
}

extension ParsedArguments {
  /// The limits: those of `--gate`, of which a single limit replaces the one for the same measure.
  func gates() throws -> [Gate] {
    var gates = try value(GateOptions.gate).map(gates) ?? []
    for (option, measure) in GateOptions.limits {
      let most = measure == .minTop1 ? 1 : Double.greatestFiniteMagnitude
      guard let limit = try number(option, in: 0...most) else { continue }
      let gate = Gate(measure, limit: limit)
      if let place = gates.firstIndex(where: { $0.measure == measure }) {
        gates[place] = gate
      } else {
        gates.append(gate)
      }
    }
    return gates
  }

  private func gates(_ name: String) throws -> [Gate] {
    if let preset = Gate.preset(name) { return preset }
    let isPath = name.contains("/") || name.contains(".")
    guard isPath || FileSystem.exists(name) else {
      throw invalid(
        GateOptions.gate, name,
        expected: "one of \(Gate.presetNames.joined(separator: ", ")), or a JSON file")
    }
    return try Gate.parse(FileSystem.read(name, limit: Limits.gateFile), path: name)
  }

  /// The columns that limits are set on; nil for all that are measured.
  func gateMode() -> GateOptions.Mode? {
    value(GateOptions.mode).flatMap(GateOptions.Mode.init(rawValue:))
  }

  func baseline() throws -> Baseline? {
    try value(GateOptions.baseline).map {
      try Baseline(FileSystem.read($0, limit: Limits.reportFile), path: $0)
    }
  }
}
