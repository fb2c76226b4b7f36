import Foundation
import TestSupport
import Testing

/// What goes wrong around a run and not in it: streams, links, limits.
@Suite struct FaultTests {
  let bench: Workbench

  init() throws { bench = try Workbench() }

  /// Runs a script in the folder of the outputs; `$K` is the program and `$M` a checkpoint.
  private func shell(_ script: String) throws -> Run {
    let program = try #require(Program.path)
    return try Child(
      [
        "-c", "cd \"$3\"; K=$1 M=$2; \(script)", "sh", program, bench.checkpoint, bench.folder.path,
      ],
      program: "/bin/sh"
    ).wait()
  }

  @Test(arguments: ["2>&-", ">&- 2>&-", "<&- >&- 2>&-", "<&- 2>&-"])
  func closedStreamsDoNotGetIntoOutputs(_ closed: String) throws {
    let run = try shell(
      """
      echo '[1,2,3]' > tok.json
      for at in whole closed; do
        end='\(closed)'; test $at = closed || end=
        eval "\\$K logits \\$M --tokens tok.json -o $at.logits $end" || exit 90
        eval "\\$K export \\$M -o $at.folder $end" || exit 91
        eval "\\$K convert \\$M -o $at.kibble $end" || exit 92
      done
      cmp whole.logits closed.logits && cmp whole.kibble closed.kibble \
        && diff -r whole.folder closed.folder
      """)
    #expect(run.code == 0, "\(run.errors)")
  }

  /// A finished file is not lost because its summary cannot be told.
  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")),
    arguments: [
      "convert $M -o out --force", "convert $M -o out --force --json",
      "quantize $M -o out --force --type int4",
      "export $M -o folder",
    ])
  func summariesThatCannotBePrinted(_ command: String) throws {
    try bench.folder.write("out", [9])
    let run = try shell("$K \(command) > /dev/full")
    #expect(run.code == 0)
    #expect(run.errors.contains("the output is in its place"))
    #expect(try command.hasPrefix("export") || bench.folder.read("out").count > 9)
    // Nothing but the words would be left of a dry run.
    #expect(try shell("$K \(command) --dry-run > /dev/full").code == 74)
  }

  @Test func nobodyReadsTheSummary() throws {
    let run = try shell("{ $K convert $M -o out --quiet --json; echo $? >&2; } | true")
    #expect(run.errors == "0\n")
    #expect(try bench.folder.names() == ["out"])
  }

  @Test(arguments: ["-o /dev/stdout", "-o out", "-o link"])
  func theStandardOutputIsNoOutput(_ option: String) throws {
    let run = try shell("ln -s out link; $K convert $M \(option) --force > out")
    expectRefusal(run, 73)
    #expect(try bench.folder.names() == ["link", "out"])
  }

  @Test(arguments: [
    "-o folder/", "-o none/", "-o pipe --force", "-o /dev/null --force", "-o dangling --force",
    "-o out --save-recipe none/", "-o out --save-recipe none/recipe", "-o out --save-recipe pipe",
  ])
  func outputsThatCannotBe(_ options: String) throws {
    let run = try shell("mkdir folder; mkfifo pipe; ln -s none dangling; $K convert $M \(options)")
    expectRefusal(run, 73)
    #expect(try bench.folder.names() == ["dangling", "folder", "pipe"])
  }

  @Test(arguments: ["convert $M -o out", "convert $M -o out --type int4", "export $M -o folder"])
  func filesThatMayNotBeSoLong(_ command: String) throws {
    let run = try shell("ulimit -f 8; $K \(command) --quiet")
    expectRefusal(run, 74, "too large")
    #expect(try bench.folder.names() == [])
  }

  @Test(arguments: ["convert $M -o out", "export $M -o out", "logits $M --tokens tok -o out"])
  func tooFewDescriptors(_ command: String) throws {
    try bench.folder.write("tok", "[1, 2]")
    for count in 3...10 {
      let run = try shell("ulimit -n \(count); exec $K \(command) --quiet")
      guard !run.errors.contains("shared libraries") else { continue }
      #expect([0, 66, 73, 74].contains(run.code), "\(count): \(run.errors)")
      #expect(try bench.folder.names().allSatisfy { ["tok", "out"].contains($0) })
      _ = try shell("rm -rf out")
    }
  }

  /// Wherever memory ends, that is told, and nothing is left.
  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: "/proc/self/maps")),
    arguments: ["convert $M -o new", "generate folder --prompt hi", "verify $M $M", "bench $M"])
  func tooLittleMemory(_ command: String) throws {
    _ = try shell("cp -r $M folder")
    for kibibytes in stride(from: 30_000, to: 200_000, by: 10_000) {
      let run = try shell("ulimit -v \(kibibytes); exec $K \(command) --quiet")
      // The loader comes first.
      guard !run.errors.contains("shared libraries") else { continue }
      #expect([0, 66, 74].contains(run.code), "\(kibibytes): \(run.errors)")
      #expect(run.errors.split(separator: "\n").filter { $0.contains("error: ") }.count <= 1)
      #expect(try bench.folder.names().allSatisfy { ["folder", "new"].contains($0) })
      _ = try shell("rm -f new")
    }
  }
}

