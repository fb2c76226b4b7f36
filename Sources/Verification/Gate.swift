import Diagnostics
import JSONCore

/// A limit that a comparison must keep.
public struct Gate: Equatable, Sendable {
  /// What is limited; the raw value is the name in reports and gate files.
  public enum Measure: String, CaseIterable, Sendable {
    case maxMeanKLD = "max_mean_kld"
    case maxKLD = "max_kld"
    case minTop1 = "min_top1"
    case maxAbsDifference = "max_abs_diff"
    case maxNMSE = "max_nmse"
  }

  /// The figure of a comparison that the limit is for.
  public let measure: Measure
  /// The limit; a value equal to it passes.
  public let limit: Double

  /// A limit for one figure, in its own unit: nats, a share from 0 to 1, or logits.
  public init(_ measure: Measure, limit: Double) {
    self.measure = measure
    self.limit = limit
  }

  /// The value of a comparison that the gate looks at.
  public func value(in statistics: ComparisonStatistics) -> Double {
    switch measure {
    case .maxMeanKLD: statistics.kld.mean
    case .maxKLD: statistics.kld.max
    case .minTop1: statistics.top1Agreement
    case .maxAbsDifference: statistics.maxAbsDifference
    case .maxNMSE: statistics.nmse
    }
  }

  /// Whether a comparison keeps the limit; a value that is not a number never does.
  public func passes(_ statistics: ComparisonStatistics) -> Bool {
    let value = value(in: statistics)
    return measure == .minTop1 ? value >= limit : value <= limit
  }

  /// The gates of a name: what a sound file of that type keeps with room, of a small model.
  public static func preset(_ name: String) -> [Gate]? {
    switch name {
    case "int8": [Gate(.maxMeanKLD, limit: 0.001), Gate(.minTop1, limit: 0.98)]
    case "int6": [Gate(.maxMeanKLD, limit: 0.005), Gate(.minTop1, limit: 0.95)]
    case "int5": [Gate(.maxMeanKLD, limit: 0.015), Gate(.minTop1, limit: 0.92)]
    case "int4": [Gate(.maxMeanKLD, limit: 0.05), Gate(.minTop1, limit: 0.85)]
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
