import Foundation
import JSONCore
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a run of the program left behind.
struct Run {
  /// The exit code; 1000 and the signal's number where a signal ended it.
  let code: Int
  let output: String
  let errors: String

  /// The object on stdout.
  var json: JSON { get throws { try JSON.parse(Array(output.utf8)) } }

  /// The object of the error on stderr.
  var error: JSON {
    get throws { try #require(JSON.parse(Array(errors.utf8))["error"]) }
  }
}

/// The built program, as a user runs it.
enum Program {
  /// Beside the test bundle, wherever that was built.
  static let path: String? = {
    let bundles = Bundle.allBundles.map(\.bundlePath) + CommandLine.arguments
    for bundle in bundles where bundle.contains(".xctest") {
      var folder = URL(fileURLWithPath: bundle).resolvingSymlinksInPath()
      for _ in 0..<5 {
        folder.deleteLastPathComponent()
        let candidate = folder.appending(path: "kibble").path
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder),
          !isFolder.boolValue
        {
          return candidate
        }
      }
    }
    return nil
  }()

  /// Runs it to its end; `output` is what stdout is where it isn't read.
  static func run(
    _ arguments: [String], input: String? = nil, output: Int32? = nil
  ) throws -> Run {
    try Child(arguments, input: input, output: output).wait()
  }
}

func kibble(_ arguments: String...) throws -> Run { try Program.run(arguments) }

/// A started program; one that leads a session has its input's terminal to itself.
final class Child {
  private let folder: TemporaryFolder
  private let process: pid_t

  init(
    _ arguments: [String], program: String? = Program.path, input: String? = nil,
    inputPath: String = "/dev/null", output: Int32? = nil, leadsSession: Bool = false
  ) throws {
    let path = try #require(program, "the program is not beside the tests")
    let folder = try TemporaryFolder()
    let inputPath = try input.map { try folder.write("input", $0) } ?? inputPath
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
    #else
      var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, inputPath, O_RDONLY, 0)
    if let output {
      posix_spawn_file_actions_adddup2(&actions, output, 1)
    } else {
      posix_spawn_file_actions_addopen(
        &actions, 1, folder.path("output"), O_WRONLY | O_CREAT, 0o600)
    }
    posix_spawn_file_actions_addopen(
      &actions, 2, folder.path("errors"), O_WRONLY | O_CREAT, 0o600)
    #if canImport(Darwin)
      var attributes: posix_spawnattr_t?
    #else
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The threads of tests block signals, and a program inherits that.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    // Whoever leads a session makes the terminal that it opens first its own.
    let session = leadsSession ? POSIX_SPAWN_SETSID : 0
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | session))
    var words = ([path] + arguments).map { strdup($0) } + [nil]
    defer { words.forEach { free($0) } }
    var process = pid_t()
    let failure = posix_spawnp(&process, path, &actions, &attributes, &words, environ)
    try #require(failure == 0, "cannot run \(path)")
    self.folder = folder
    self.process = process
  }

  func send(_ signal: Int32) { kill(process, signal) }

  func wait() throws -> Run {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    func text(_ name: String) -> String {
      let data = try? Data(contentsOf: URL(fileURLWithPath: folder.path(name)))
      return String(decoding: data ?? Data(), as: UTF8.self)
    }
    let signal = Int(status & 0x7F)
    return Run(
      code: signal == 0 ? Int(status >> 8 & 0xFF) : 1000 + signal, output: text("output"),
      errors: text("errors"))
  }
}

/// Checks that a run was refused: that exit code, nothing on stdout, and one message on stderr.
func expectRefusal(
  _ run: Run, _ code: Int, _ mentioned: String..., location: SourceLocation = #_sourceLocation
) {
  #expect(run.code == code, "\(run.errors)", sourceLocation: location)
  #expect(run.output == "", sourceLocation: location)
  let messages = run.errors.split(separator: "\n").filter { $0.hasPrefix("kibble: error: ") }
  #expect(messages.count == 1, "\(run.errors)", sourceLocation: location)
  for text in mentioned {
    #expect(run.errors.contains(text), "\(run.errors)", sourceLocation: location)
  }
}

extension JSON {
  /// The keys of an object.
  var keys: Set<String> { Set(objectValue?.members.map(\.key) ?? []) }
}

/// Whether a value is a CRC-32 as results print it.
func isChecksum(_ value: JSON?) -> Bool {
  value?.stringValue != nil && value?.checksumValue != nil
}

/// A folder for outputs, and the checkpoint that most tests read.
struct Workbench {
  let folder: TemporaryFolder
  let checkpoint: String

  init(
    checkpoint: String = Fixtures.folder("reference/e6-gqa-tied-bf16"),
    folder: TemporaryFolder? = nil
  ) throws {
    self.folder = try folder ?? TemporaryFolder()
    self.checkpoint = checkpoint
  }

  func path(_ name: String) -> String { folder.path(name) }

  /// Converts the checkpoint.
  func convert(_ name: String, _ options: String...) throws -> String {
    let run = try Program.run(["convert", checkpoint, "-o", path(name), "--quiet"] + options)
    try #require(run.code == 0, "\(run.errors)")
    return path(name)
  }
}
