import Foundation
import TestSupport
import Testing

/// What the README shows is what happens.
@Suite struct ReadmeTests {
  private static let text = try? String(
    contentsOf: Fixtures.repository.appending(path: "README.md"), encoding: .utf8)

  /// The lines between fences.
  private static var blocks: [[String]] {
    var blocks: [[String]] = []
    var isInside = false
    for line in (text ?? "").components(separatedBy: "\n") {
      if line.hasPrefix("```") {
        isInside.toggle()
        if isInside { blocks.append([]) }
      } else if isInside {
        blocks[blocks.count - 1].append(line)
      }
    }
    return blocks
  }

  /// A command with a prompt, and the lines that follow it.
  private static var sessions: [(command: String, shown: [String])] {
    var sessions: [(command: String, shown: [String])] = []
    for block in blocks where block.first?.hasPrefix("$ kibble ") == true {
      for line in block {
        if line.hasPrefix("$ ") {
          sessions.append((String(line.dropFirst(2)), []))
        } else {
          sessions[sessions.count - 1].shown.append(line)
        }
      }
    }
    return sessions
  }

  /// How long something took and how fast that was depends on the machine.
  private func plain(_ lines: [String]) -> [String] {
    let kept = lines.map { line in
      line.replacingOccurrences(
        of: "[0-9.,]+ (µs|ms|s|tok/s)\\b| +$", with: "", options: .regularExpression)
    }
    return Array(kept.drop { $0.isEmpty }.reversed().drop { $0.isEmpty }.reversed())
  }

  /// All commands on models of this repository, one after the other in an empty folder.
  @Test func commands() throws {
    let folder = try TemporaryFolder()
    let program = try #require(Program.path)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("fixtures"),
      withDestinationPath: Fixtures.repository.appending(path: "fixtures").path)
    var count = 0
    for (command, shown) in Self.sessions where !command.contains("Doge-") {
      let run = try Child(
        [
          "-c",
          "cd '\(folder.path)' && PATH=\"$(dirname '\(program)'):$PATH\" && COLUMNS=80 "
            + command,
        ], program: "/bin/sh"
      ).wait()
      #expect(run.code == 0, "\(command): \(run.errors)")
      let errors = run.errors.components(separatedBy: "\n").filter { !$0.contains(" ... ") }
      let lines = plain(run.output.components(separatedBy: "\n")) + plain(errors)
      if !shown.isEmpty { #expect(lines == plain(shown), "\(command)") }
      count += 1
    }
    #expect(count >= 5)
  }

  /// The Swift example is what CI builds and runs.
  @Test func example() throws {
    let file = Fixtures.repository.appending(
      path: "Tests/ImportCheck/Sources/ImportCheck/main.swift")
    let source = try String(contentsOf: file, encoding: .utf8)
    #expect(Self.blocks.contains { $0.joined(separator: "\n") + "\n" == source })
  }
}
