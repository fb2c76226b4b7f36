import Diagnostics

/// Why a line of a conversation came to nothing.
enum ChatError: Error, Equatable {
  case unknownCommand(String, nearest: String?)
  case unknownSetting(String, nearest: String?)
  /// Something stands behind a command that takes nothing.
  case needlessText(String, String)
  /// `/save` without a file.
  case noFile
  /// The file that `/save` could not write.
  case notSaved(Diagnostic)
  /// A message is too long without anything before it.
  case messageTooLong(tokens: Int, context: Int)
  /// Lines from a file or pipe came to nothing, each with a warning of its own.
  case unanswered(Int, of: Int)
}

extension ChatError: Diagnosable {
  var diagnostic: Diagnostic {
    switch self {
    case .unknownCommand(let word, let nearest):
      Diagnostic(
        .badData, code: "chat.unknown-command", "there is no \(abridged(word, limit: 80))",
        hint: (nearest.map { "did you mean \($0)? " } ?? "")
          + "/help lists what there is; a message that begins with / is written with //")
    case .unknownSetting(let name, let nearest):
      Diagnostic(
        .badData, code: "chat.unknown-setting", "/set knows no '\(abridged(name, limit: 80))'",
        hint: (nearest.map { "did you mean \($0)? " } ?? "") + "/set lists what there is")
    case .needlessText(let command, let text):
      Diagnostic(
        .badData, code: "chat.needless-text",
        "\(command) takes nothing, but '\(abridged(text, limit: 80))' stands behind it",
        hint: "a message that begins with / is written with //")
    case .noFile:
      Diagnostic(.badData, code: "chat.no-file", "/save needs the name of a file")
    case .notSaved(let diagnostic): diagnostic
    case .messageTooLong(let tokens, let context):
      Diagnostic(
        .badData, code: "chat.message-too-long",
        "even without what was said before, that is \(tokens) tokens, and the context has "
          + "\(context)", hint: "shorten it")
    case .unanswered(let count, let total):
      Diagnostic(
        .badData, code: "chat.unanswered",
        "\(count) of \(total) lines got no answer",
        hint: "a warning says why for each, unless --quiet is given")
    }
  }
}
