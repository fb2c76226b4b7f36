import LibC

/// What stdout and stderr lead to, and what may be shown there.
///
/// Nothing else in the tool asks the environment how to look.
package struct Terminal: Equatable, Sendable {
  /// The values of `--color`; `auto` asks the terminal and `NO_COLOR`.
  package enum ColorChoice: String, CaseIterable, Sendable {
    case auto, always, never
  }

  /// Whether stdout is a terminal.
  package let outputIsTerminal: Bool
  /// Whether stderr is a terminal.
  package let errorIsTerminal: Bool
  /// Whether the terminal moves its cursor; a dumb one doesn't.
  package let isCapable: Bool
  /// Whether the environment asks for no colour.
  package let colorIsUnwanted: Bool

  package init(
    outputIsTerminal: Bool = false, errorIsTerminal: Bool = false, isCapable: Bool = true,
    colorIsUnwanted: Bool = false
  ) {
    self.outputIsTerminal = outputIsTerminal
    self.errorIsTerminal = errorIsTerminal
    self.isCapable = isCapable
    self.colorIsUnwanted = colorIsUnwanted
  }

  /// What the process's descriptors, `TERM` and `NO_COLOR` say.
  package static func ofProcess() -> Terminal {
    let type = ProcessEnvironment.value("TERM") ?? ""
    return Terminal(
      outputIsTerminal: isatty(STDOUT_FILENO) == 1, errorIsTerminal: isatty(STDERR_FILENO) == 1,
      isCapable: !type.isEmpty && type != "dumb",
      // A variable that is set and empty asks for nothing (no-color.org).
      colorIsUnwanted: !(ProcessEnvironment.value("NO_COLOR") ?? "").isEmpty)
  }

  /// The variables that are asked, and what each means.
  static let variables = [
    ("NO_COLOR", "set to anything but nothing: messages are not coloured, unless --color says so"),
    ("TERM", "dumb: neither colours, nor a bar of progress, nor editing of lines"),
    ("COLUMNS", "how wide tables are where the standard output is no terminal (default: 80)"),
  ]

  /// Whether stderr can show a bar that is drawn over itself.
  package var showsBar: Bool { errorIsTerminal && isCapable }

  /// Whether messages on stderr are coloured.
  package func colorsMessages(_ choice: ColorChoice) -> Bool {
    switch choice {
    case .always: true
    case .never: false
    case .auto: errorIsTerminal && isCapable && !colorIsUnwanted
    }
  }

  /// The columns of stderr's terminal right now; 80 where that isn't known.
  package static func errorWidth() -> Int { width(of: STDERR_FILENO) ?? 80 }

  /// The columns of stdout's terminal right now; what `COLUMNS` says where it is none, else 80.
  package static func outputWidth() -> Int {
    let columns = ProcessEnvironment.value("COLUMNS").flatMap { Int($0) }.flatMap {
      $0 >= 20 ? $0 : nil
    }
    return width(of: STDOUT_FILENO) ?? columns ?? 80
  }

  /// The rows of stdout's terminal right now; 24 where that isn't known.
  static func outputHeight() -> Int {
    let rows = size(of: STDOUT_FILENO).map { Int($0.ws_row) } ?? 0
    return rows > 0 ? rows : 24
  }

  private static func width(of descriptor: Int32) -> Int? {
    let columns = size(of: descriptor).map { Int($0.ws_col) } ?? 0
    return columns > 0 ? columns : nil
  }

  private static func size(of descriptor: Int32) -> winsize? {
    var size = winsize()
    return unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 ? size : nil
  }
}
