import Foundation
import KibbleTool
import TestSupport
import Testing
import ToolSupport

/// Help texts are what they were; `KIBBLE_UPDATE_SNAPSHOTS=1` writes them anew.
@Suite struct HelpTests {
  private static let folder =
    Fixtures.repository.appending(path: "Tests/CommandTests/Snapshots")
  private static let updates =
    ProcessInfo.processInfo.environment["KIBBLE_UPDATE_SNAPSHOTS"] == "1"

  private func compare(_ text: String, _ name: String) throws {
    let file = Self.folder.appending(path: name + ".txt")
    if Self.updates { try Data(text.utf8).write(to: file) }
    let expected = try String(contentsOf: file, encoding: .utf8)
    #expect(text == expected, "KIBBLE_UPDATE_SNAPSHOTS=1 swift test writes \(name).txt anew")
  }

  @Test func overview() throws {
    let help = try kibble("help")
    #expect(help.code == 0 && help.errors == "")
    try compare(help.output, "help")
    #expect(try kibble("--help").output == help.output)
    let nothing = try kibble()
    #expect(nothing.code == 64 && nothing.output == "" && nothing.errors == help.output)
  }

  @Test(arguments: Kibble.tool.specs.map(\.name)) func command(_ name: String) throws {
    let help = try kibble("help", name)
    #expect(help.code == 0 && help.errors == "")
    if name != "help" { try compare(help.output, name) }
    #expect(try kibble(name, "--help").output == help.output)
    #expect(try kibble(name, "-h").output == help.output)
    #expect(help.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
    guard name != "help" else { return }
    // A screen, of which nothing was left out that --all does not say.
    #expect(help.output.count { $0 == "\n" } <= 50)
    let all = try kibble("help", name, "--all").output
    for option in Kibble.tool.specs.first(where: { $0.name == name })?.options ?? [] {
      #expect(help.output.contains(option.spelling) && all.contains(option.spelling))
    }
  }

  @Test func noSnapshotIsLeftOver() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
    let names = Set(Kibble.tool.specs.map { $0.name + ".txt" })
    #expect(Set(files) == names.union(["mistakes.log"]))
  }

  @Test func version() throws {
    let run = try kibble("--version")
    #expect(run.code == 0 && run.output.hasPrefix("kibble ") && run.errors == "")
    let json = try kibble("--version", "--json").json
    #expect(run.output == "kibble \(json["version"]?.stringValue ?? "")\n")
  }
}
