import Diagnostics

/// What is wrong with the files beside a model's weights.
public enum TextFileError: Error, Diagnosable {
  /// There is none of that name.
  case missing(path: String, name: String)
  /// Its contents are not what they should be.
  case bad(path: String, Diagnostic)

  /// The error in words.
  public var diagnostic: Diagnostic {
    switch self {
    case .missing(let path, let name):
      Diagnostic(
        .missingInput, code: "text.missing-file", "the model has no \(name)", path: path,
        hint: "put the checkpoint's \(name) beside its weights and convert it again")
    case .bad(let path, let diagnostic):
      Diagnostic(
        diagnostic.kind, code: diagnostic.code, diagnostic.message, path: path,
        tensor: diagnostic.tensor, hint: diagnostic.hint)
    }
  }
}
