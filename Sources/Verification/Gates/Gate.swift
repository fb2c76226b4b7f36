import Diagnostics
import JSONCore
import Kernels

/// A limit that a comparison must keep.
public struct Gate: Equatable, Sendable {
  /// What is limited; the raw value is the name in reports and gate files.
  public enum Measure: String, CaseIterable, Sendable {
    case maxMeanKLD = "max_mean_kld"
    case maxKLD = "max_kld"
    case minTop1 = "min_top1"
    case maxAbsDifference = "max_abs_diff"
    case maxNMSE = "max_nmse"
    case maxLayerError = "max_layer_error"
  }

  /// The figure of a comparison that the limit is for.
  public let measure: Measure
  /// The limit; a value equal to it passes.
  public let limit: Double

  /// A limit for one figure, in its own unit: nats, a share from 0 to 1, logits, or none.
  public init(_ measure: Measure, limit: Double) {
    self.measure = measure
    self.limit = limit
  }

  /// The value of a comparison that the gate looks at; nil where it was not measured.
  public func value(_ statistics: ComparisonStatistics, layers: LayerReport?) -> Double? {
    switch measure {
    case .maxMeanKLD: statistics.kld.mean.value
    case .maxKLD: statistics.kld.max
    case .minTop1: statistics.overlap.top1.value
    case .maxAbsDifference: statistics.maxAbsDifference
    case .maxNMSE: statistics.nmse.value
    case .maxLayerError: layers?.largestError
    }
  }

  /// Whether a value keeps the limit; what was not measured or is not a number never does.
  public func passes(_ value: Double?) -> Bool {
    guard let value else { return false }
    return isLeast ? value >= limit : value <= limit
  }

  /// Whether the limit is the least value and not the largest.
  public var isLeast: Bool { measure == .minTop1 }

  /// The names of presets.
  public static let presetNames = ["int8", "int6", "int5", "int4", "int3", "int2"]

  /// The gates of a name: what a sound file of that type keeps in both modes, of a small model.
  public static func preset(_ name: String) -> [Gate]? {
    switch name {
    case "int8": [Gate(.maxMeanKLD, limit: 0.001), Gate(.minTop1, limit: 0.97)]
    case "int6": [Gate(.maxMeanKLD, limit: 0.005), Gate(.minTop1, limit: 0.95)]
    case "int5": [Gate(.maxMeanKLD, limit: 0.015), Gate(.minTop1, limit: 0.92)]
    case "int4": [Gate(.maxMeanKLD, limit: 0.05), Gate(.minTop1, limit: 0.85)]
    case "int3": [Gate(.maxMeanKLD, limit: 0.2), Gate(.minTop1, limit: 0.72)]
    case "int2": [Gate(.maxMeanKLD, limit: 0.8), Gate(.minTop1, limit: 0.5)]
    default: nil
    }
  }

  /// Reads gates from a JSON object `{measure: limit, …}`.
  public static func parse(_ bytes: [UInt8], path: String) throws -> [Gate] {
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(bytes)
    } catch {
      throw VerificationError.badGates(path: path, detail: error.summary)
    }
    guard let object = json.objectValue, !object.members.isEmpty else {
      throw VerificationError.badGates(path: path, detail: "the file holds no object with gates")
    }
    return try object.members.map { member in
      guard let measure = Measure(rawValue: member.key) else {
        throw VerificationError.badGates(
          path: path, detail: "there is no gate \"\(escaped(member.key))\"")
      }
      guard let limit = member.value.doubleValue else {
        throw VerificationError.badGates(path: path, detail: "\(member.key) is no number")
      }
      return Gate(measure, limit: limit)
    }
  }
}

/// What a gate says of the columns that it is set on.
public struct GateResult: Equatable, Sendable {
  /// The limit.
  public let gate: Gate
  /// The column that is furthest from keeping it.
  public let mode: ComputeMode
  /// Its value; nil where it was not measured.
  public let value: Double?
  /// Whether all columns keep the limit.
  public let passed: Bool

  /// Judges columns, of which there is at least one, each by its mode.
  public init(_ gate: Gate, of columns: [(mode: ComputeMode, value: Double?)]) {
    /// How bad a value is; what is none is worst.
    func badness(_ value: Double?) -> Double {
      guard let value, !value.isNaN else { return .infinity }
      return gate.isLeast ? -value : value
    }
    var worst = columns[0]
    for column in columns.dropFirst() where badness(column.value) > badness(worst.value) {
      worst = column
    }
    self.gate = gate
    mode = worst.mode
    value = worst.value
    passed = columns.allSatisfy { gate.passes($0.value) }
  }
}
