import Diagnostics
import JSONCore

/// What a command has to work with: where its output goes, and the options that all commands share.
package struct CommandContext: Sendable {
  package let terminal: Terminal
  /// The run's stdout; messages go to stderr through `warn` and `note`.
  package let output: StandardOutput
  /// Where long operations report, and learn of an interruption.
  package let progress: any ProgressSink
  /// Whether stdout shall hold one JSON object and nothing else.
  package let json: Bool
  /// Whether stderr shall hold errors only.
  package let quiet: Bool
  /// The most threads to use; nil leaves the choice to the tool.
  package let threads: Int?
  /// The kernel set to use; nil leaves the choice to the tool.
  package let isa: String?
  /// Whether an output that exists is replaced.
  package let force: Bool
  /// Whether to say what would be written and to write nothing.
  package let dryRun: Bool

  /// Whether to say what was written: not with `--quiet`, but of a dry run that is the result.
  package var summarizes: Bool { !quiet || dryRun }

  /// The program's version, which every object that it prints states.
  package let version: String

  private let writeMessage: @Sendable (String) -> Void
  private let renderer: DiagnosticRenderer

  init(
    _ arguments: ParsedArguments, terminal: Terminal, output: StandardOutput,
    progress: ProgressRenderer, renderer: DiagnosticRenderer, version: String
  ) throws(UsageError) {
    self.version = version
    self.terminal = terminal
    self.output = output
    self.progress = progress
    json = arguments.has(.json)
    quiet = arguments.has(.quiet)
    threads = try arguments.integer(.threads, in: 1...1024)
    isa = arguments.value(.isa)
    force = arguments.has(.force)
    dryRun = arguments.has(.dryRun)
    writeMessage = { progress.write($0) }
    self.renderer = renderer
  }

  /// Tells the user of something that doesn't end the run, unless they asked for quiet.
  package func warn(_ warning: Warning) {
    if !quiet { writeMessage(renderer.warning(warning)) }
  }

  /// Tells why one of several inputs failed, which does not end the run.
  ///
  /// - Returns: the exit status that the error would have ended a run with, and its JSON form.
  package func report(_ error: any Error) -> (status: ExitStatus, json: JSON) {
    let diagnostic = Diagnostic(of: error)
    writeMessage(renderer.error(diagnostic))
    return (.failure(diagnostic.kind), DiagnosticRenderer.object(Warning(diagnostic)))
  }

  /// Tells the user something beside the results, unless they asked for quiet or for JSON.
  package func note(_ text: String) {
    guard !quiet, !json else { return }
    guard terminal.errorIsTerminal else { return writeMessage(text + "\n") }
    let width = Terminal.errorWidth()
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line in
      displayWidth(String(line)) <= width ? [String(line)] : wrapped(String(line), width: width)
    }
    writeMessage(lines.joined(separator: "\n") + "\n")
  }

  /// Prints what there is to say of an output that is in its place by now.
  ///
  /// A finished file is not lost because nobody can be told of it: where stdout takes no more, that
  /// is a warning, and none is due where its reader went away. Nothing is written by a dry run,
  /// whose words are all that there is of it.
  package func summarize(_ print: () throws -> Void) throws {
    do {
      try print()
      try output.flush()
    } catch let error as OutputError where !dryRun {
      output.discard()
      if case .writeFailed(let reason) = error {
        warn(
          Warning(
            code: "output.no-summary",
            "the output is in its place, but the standard output takes no summary: \(reason)"))
      }
    }
  }

  /// Writes the result of a run with `--json`: the one object that stdout holds.
  package func emit(_ object: JSON) throws(OutputError) {
    let object = object.stating(version: version)
    try output.writeLine(object.serialized(pretty: terminal.outputIsTerminal))
  }
}

extension JSON {
  /// The object with the program's version behind its schema, unless it states one itself: whoever
  /// keeps a result shall know what made it.
  package func stating(version: String) -> JSON {
    guard let members = objectValue?.members.map({ ($0.key, $0.value) }),
      self["schema"] != nil, self["version"] == nil
    else { return self }
    return .object(
      JSONObject(members.prefix(1) + [("version", .string(version))] + members.dropFirst()))
  }
}
