import Diagnostics
import JSONCore

extension QuantizationError: Diagnosable {
  /// The error in words, with its exit code.
  public var diagnostic: Diagnostic {
    switch self {
    case .recipeNotJSON(let path, let error):
      error.diagnostic(path: path)
    case .recipe(let path, let place, let expected, let found):
      Diagnostic(
        .badData, code: "recipe.wrong-value",
        "the recipe\(place.isEmpty ? "" : "'s \(escaped(place))") is \(escaped(found)), "
          + "expected \(expected)", path: path)
    case .recipeMember(let path, let place, let key, let allowed):
      Diagnostic(
        .badData, code: "recipe.unknown-member",
        "the recipe\(place.isEmpty ? "" : "'s \(place)") has a member '\(escaped(key))', expected "
          + "only \(allowed.joined(separator: ", "))", path: path,
        hint: "A newer version may know it; this one would write something else.")
    case .otherCalibration(let path, let recipe, let found):
      Diagnostic(
        .badData, code: "recipe.other-calibration",
        "the recipe was calibrated with other tokens: \(recipe.description), not "
          + found.description, path: path,
        hint: "Give the file of --calibration that the recipe was made with.")
    }
  }
}

extension CalibrationSummary {
  /// The summary as part of a sentence.
  fileprivate var description: String {
    "\(tokens) tokens in \(sequences) \(sequences == 1 ? "sequence" : "sequences") with CRC-32 "
      + String(crc32, radix: 16)
  }
}
