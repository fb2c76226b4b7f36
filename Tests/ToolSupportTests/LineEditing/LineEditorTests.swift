import Diagnostics
import Testing
import ToolSupport

@Suite struct LineEditorTests {
  /// What a line is after some keys, with | for the cursor.
  private func line(_ keys: LineKey..., editor: LineEditor = LineEditor()) -> String {
    var editor = editor
    for key in keys { _ = editor.apply(key) }
    return shown(editor)
  }

  private func shown(_ editor: LineEditor) -> String {
    String(editor.characters[..<editor.cursor]) + "|"
      + String(editor.characters[editor.cursor...])
  }

  @Test func moving() {
    #expect(line(.text("abc"), .left, .text("x"), .home, .text("y")) == "y|abxc")
    #expect(line(.text("abc"), .home, .right, .end, .right) == "abc|")
    let words = "one, two  three"
    #expect(line(.text(words), .wordLeft) == "one, two  |three")
    #expect(line(.text(words), .wordLeft, .wordLeft) == "one, |two  three")
    #expect(line(.text(words), .wordLeft, .wordLeft, .wordLeft, .wordLeft) == "|one, two  three")
    #expect(line(.text(words), .home, .wordRight) == "one|, two  three")
    #expect(line(.text(words), .home, .wordRight, .wordRight) == "one, two|  three")
  }

  @Test func deleting() {
    #expect(line(.text("abc"), .deleteBackward) == "ab|")
    #expect(line(.text("abc"), .home, .deleteForward) == "|bc")
    #expect(line(.text("abc"), .home, .deleteOrEnd) == "|bc")
    #expect(line(.text("a b c"), .left, .killForward) == "a b |")
    #expect(line(.text("a b c"), .left, .killBackward) == "|c")
    #expect(line(.text("one a-b  "), .killBackwardToBlank) == "one |")
    #expect(line(.text("one a-b"), .killWordBackward) == "one a-|")
    #expect(line(.text("one two"), .home, .killWordForward) == "| two")
    #expect(line(.text("one two"), .killBackwardToBlank, .home, .yank) == "two|one ")
    #expect(line(.text("abc"), .transpose) == "acb|")
    #expect(line(.text("abc"), .left, .left, .transpose) == "ba|c")
  }

  @Test func whatCannotBeDoneIsRefused() {
    var editor = LineEditor()
    let keys: [LineKey] = [
      .left, .right, .deleteBackward, .deleteForward, .killForward, .previous, .next, .transpose,
      .complete,
    ]
    for key in keys { #expect(editor.apply(key) == .refused, "\(key)") }
    #expect(editor.apply(.deleteOrEnd) == .ended)
    let long = String(repeating: "a", count: Limits.standardInputLine)
    #expect(editor.apply(.text(long)) == .edited)
    #expect(editor.apply(.text("a")) == .refused)
    #expect(editor.characters.count == Limits.standardInputLine)
  }

  /// A letter and its accent, flags and families are characters, whenever their parts come.
  @Test func characters() {
    #expect(line(.text("漢字"), .left, .deleteBackward) == "|字")
    #expect(line(.text("ae"), .text("\u{301}"), .deleteBackward) == "a|")
    #expect(line(.text("👩‍👩‍👧x"), .left, .left) == "|👩‍👩‍👧x")
    #expect(line(.text("👩"), .text("\u{200D}👧"), .deleteBackward) == "|")
    #expect(line(.text("🇩🇪"), .left, .text("x")) == "x|🇩🇪")
    #expect(line(.text("\u{301}"), .home, .text("e")) == "e\u{301}|")
  }

  @Test func history() {
    var editor = LineEditor()
    for text in ["one", "two", "two", ""] {
      _ = editor.apply(.text(text))
      #expect(editor.apply(.enter) == .line(text))
      #expect(shown(editor) == "|")
    }
    #expect(line(.previous, editor: editor) == "two|")
    #expect(line(.previous, .previous, .previous, editor: editor) == "one|")
    #expect(line(.text("new"), .previous, .previous, .next, editor: editor) == "two|")
    #expect(line(.text("new"), .previous, .previous, .next, .next, editor: editor) == "new|")
    // A line that was said stays as it was.
    #expect(line(.previous, .text("x"), .previous, .next, editor: editor) == "two|")
    _ = editor.apply(.previous)
    #expect(editor.apply(.interrupt) == .interrupted)
    #expect(shown(editor) == "|")
    #expect(line(.previous, editor: editor) == "two|")
  }

  @Test func completion() {
    let editor = LineEditor(completions: ["/system", "/set", "/save", "/reset"])
    #expect(line(.text("/r"), .complete, editor: editor) == "/reset |")
    #expect(line(.text("/s"), .complete, editor: editor) == "/s|")
    #expect(line(.text("/sy"), .complete, editor: editor) == "/system |")
    #expect(line(.text("r"), .complete, editor: editor) == "r|")
    #expect(line(.text("/r"), .left, .complete, editor: editor) == "/|r")
    let others = LineEditor(completions: ["/alpha", "/alphabet"])
    #expect(line(.text("/a"), .complete, editor: others) == "/alpha|")
  }
}
