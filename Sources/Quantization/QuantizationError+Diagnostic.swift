import Diagnostics
import JSONCore

extension QuantizationError: Diagnosable {
  /// The error in words, with its exit code.
  public var diagnostic: Diagnostic {
    switch self {
    case .recipeNotJSON(let path, let error):
      var diagnostic = error.diagnostic(path: path)
      diagnostic.hint = Self.form
      return diagnostic
    case .recipe(let path, let place, let expected, let found):
      return Diagnostic(
        .badData, code: "recipe.wrong-value",
        "the recipe\(place.isEmpty ? "" : "'s \(escaped(place))") is \(escaped(found)), "
          + "expected \(expected)", path: path, hint: Self.form)
    case .recipeMember(let path, let place, let key, let allowed):
      return Diagnostic(
        .badData, code: "recipe.unknown-member",
        "the recipe\(place.isEmpty ? "" : "'s \(place)") has a member '\(escaped(key))', expected "
          + "only \(allowed.joined(separator: ", "))", path: path,
        hint: "A newer version may know it; this one would write something else.")
    case .otherCalibration(let path, let recipe, let found):
      return Diagnostic(
        .badData, code: "recipe.other-calibration",
        "the recipe was calibrated with other tokens: \(recipe.description), not "
          + found.description, path: path,
        hint: "Give the file of --calibration that the recipe was made with.")
    }
  }

  private static let form = "Give a file that --save-recipe wrote, or one like it."
}

extension CalibrationSummary {
  /// The summary as part of a sentence.
  fileprivate var description: String {
    "\(tokens) tokens in \(sequences) \(sequences == 1 ? "sequence" : "sequences") with CRC-32 "
      + hexadecimal(crc32)
  }
}
