import Diagnostics

/// What is wrong with the files beside a model's weights.
public enum TextFileError: Error, Diagnosable {
  /// There is none of that name.
  case missing(path: String, name: String)
  /// There is no chat template of that name, but of others.
  case noTemplate(path: String, name: String, names: [String])
  /// Its contents are not what they should be.
  case bad(path: String, Diagnostic)

  /// Whether a file is not there at all.
  public var isMissing: Bool {
    if case .missing = self { true } else { false }
  }

  /// The error in words.
  public var diagnostic: Diagnostic {
    switch self {
    case .missing(let path, let name):
      Diagnostic(
        .missingInput, code: "text.missing-file", "the model has no \(name)", path: path,
        hint: "put the checkpoint's \(name) beside its weights and convert it again")
    case .noTemplate(let path, _, []):
      Diagnostic(
        .missingInput, code: "text.missing-file", "the model has no chat template", path: path,
        hint: "a base model has none: `kibble generate` continues a text; of a chat model, put its "
          + "chat_template.jinja beside the weights and convert it again")
    case .noTemplate(let path, let name, let names):
      Diagnostic(
        .missingInput, code: "text.missing-template",
        "the model has no chat template '\(escaped(name))'; it has '"
          + names.map(escaped).joined(separator: "', '") + "'", path: path,
        hint: "choose one of them with --template")
    case .bad(let path, let diagnostic):
      Diagnostic(
        diagnostic.kind, code: diagnostic.code, diagnostic.message, path: path,
        tensor: diagnostic.tensor, hint: diagnostic.hint)
    }
  }
}
