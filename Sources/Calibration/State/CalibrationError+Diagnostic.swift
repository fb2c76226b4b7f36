import Diagnostics
import DogeArchitecture

extension CalibrationError: Diagnosable {
  /// The error in words, with its exit code.
  public var diagnostic: Diagnostic {
    switch self {
    case .notState(let path):
      return Diagnostic(
        .badData, code: "calibration.not-state",
        "'\(escaped(path))' is not the state of a calibration, or its header is damaged",
        path: path, hint: Self.hint)
    case .stateVersion(let path, let expected, let found):
      return Diagnostic(
        .badData, code: "calibration.state-version",
        "'\(escaped(path))' is the state of a calibration in version \(found) of its format, "
          + "expected version \(expected)", path: path, hint: Self.hint)
    case .otherRun(let path, let differences):
      return Diagnostic(
        .badData, code: "calibration.other-run",
        "'\(escaped(path))' is the state of another run, which had "
          + differences.joined(separator: " and "), path: path, hint: Self.hint)
    case .badValues(let path, let tensor, let offset):
      return Diagnostic(
        .badData, code: "calibration.bad-values",
        "'\(escaped(path))' holds codes or scales of \(tensor), at byte \(offset), that no file "
          + "may have", path: path, tensor: tensor, hint: Self.hint)
    case .notFinite(let tensor):
      // Only as the head does a tied embedding multiply activations.
      let role = tensor == TensorRole.embedding.rawValue ? "the head, " : ""
      return Diagnostic(
        .badData, code: "calibration.not-finite",
        "the activations that go into \(role)\(tensor) are not finite, or too large to be squared, on the "
          + "calibration tokens", tensor: tensor,
        hint: "Check the weights with 'inspect --stats'; search and rtn need no calibration.")
    }
  }

  private static let hint = "Give another file, or delete this one if it is not needed."
}
