import Diagnostics
import JSONCore
import Kernels

/// An earlier report, which a candidate may not be worse than.
public struct Baseline: Equatable, Sendable {
  /// How much worse the mean KL divergence may be, as a factor.
  public static let factor = 1.05
  /// How many standard errors of the difference it may be worse.
  public static let errors = 2.0

  /// The report's path.
  public let path: String
  /// CRC-32 of the tokens that it is about.
  public let inputChecksum: UInt32
  /// CRC-32 of its reference.
  public let referenceChecksum: UInt32
  /// Mean KL divergences by mode, in nats.
  public let divergences: [ComputeMode: Estimate]

  /// Reads a report of `verify --json` about one candidate.
  ///
  /// - Throws: `VerificationError.badBaseline` where it is none.
  public init(_ bytes: [UInt8], path: String) throws(VerificationError) {
    func bad(_ detail: String) -> VerificationError { .badBaseline(path: path, detail: detail) }
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes) } catch { throw bad(error.summary) }
    guard json["schema"]?.stringValue == "kibble.verify/1" else {
      throw bad("the file is no report of verify")
    }
    guard let input = json["input"]?["crc32"]?.checksumValue,
      let models = json["models"]?.arrayValue,
      let reference = models.first(where: { $0["role"]?.stringValue == "reference" }),
      let checksum = reference["crc32"]?.checksumValue
    else { throw bad("the report does not say which reference and tokens it is about") }
    var divergences: [ComputeMode: Estimate] = [:]
    for (object, name) in [(json, json["mode"]?.stringValue), (json["fast"] ?? .null, "fast")] {
      guard let mode = name.flatMap(ComputeMode.init(rawValue:)),
        let mean = object["kld"]?["mean"]?.doubleValue,
        let error = object["kld"]?["se"]?.doubleValue
      else { continue }
      divergences[mode] = Estimate(value: mean, standardError: error)
    }
    guard !divergences.isEmpty else {
      throw bad("the report holds no KL divergence of one candidate")
    }
    self.path = path
    inputChecksum = input
    referenceChecksum = checksum
    self.divergences = divergences
  }

  /// Refuses a baseline that is about something else.
  ///
  /// - Throws: `VerificationError.badBaseline`.
  public func check(
    inputChecksum: UInt32, referenceChecksum: UInt32, modes: [ComputeMode]
  ) throws(VerificationError) {
    guard inputChecksum == self.inputChecksum else {
      throw .badBaseline(path: path, detail: "the report is about other tokens")
    }
    guard referenceChecksum == self.referenceChecksum else {
      throw .badBaseline(path: path, detail: "the report is about another reference")
    }
    if let missing = modes.first(where: { divergences[$0] == nil }) {
      throw .badBaseline(
        path: path, detail: "the report has no figures of \(missing.rawValue) mode")
    }
  }

  /// Whether a mean KL divergence is no worse than the report's: by at most 5 %, or by no more than two
  /// standard errors of the difference.
  public func passes(_ kld: Estimate, mode: ComputeMode) -> Bool {
    guard let before = divergences[mode], !kld.value.isNaN else { return false }
    let error =
      (kld.standardError * kld.standardError + before.standardError * before.standardError)
      .squareRoot()
    return kld.value <= before.value * Self.factor
      || kld.value - before.value <= Self.errors * error
  }
}
