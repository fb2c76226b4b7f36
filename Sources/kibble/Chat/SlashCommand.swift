import ToolSupport

/// What can be said in a conversation besides messages: a line that begins with a slash.
enum SlashCommand: String, CaseIterable {
  case help, system, reset, set, save, exit, quit

  var spelling: String { "/" + rawValue }

  /// Whether something may stand behind it.
  var takesText: Bool { [.system, .set, .save].contains(self) }

  /// What `/help` shows.
  static let overview: String = {
    let entries = [
      ("/system [TEXT]", "begin anew with other instructions, or with none"),
      ("/reset", "begin anew"),
      ("/set NAME VALUE", "choose tokens otherwise, as by the option of that name"),
      ("/set", "show how tokens are chosen"),
      ("/save FILE", "write the conversation to a file, as JSON"),
      ("/exit, /quit", "leave, as Ctrl-D does"),
      ("//TEXT", "say /TEXT: a message that begins with a slash"),
      ("Ctrl-C", "stop the answer, or take the line back"),
      ("Alt-Enter", "begin a new line in the message; a paste may have many"),
    ]
    let width = entries.reduce(0) { max($0, $1.0.count) } + 2
    return entries.map { $0.0 + String(repeating: " ", count: width - $0.0.count) + $0.1 }
      .joined(separator: "\n")
  }()
}

/// What a line of a conversation is.
enum ChatLine: Equatable {
  case nothing
  case message(String)
  case command(SlashCommand, String)

  /// Tells commands from messages by the line's first character.
  ///
  /// - Throws: `ChatError` for a command that there is not.
  init(_ line: String) throws(ChatError) {
    guard line.contains(where: { !$0.isWhitespace }) else {
      self = .nothing
      return
    }
    // What has several lines was pasted, and is a message.
    guard line.hasPrefix("/"), !line.hasPrefix("//"), !line.contains("\n") else {
      self = .message(line.hasPrefix("//") ? String(line.dropFirst()) : line)
      return
    }
    let word = String(line.prefix { !$0.isWhitespace })
    guard let command = SlashCommand.allCases.first(where: { $0.spelling == word }) else {
      let nearest = nearestName(
        to: String(word.dropFirst()), among: SlashCommand.allCases.map(\.rawValue))
      throw .unknownCommand(word, nearest: nearest.map { "/" + $0 })
    }
    var text = line.dropFirst(word.count).drop(while: \.isWhitespace)
    while text.last?.isWhitespace == true { text.removeLast() }
    guard text.isEmpty || command.takesText else {
      throw .needlessText(command.spelling, String(text))
    }
    self = .command(command, String(text))
  }
}
