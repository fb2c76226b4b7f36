import CSystem
import Diagnostics
import JSONCore
import LibC

/// The tool as a whole: finds the command, runs it, and turns errors into messages and exit codes.
package struct CommandTool: Sendable {
  /// Where a run reads its surroundings and writes.
  package struct Environment: Sendable {
    let terminal: Terminal
    let output: StandardOutput
    let writeError: @Sendable (String) -> Void

    package init(
      terminal: Terminal, output: StandardOutput, writeError: @escaping @Sendable (String) -> Void
    ) {
      self.terminal = terminal
      self.output = output
      self.writeError = writeError
    }

    /// The process's stdout and stderr.
    package static func ofProcess() -> Environment {
      Environment(
        terminal: .ofProcess(), output: StandardOutput(descriptor: STDOUT_FILENO),
        writeError: { writeToStandardError($0) })
    }
  }

  private static let everything = OptionSpec.flag("all", "with everything that there is to say")
  private static let help = CommandSpec(
    name: "help", summary: "show what there is, or explain one command",
    positionals: [.optional("COMMAND", "the command to explain")], options: [everything])

  private let version: String
  private let commands: [any Command.Type]
  /// What help calls arguments that name a model, and finds the model.
  private let models: (names: Set<String>, find: @Sendable (String) throws -> String)
  private let scanner: ArgumentScanner
  private let renderer: HelpRenderer

  /// Makes the tool.
  ///
  /// - Parameters:
  ///   - version: what `--version` prints after the name.
  ///   - summary: what the tool is, in a sentence or two.
  ///   - sections: the commands, in the order of the help; `help` joins the last section.
  ///   - modelNames: what help calls arguments and values that name a model.
  ///   - findModel: the path of a model that is called so.
  package init(
    version: String, summary: String, sections: [CommandSection], modelNames: Set<String> = [],
    findModel: @escaping @Sendable (String) throws -> String = { $0 }
  ) {
    self.version = version
    models = (modelNames, findModel)
    commands = sections.flatMap(\.commands)
    var listed = sections.map { section in
      HelpRenderer.Section(title: section.title, commands: section.commands.map { $0.spec })
    }
    if let last = listed.popLast() {
      listed.append(.init(title: last.title, commands: last.commands + [Self.help]))
    }
    scanner = ArgumentScanner(commands: commands.map { $0.spec } + [Self.help])
    renderer = HelpRenderer(summary: summary, sections: listed)
  }

  /// The declarations of all commands, in the order of the help.
  package var specs: [CommandSpec] { renderer.commands }

  /// What a shell reads to complete the tool's command lines.
  package func completions(for shell: CompletionShell) -> String {
    CompletionRenderer(version: version, commands: specs).script(for: shell)
  }

  /// The manual page; the paragraphs of the description say what the commands have in common.
  package func manPage(description: [String]) -> String {
    ManPageRenderer(
      version: version, summary: renderer.summary, description: description,
      sections: renderer.sections
    ).page
  }

  /// Runs the process's command line to the end of the process.
  package func main() -> Never {
    kb_open_standard_descriptors()
    let arguments = Array(CommandLine.arguments.dropFirst())
    Signals.install(json: ArgumentScanner.requestsJSON(arguments))
    if let error = Self.argumentError() {
      let session = Session(arguments: arguments, environment: .ofProcess(), version: version)
      exit(session.end(with: error).code)
    }
    exit(run(arguments: arguments))
  }

  /// What is wrong with the bytes of the process's arguments, which Swift repairs without a word.
  private static func argumentError() -> UsageError? {
    for place in 1..<max(1, Int(CommandLine.argc)) {
      guard let bytes = unsafe CommandLine.unsafeArgv[place] else { continue }
      if unsafe String(validatingCString: bytes) == nil {
        return .argumentNotUTF8(place: place, text: unsafe String(cString: bytes))
      }
    }
    return nil
  }

  /// Runs a command line, given without the tool's name.
  ///
  /// - Returns: the exit code.
  package func run(arguments: [String], in environment: Environment = .ofProcess()) -> Int32 {
    let session = Session(arguments: arguments, environment: environment, version: version)
    do {
      return try perform(arguments, session).code
    } catch let error as UsageError {
      return session.end(with: error.diagnostic(knowing: specs)).code
    } catch {
      return session.end(with: error).code
    }
  }

  private func perform(_ arguments: [String], _ session: Session) throws -> ExitStatus {
    switch try scanner.scan(arguments) {
    case .nothing:
      session.environment.writeError(fitted(session).overview)
      return .failure(.usage)
    case .help(let command):
      return try showHelp(on: command, session)
    case .version:
      return try session.finish(
        printing: "kibble \(version)\n", or: ["schema": "kibble.version/1"])
    case .run(let arguments) where arguments.command == Self.help:
      guard let name = arguments.positionals.first else { return try showHelp(on: nil, session) }
      return try showHelp(
        on: scanner.command(named: name), isFull: arguments.has(Self.everything), session)
    case .run(let arguments):
      return try run(arguments, session)
    }
  }

  private func showHelp(
    on command: CommandSpec?, isFull: Bool = false, _ session: Session
  ) throws -> ExitStatus {
    let renderer = fitted(session)
    guard let command, command != Self.help else {
      return try session.finish(printing: renderer.overview, or: renderer.overviewJSON)
    }
    return try session.finish(
      printing: isFull ? renderer.fullText(for: command) : renderer.text(for: command),
      or: renderer.json(for: command))
  }

  /// The help for a terminal that has fewer columns than most.
  private func fitted(_ session: Session) -> HelpRenderer {
    var renderer = renderer
    if session.environment.terminal.outputIsTerminal {
      renderer.width = min(renderer.width, max(30, Terminal.outputWidth()))
    }
    return renderer
  }

  private func run(_ arguments: ParsedArguments, _ session: Session) throws -> ExitStatus {
    guard let command = commands.first(where: { $0.spec == arguments.command }) else {
      throw UsageError.unknownCommand(arguments.command.name, nearest: nil)
    }
    let arguments = try arguments.mapping(models.names, models.find)
    let context = try session.context(for: arguments)
    let status = try command.init().run(arguments, context)
    try session.finish()
    return status
  }
}
