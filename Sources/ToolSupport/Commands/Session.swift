import Diagnostics
import JSONCore
import LibC

/// One run of the tool: what stdout and stderr show of it, and how it ends.
struct Session: Sendable {
  let environment: CommandTool.Environment
  private let version: String
  private let json: Bool
  private let renderer: DiagnosticRenderer
  private let progress: ProgressRenderer

  /// Reads the options that decide how messages look before the command line is understood, so that
  /// a usage error is shown as asked for too.
  init(arguments: [String], environment: CommandTool.Environment, version: String) {
    self.environment = environment
    self.version = version
    let options = arguments.prefix { $0 != "--" }
    let json = ArgumentScanner.requestsJSON(arguments)
    let terminal = environment.terminal
    let color = requestedColor(options)
    self.json = json
    renderer = DiagnosticRenderer(json: json, colors: terminal.colorsMessages(color ?? .auto))
    // With --json, stderr of a run without a terminal holds nothing but the error's object.
    let style: ProgressRenderer.Style =
      if options.contains(OptionSpec.quiet.spelling) {
        .hidden
      } else if terminal.showsBar {
        .bar
      } else {
        json ? .hidden : .lines
      }
    progress = ProgressRenderer(style: style, sink: environment.writeError)
  }

  /// What a command works with.
  func context(for arguments: ParsedArguments) throws(UsageError) -> CommandContext {
    try CommandContext(
      arguments, terminal: environment.terminal, output: environment.output, progress: progress,
      renderer: renderer, version: version)
  }

  /// Ends a run that did its work.
  func finish() throws(OutputError) {
    progress.finish()
    try environment.output.flush()
  }

  /// Ends a run whose only work is to print this.
  func finish(printing text: String, or object: @autoclosure () -> JSON) throws -> ExitStatus {
    let text = json ? object().stating(version: version).serialized() + "\n" : text
    try environment.output.write(text)
    try finish()
    return .success
  }

  /// Ends a run that failed: tells why, and says which exit code that means.
  func end(with error: any Error) -> ExitStatus {
    progress.finish()
    if error as? OutputError == .readerGone { return .outputClosed }
    // An error leaves nothing half printed for a script; a person may have use for it.
    if json { environment.output.discard() }
    try? environment.output.flush()
    let diagnostic = Diagnostic(of: error)
    environment.writeError(renderer.error(diagnostic))
    return diagnostic.kind == .interrupted
      ? .signal(InterruptFlag.signal ?? SIGINT) : .failure(diagnostic.kind)
  }
}

extension Diagnostic {
  /// What an error says of itself.
  init(of error: any Error) {
    self =
      (error as? any Diagnosable)?.diagnostic
      ?? Diagnostic(
        .internalError, code: "internal.unexpected-error",
        "an error that kibble doesn't know: \(error)",
        hint: "this is a mistake in kibble; please report it with the command line")
  }
}

/// What `--color` asks for, if it is given and makes sense.
private func requestedColor(_ options: ArraySlice<String>) -> Terminal.ColorChoice? {
  let spelling = OptionSpec.color.spelling
  let attached = options.first { $0.hasPrefix(spelling + "=") }?.dropFirst(spelling.count + 1)
  let next = options.drop { $0 != spelling }.dropFirst().first
  return Terminal.ColorChoice(rawValue: attached.map { String($0) } ?? next ?? "")
}
