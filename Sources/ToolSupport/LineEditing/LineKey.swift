/// What a key, or a paste, asks of a line that is edited.
package enum LineKey: Equatable, Sendable {
  /// Text for where the cursor is: typed, or pasted as a whole.
  case text(String)
  case left, right, wordLeft, wordRight, home, end
  /// The line before this one, or after it, of those that were said.
  case previous, next
  case deleteBackward, deleteForward
  /// Take away what `yank` brings back: up to the line's beginning or end, or a word.
  case killBackward, killForward, killWordBackward, killWordForward
  /// The same up to a blank.
  case killBackwardToBlank
  case yank
  /// Swap the characters around the cursor.
  case transpose
  case complete
  /// Begin the screen anew with this line.
  case clearScreen
  case enter
  case interrupt
  /// Delete forward; at an empty line the end of the input.
  case deleteOrEnd
  case suspend
}
