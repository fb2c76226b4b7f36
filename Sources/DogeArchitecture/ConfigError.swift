/// Why a `config.json` was refused.
public enum ConfigError: Error, Equatable, Sendable {
  /// The file holds some other JSON value.
  case notAnObject(found: String)
  /// Everything that is wrong with the file, in the order of reading; never empty.
  case problems([ConfigProblem])
}

/// One rule that a `config.json` breaks.
///
/// Keys inside an object carry its key: `rope_scaling.factor`. The texts that describe what was
/// expected and found are ready to be shown.
public enum ConfigProblem: Equatable, Sendable {
  // Faults.
  case missing(key: String)
  case wrongType(key: String, expected: String, found: String)
  case outOfRange(key: String, expected: String, found: String)
  case wrongCount(key: String, expected: Int, found: Int)
  case headsNotDivisible(heads: Int, keyValueHeads: Int)
  case oddHeadDimension(Int)
  case headDimensionBelowFour(Int)
  case headsTooWide(heads: Int, dimension: Int)
  case tooManyExpertsPerToken(perToken: Int, reachable: Int)
  case frequencyBands(low: Double, high: Double)

  // Models that kibble does not know.
  case modelType(String)
  case architecture(String)
  case innerValues
  case quantized(method: String?)
  case activation(String)
  case ropeType(String)
  case ropePerLayer(key: String)
  case partialRotation(Double)
  case flashDynamicMask
  case foreignMathematics(key: String, value: String)
}
