import TestSupport
import ToolSupport

/// A shell that may be on this machine, for what is written for it.
enum Shell {
  /// Whether the program is there and starts.
  static func has(_ program: String, _ arguments: [String] = ["--version"]) -> Bool {
    (try? Child(arguments, program: program).wait().code) == 0
  }

  static let installed = CompletionShell.allCases.filter { has($0.rawValue) }

  /// Runs a script to its end, without anybody's settings.
  static func run(_ shell: CompletionShell, _ script: String) throws -> Run {
    let options =
      switch shell {
      case .bash: ["--norc", "--noprofile"]
      case .zsh: ["-f"]
      case .fish: ["--no-config"]
      }
    return try Child(options + ["-c", script], program: shell.rawValue).wait()
  }
}
