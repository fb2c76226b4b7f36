// The options that every command takes. They are accepted anywhere on the command line, also
// before the command's name.

extension OptionSpec {
  package static let json = flag("json", "print one JSON object on stdout and nothing else")
  package static let quiet = flag("quiet", "print results only: no progress, warnings or summaries")
  package static let threads = value(
    "threads", "N", "use at most N threads (default: one per processor)")
  package static let isa = value(
    "isa", "NAME", "the kernel set to use instead of the best one here",
    choices: ["scalar", "avx2", "avx512", "avx512vnni", "neon", "neondot"])
  package static let color = value(
    "color", "WHEN", "colour the messages", choices: Terminal.ColorChoice.allCases.map(\.rawValue),
    default: Terminal.ColorChoice.auto.rawValue)
  package static let force = flag("force", "replace an output that exists")
  package static let dryRun = flag("dry-run", "say what would be written, and write nothing")
  package static let help = flag("help", short: "h", "show help and end")
  package static let version = flag("version", "show the version and end")

  /// The global options, in the order of the help.
  ///
  /// `--force` and `--dry-run` are taken everywhere; the help of commands that write no file leaves
  /// them out.
  package static let global: [OptionSpec] =
    [json, quiet, threads, isa, color, force, dryRun, help, version]

  /// The global options that the help of a command lists.
  static func global(for command: CommandSpec) -> [OptionSpec] {
    global.filter { command.writesFile || ($0 != .force && $0 != .dryRun) }
  }
}
