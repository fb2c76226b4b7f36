import ByteIO
import Diagnostics
import JSONCore
import ToolSupport

/// What a report of `verify --json` says of one model, for its card.
enum MeasuredQuality {
  /// The figures as a sentence.
  ///
  /// - Parameters:
  ///   - bytes: the report.
  ///   - path: its path, for messages.
  ///   - model: the model.
  /// - Returns: the sentence.
  /// - Throws: `UnusableReport` where the file is no report on the weights of this model.
  static func sentence(
    inReport bytes: [UInt8], path: String, of model: ModelDescription
  ) throws(UnusableReport) -> String {
    func unusable(_ reason: String) -> UnusableReport {
      UnusableReport(path: path, reason: reason)
    }
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes) } catch { throw unusable(error.summary) }
    guard json["schema"]?.stringValue == "kibble.verify/1" else {
      throw unusable("the file is no report of verify")
    }
    let models = json["models"]?.arrayValue ?? []
    let candidates = models.filter { $0["role"]?.stringValue == "candidate" }
    let results = json["candidates"]?.arrayValue ?? [json]
    guard let index = candidates.firstIndex(where: { isSame($0, model.checksum) }) else {
      throw unusable("the report is about other models than \(model.path)")
    }
    guard let reference = models.first(where: { $0["role"]?.stringValue == "reference" }) else {
      throw unusable("the report has no model as its reference")
    }
    guard candidates.count == results.count, let type = reference["type"]?.stringValue,
      let referencePath = reference["path"]?.stringValue,
      let mode = results[index]["mode"]?.stringValue,
      let mean = results[index]["kld"]?["mean"]?.doubleValue,
      let top1 = results[index]["top1_agreement"]?.doubleValue,
      let tokens = results[index]["tokens"]?.intValue
    else { throw unusable("the report lacks figures that one of verify has") }
    guard mode == "exact" else {
      throw unusable("the figures are of \(mode) mode; those of the weights are of exact mode")
    }
    let name =
      isSame(reference, model.sourcesChecksum)
      ? "the checkpoint" : "`\(FileSystem.name(of: referencePath))`"
    let error = results[index]["kld"]?["se"]?.doubleValue
    return "Measured by `kibble verify` against \(name) in \(type), on "
      + "\(NumberFormat.thousands(tokens)) tokens: mean KL divergence "
      + NumberFormat.significant(mean, 3)
      + (error.map { " ± " + NumberFormat.significant($0, 2) } ?? "")
      + " nats, the same most likely token at \(NumberFormat.percent(top1)) of positions."
  }

  private static func isSame(_ model: JSON, _ checksum: UInt32) -> Bool {
    model["crc32"]?.checksumValue == checksum
  }
}

/// A file given as a report that has nothing to say of the model.
struct UnusableReport: Error, Diagnosable {
  let path: String
  let reason: String

  var diagnostic: Diagnostic {
    Diagnostic(
      .badData, code: "export.unusable-report", reason, path: path,
      hint: "Give what `verify --json` wrote with MODEL as a candidate, without `--mode fast`.")
  }
}
