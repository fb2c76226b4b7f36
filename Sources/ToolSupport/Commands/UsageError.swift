/// A command line that can't be understood; `command` is the command whose help explains it.
package enum UsageError: Error, Equatable, Sendable {
  case unknownCommand(String, nearest: String?)
  case unknownOption(String, nearest: String?, command: String?)
  /// An option of a command stands before the command's name.
  case optionBeforeCommand(String)
  case missingValue(option: String, placeholder: String, next: String?, command: String?)
  case unexpectedValue(option: String, value: String, command: String?)
  case repeatedOption(String, command: String?)
  case invalidChoice(
    option: String, value: String, choices: [String], nearest: String?, command: String?)
  case invalidValue(option: String, value: String, expected: String, command: String?)
  case missingArgument(String, command: String)
  case missingOption(String, command: String)
  case unexpectedArgument(String, command: String)
  /// An argument's bytes are not UTF-8; the text has replacement characters for those.
  case argumentNotUTF8(place: Int, text: String)
  /// `--dry-run` of a command that writes no file.
  case nothingToWrite(command: String)
  case conflictingOptions(String, String, command: String)
}
