import Diagnostics

/// How a run ended, as the number that the process hands to its caller.
package struct ExitStatus: Equatable, Sendable {
  package let code: Int32

  private init(_ code: Int32) {
    self.code = code
  }

  package static let success = ExitStatus(0)
  /// The work is done, and a gate failed or a difference was found.
  package static let difference = ExitStatus(1)
  /// The reader of stdout went away.
  package static let outputClosed = ExitStatus(141)

  /// What a failure of that class ends with.
  package static func failure(_ kind: Diagnostic.Kind) -> ExitStatus { ExitStatus(kind.rawValue) }

  /// What a run that a signal stopped ends with: 130 for SIGINT, 143 for SIGTERM.
  package static func signal(_ number: Int32) -> ExitStatus { ExitStatus(128 + number) }
}
