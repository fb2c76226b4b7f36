import JSONCore

/// What is wrong with a recipe; `path` is its file.
public enum QuantizationError: Error, Equatable, Sendable {
  /// The file is not JSON.
  case recipeNotJSON(path: String, JSONError)
  /// A member of the file is not as it should be; `place` is as in `rules[2].type`, and empty for
  /// the whole file.
  case recipe(path: String, place: String, expected: String, found: String)
  /// A member of the file has a name that means nothing.
  case recipeMember(path: String, place: String, key: String, allowed: [String])
  /// The recipe was calibrated with other tokens.
  case otherCalibration(path: String, recipe: CalibrationSummary, found: CalibrationSummary)
}
