import Testing
import ToolSupport

@Suite struct LineRendererTests {
  private func layout(_ text: String, cursor: Int? = nil, columns: Int = 11) -> LineLayout {
    let characters = Array(text)
    return LineLayout(
      prompt: "> ", characters, cursor: cursor ?? characters.count, columns: columns)
  }

  @Test func rowsEndBeforeTheLastColumn() {
    #expect(layout("12345678").rows == ["> 12345678"])
    #expect(layout("123456789").rows == ["> 12345678", "9"])
    #expect(layout("1234567漢x").rows == ["> 1234567", "漢x"])
    #expect(layout("1234567890", columns: 40).rows == ["> 1234567890"])
    let wide = layout(String(repeating: "x", count: 40), columns: 40)
    #expect(wide.rows == ["> " + String(repeating: "x", count: 37), "  xxx"])
    #expect(wide.widths == [39, 5])
    #expect(layout("漢字", columns: 1).rows == ["> ", "漢", "字"])
  }

  @Test func cursors() {
    func place(_ text: String, _ cursor: Int) -> [Int] {
      let layout = layout(text, cursor: cursor)
      return [layout.cursorRow, layout.cursorColumn]
    }
    #expect(place("", 0) == [0, 2])
    #expect(place("12345678", 8) == [0, 10])
    #expect(place("123456789", 8) == [1, 0])
    #expect(place("1234567漢", 7) == [1, 0])
    #expect(place("1234567漢", 8) == [1, 2])
    #expect(place("ab\ncd", 2) == [0, 4])
    #expect(place("ab\ncd", 3) == [1, 0])
    #expect(place("漢e\u{301}", 2) == [0, 5])
  }

  @Test func controlsAreSpelledOut() {
    #expect(layout("a\u{1B}[2Jb", columns: 80).rows == ["> a\\u{1b}[2Jb"])
    #expect(layout("a\tb\u{9B}c\u{202E}", columns: 80).rows == ["> a    b\\u{9b}c\\u{202e}"])
    #expect(layout("a\n\nb", columns: 80).rows == ["> a", "  ", "  b"])
    let layout = layout("\u{1B}", columns: 5)
    #expect(layout.rows == ["> \\u", "{1b}"])
  }

  /// After whatever keys and however the window changes, the screen shows the line and nothing else.
  @Test func screensAreRight() {
    var random = SystemRandomNumberGenerator()
    let keys: [LineKey] = [
      .text("a"), .text("word "), .text("漢字"), .text("👍"), .text("e\u{301}"), .text("x\ny\n"),
      .text("a line that takes many columns of any window "), .text("\u{1B}[2J"), .text("\t"),
      .left, .left, .right, .wordLeft, .wordRight, .home, .end, .deleteBackward, .deleteForward,
      .killForward, .killWordBackward, .yank, .previous, .next,
    ]
    for (columns, height) in [(80, 24), (40, 24), (40, 3), (13, 2), (7, 5)] {
      var editor = LineEditor()
      var renderer = LineRenderer(prompt: "> ")
      var screen = TestScreen(columns: columns, height: height)
      screen.show("before\r\n")
      for step in 0..<400 {
        let key = keys.randomElement(using: &random) ?? .home
        _ = editor.apply(key)
        screen.show(renderer.drawing(editor, columns: columns, rows: height))
        let layout = LineLayout(
          prompt: "> ", editor.characters, cursor: editor.cursor, columns: columns)
        let visible = screen.lines.suffix(min(height, layout.rows.count))
        #expect(screen.exceededColumns == 0, "\(columns) \(step) \(key)")
        #expect(
          layout.rows.map(trimmed).joined(separator: "\n").contains(
            visible.map(trimmed).joined(separator: "\n")), "\(columns) \(step) \(key)")
        let cursorLine = screen.row < screen.lines.count ? screen.lines[screen.row] : ""
        #expect(trimmed(cursorLine) == trimmed(layout.rows[layout.cursorRow]))
        #expect(screen.column == layout.cursorColumn)
        if layout.rows.count <= height - 1 { #expect(screen.lines.first == "before") }
        guard step % 50 == 49 else { continue }
        let text = editor.text
        _ = editor.apply(.enter)
        screen.show(renderer.finishing(text, columns: columns) + "after")
        #expect(
          screen.lines.suffix(layout.rows.count + 1).map(trimmed)
            == layout.rows.map(trimmed) + ["after"], "\(columns) \(step)")
        screen = TestScreen(columns: columns, height: height)
        screen.show("before\r\n")
      }
    }
  }

  /// Terminals break the rows that have become too long.
  @Test func aNarrowerWindow() {
    var editor = LineEditor()
    _ = editor.apply(.text(String(repeating: "word ", count: 30)))
    var renderer = LineRenderer(prompt: "> ")
    var screen = TestScreen(columns: 80, height: 24)
    screen.show("before\r\n" + renderer.drawing(editor, columns: 80, rows: 24))
    #expect(screen.lines.count == 3)
    var narrow = screen.reflowed(columns: 40)
    #expect(narrow.lines.count == 5)
    narrow.show(renderer.drawing(editor, columns: 40, rows: 24))
    let layout = LineLayout(
      prompt: "> ", editor.characters, cursor: editor.cursor, columns: 40)
    #expect(narrow.lines.map(trimmed) == ["before"] + layout.rows.map(trimmed))
  }

  @Test func leaving() {
    var editor = LineEditor()
    _ = editor.apply(.text("x\ny\nz"))
    _ = editor.apply(.home)
    var renderer = LineRenderer(prompt: "> ")
    var screen = TestScreen(columns: 20, height: 5)
    screen.show(renderer.drawing(editor, columns: 20, rows: 5))
    screen.show(renderer.leaving(mark: "^C") + "next")
    #expect(screen.lines == ["> x", "  y", "  z^C", "next"])
    screen.show(renderer.clearing() + renderer.drawing(LineEditor(), columns: 20, rows: 5))
    #expect(screen.lines == ["> "])
  }

  private func trimmed(_ text: String) -> String {
    var text = text
    while text.last == " " { text.removeLast() }
    return text
  }
}
