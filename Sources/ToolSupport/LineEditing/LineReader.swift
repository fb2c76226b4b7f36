import CSystem
import LibC

/// Asks for line after line: with editing where the terminal can do that, else as lines come.
///
/// The terminal hands on keys only while a line is read, so that Ctrl-C at other times is the signal
/// that it always is.
package final class LineReader {
  private let input: StandardInput
  private let output: StandardOutput
  private let prompt: String
  private let edits: Bool
  private var editor: LineEditor
  private var decoder = KeyDecoder()
  /// Keys behind the end of the last line.
  private var keys: ArraySlice<LineKey> = []

  /// How long the rest of a key's sequence may take.
  private static let millisecondsOfDoubt: Int32 = 100

  /// A reader.
  ///
  /// - Parameters:
  ///   - input: where lines come from.
  ///   - output: the process's stdout, where the line is shown.
  ///   - terminal: what stdout leads to.
  ///   - prompt: what stands before a line on a terminal.
  ///   - completions: words that the Tab key completes at a line's beginning.
  package init(
    _ input: StandardInput, _ output: StandardOutput, _ terminal: Terminal, prompt: String,
    completions: [String] = []
  ) {
    self.input = input
    self.output = output
    self.prompt = prompt
    edits = input.isTerminal && terminal.outputIsTerminal && terminal.isCapable
    editor = LineEditor(completions: completions)
    if edits { Signals.wakeForTerminal() }
  }

  /// The next line, which may have line feeds in it where it was pasted.
  ///
  /// - Throws: `InputError`, or `OutputError`.
  package func readLine() throws -> StandardInput.Line {
    guard edits, takesKeys() else { return try readWithoutEditing() }
    defer { kb_end_keys() }
    try takeTypedAhead()
    var renderer = LineRenderer(prompt: prompt)
    while true {
      if let line = try applyKeys(&renderer) { return line }
      try show(
        renderer.drawing(
          editor, columns: Terminal.outputWidth(), rows: Terminal.outputHeight()))
      switch try InterruptFlag.isSet ? .signal : waitForKeys() {
      case .bytes(let bytes): keys += decoder.decode(bytes)
      case .nothing: keys += decoder.endDoubt()
      case .end:
        try show(renderer.leaving())
        return .end
      case .signal where InterruptFlag.isSet:
        _ = editor.apply(.interrupt)
        try show(renderer.leaving())
        return .interrupted
      // The window has another size, or a shell has used the terminal meanwhile.
      case .signal: _ = takesKeys()
      }
    }
  }

  /// Takes what was typed while the terminal took lines: Linux makes NUL of a Ctrl-D among that.
  private func takeTypedAhead() throws(InputError) {
    guard case .bytes(let bytes) = try input.readAvailable(within: 0) else { return }
    keys += decoder.decode(bytes.map { $0 == 0 ? ASCII.endOfTransmission : $0 })
  }

  private func waitForKeys() throws(InputError) -> StandardInput.Available {
    try input.readAvailable(
      within: decoder.isInDoubt ? Self.millisecondsOfDoubt : StandardInput.anyTime)
  }

  /// Does what the keys ask for, up to the end of the line.
  private func applyKeys(_ renderer: inout LineRenderer) throws -> StandardInput.Line? {
    while let key = keys.popFirst() {
      switch editor.apply(key) {
      case .edited: break
      case .refused: try show("\u{7}")
      case .screenCleared: try show(renderer.clearing())
      case .line(let text):
        try show(renderer.finishing(text, columns: Terminal.outputWidth()))
        return .text(Array(text.utf8))
      case .ended:
        try show(renderer.leaving())
        return .end
      case .interrupted:
        keys = []
        try show(renderer.leaving(mark: "^C"))
      case .suspended:
        try show(renderer.leaving())
        kb_end_keys()
        // The whole job, as the terminal does it.
        kill(0, SIGTSTP)
        _ = takesKeys()
      }
    }
    return nil
  }

  private func readWithoutEditing() throws -> StandardInput.Line {
    guard input.isTerminal else { return try input.readLine() }
    try show(prompt)
    let line = try input.readLine()
    if case .text = line { return line }
    try output.writeLine()
    return line
  }

  private func takesKeys() -> Bool { kb_begin_keys(input.descriptor, STDOUT_FILENO) == 0 }

  private func show(_ text: String) throws(OutputError) {
    try output.write(text)
    try output.flush()
  }
}
