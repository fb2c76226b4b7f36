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
  ///   - checksum: of the model, as the report gives it.
  /// - Returns: the sentence; nil where the file is no report, or none on this model.
  static func sentence(inReport bytes: [UInt8], of checksum: UInt32) -> String? {
    guard let json = try? JSON.parse(bytes), json["schema"] == "kibble.verify/1",
      let models = json["models"]?.arrayValue
    else { return nil }
    let candidates = models.filter { $0["role"] == "candidate" }
    let figures = json["candidates"]?.arrayValue ?? [json]
    guard candidates.count == figures.count,
      let index = candidates.firstIndex(where: { $0["crc32"]?.intValue == Int(checksum) }),
      let reference = models.first(where: { $0["role"] == "reference" })?["type"]?.stringValue,
      let mean = figures[index]["kld"]?["mean"]?.doubleValue,
      let top1 = figures[index]["top1_agreement"]?.doubleValue,
      let tokens = figures[index]["tokens"]?.intValue
    else { return nil }
    let error = figures[index]["kld"]?["se"]?.doubleValue
    return "Measured by `kibble verify` against the checkpoint in \(reference), on "
      + "\(NumberFormat.thousands(tokens)) tokens: mean KL divergence "
      + NumberFormat.significant(mean, 3)
      + (error.map { " ± " + NumberFormat.significant($0, 2) } ?? "")
      + " nats, the same most likely token at \(NumberFormat.percent(top1)) of positions."
  }
}
