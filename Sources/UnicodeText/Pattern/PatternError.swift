/// Why a pattern can't be used.
public enum PatternError: Error, Equatable, Sendable {
  /// The pattern is misspelled: what is wrong, and at which of its scalars, counted from zero.
  case invalid(pattern: String, reason: String, offset: Int)
  /// The pattern uses a construct that this library doesn't match.
  case unsupported(pattern: String, construct: String, offset: Int)
  /// The pattern has more scalars than allowed, or its repetitions spell out longer than that.
  case tooLarge(limit: Int)
  /// Matching a text took more steps than allowed.
  case tooManySteps(pattern: String, limit: Int)
  /// Matching a text left more to be tried later than allowed.
  case tooManyAlternatives(pattern: String, limit: Int)
}