/// Links of a checkpoint's folder.
@Suite struct LinkTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    _ = try folder.copy(fixture: "doge-nano", as: "models--o--n/snapshots/aaa")
  }

  private var snapshot: String { folder.path("models--o--n/snapshots/aaa") }

  private func link(_ name: String, to target: String) throws {
    try? FileManager.default.removeItem(atPath: snapshot + "/" + name)
    try FileManager.default.createSymbolicLink(
      atPath: snapshot + "/" + name, withDestinationPath: target)
  }

  @Test(arguments: [
    "tokenizer.json", "generation_config.json", "chat_template.jinja", "config.json", "README.md",
    "model.safetensors", "tokenizer_config.json", "special_tokens_map.json", "LICENSE",
  ])
  func downloadsThatAreIncomplete(_ name: String) throws {
    try link(name, to: "../../blobs/b5")
    let run = try kibble("convert", folder.path("models--o--n"), "-o", folder.path("out"))
    expectRefusal(run, 66, "\(name)' is a link to ../../blobs/b5, which is not there")
    #expect(run.errors.contains("the download is incomplete"))
    #expect(!run.errors.contains("spelling"))
  }

  @Test(arguments: [
    ("tokenize", "hi", "tokenizer.json"), ("render", "--jsonl=lines", "chat_template.jinja"),
    ("render", "--jsonl=lines", "tokenizer_config.json"), ("chat", "--message=a", "tokenizer.json"),
    ("chat", "--message=a", "generation_config.json"), ("generate", "--prompt=a", "config.json"),
  ])
  func commandsOnAnIncompleteDownload(_ command: String, _ option: String, _ name: String) throws {
    let lines = try folder.write("lines", #"{"messages": []}"#)
    try link(name, to: "../../blobs/b5")
    let option = option.replacingOccurrences(of: "lines", with: lines)
    expectRefusal(
      try kibble(command, snapshot, option), 66, "\(name)' is a link to ../../blobs/b5")
  }

  @Test(arguments: ["LICENSE", "chat_template.jinja", "tokenizer.json"])
  func filesOutsideOfTheFolderStayThere(_ name: String) throws {
    try folder.write("secret", "the secret that must not travel")
    try folder.write("models--o--n/blobs/b", "a licence of the cache")
    try link(name, to: "../../../secret")
    try link("LICENSE.md", to: "../../blobs/b")
    try link("LICENSE.txt", to: "LICENSE.md")
    let run = try kibble("convert", snapshot, "-o", folder.path("out"), "--force")
    #expect(run.code == 0 && run.errors.contains("\(name) is a link to ../../../secret"))
    let bytes = try Data(folder.read("out"))
    #expect(bytes.range(of: Data("the secret".utf8)) == nil)
    #expect(bytes.range(of: Data("a licence of the cache".utf8)) != nil)
  }
}
