import Diagnostics

extension PatternError: Diagnosable {
  /// The error in words, without the file, which only the caller knows.
  public var diagnostic: Diagnostic {
    switch self {
    case .invalid(let pattern, let reason, let offset):
      Diagnostic(
        .badData, code: "pattern.invalid",
        "the pattern '\(shown(pattern))' is not a regular expression: \(reason) at character "
          + "\(offset + 1)")
    case .unsupported(let pattern, let construct, let offset):
      Diagnostic(
        .unsupported, code: "pattern.unsupported",
        "the pattern '\(shown(pattern))' uses \(construct) at character \(offset + 1), which is "
          + "not supported")
    case .tooLarge(let limit):
      Diagnostic(
        .badData, code: "pattern.too-large",
        "a pattern is larger than the limit of \(limit) elements")
    case .tooManySteps(let pattern, let limit):
      Diagnostic(
        .badData, code: "pattern.too-many-steps",
        "matching the pattern '\(shown(pattern))' took more than \(limit) steps",
        hint: Self.hint)
    case .tooManyAlternatives(let pattern, let limit):
      Diagnostic(
        .badData, code: "pattern.too-many-alternatives",
        "matching the pattern '\(shown(pattern))' left more than \(limit) alternatives open",
        hint: Self.hint)
    }
  }

  private static let hint =
    "the pattern backtracks too much on this text; give the text in shorter parts"

  /// A pattern as it can stand in a message.
  private func shown(_ pattern: String) -> String {
    let limit = 200
    return pattern.unicodeScalars.count <= limit
      ? escaped(pattern) : escaped(String(pattern.prefix(limit))) + "…"
  }
}
