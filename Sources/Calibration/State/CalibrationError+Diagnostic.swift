import Diagnostics

extension CalibrationError: Diagnosable {
  /// The error in words, with its exit code.
  public var diagnostic: Diagnostic {
    switch self {
    case .notState(let path):
      Diagnostic(
        .badData, code: "calibration.not-state",
        "'\(escaped(path))' is not the state of a calibration, or its header is damaged",
        path: path, hint: Self.hint)
    case .stateVersion(let path, let expected, let found):
      Diagnostic(
        .badData, code: "calibration.state-version",
        "'\(escaped(path))' is the state of a calibration in version \(found) of its format, "
          + "expected version \(expected)", path: path, hint: Self.hint)
    case .otherRun(let path, let differences):
      Diagnostic(
        .badData, code: "calibration.other-run",
        "'\(escaped(path))' is the state of another run, which had "
          + differences.joined(separator: " and "), path: path, hint: Self.hint)
    }
  }

  private static let hint = "Give another file, or delete this one if it is not needed."
}
