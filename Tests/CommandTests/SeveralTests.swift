import Foundation
import JSONCore
import TestSupport
import Testing

/// Several models in one command: one that fails does not stop the others.
@Suite struct SeveralTests {
  private let folder: TemporaryFolder
  private let nano = Fixtures.folder("doge-nano")
  private let other: String

  init() throws {
    folder = try TemporaryFolder()
    other = try folder.copy(fixture: "doge-nano")
    try FileManager.default.createDirectory(
      atPath: folder.path("out"), withIntermediateDirectories: true)
  }

  private var written: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path("out"))) ?? []).sorted()
  }

  @Test func eachBecomesAFile() throws {
    let out = folder.path("out")
    let run = try kibble("quantize", nano, folder.path("none"), other, "-o", out, "--type", "int4")
    #expect(run.code == 66 && run.errors.contains("'\(folder.path("none"))' does not exist"))
    #expect(run.errors.hasSuffix("1 of 3 failed\n"))
    #expect(written == ["checkpoint-int4.kibble", "doge-nano-int4.kibble"])
    let lines = run.output.split(separator: "\n")
    #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("wrote \(out)/") })
    let alone = folder.path("alone.kibble")
    #expect(try kibble("quantize", nano, "-o", alone, "--type", "int4").code == 0)
    #expect(try fileBytes(alone) == fileBytes(out + "/doge-nano-int4.kibble"))

    // They are there now, which stops none of the others either.
    let again = try result(
      "batch", ["convert", nano, other, "-o", out, "--type", "int4"], code: 73)
    #expect(again["failed"] == 2)
    let more = try result("batch", ["convert", nano, other, "-o", out])
    #expect(more["failed"] == 0 && written.contains("doge-nano.kibble"))
    for item in more["items"]?.arrayValue ?? [] {
      try expect(item["result"] ?? .null, as: "convert")
    }
  }

  @Test func nothingIsWrittenDry() throws {
    let run = try kibble("convert", nano, other, "-o", folder.path("out"), "--dry-run")
    #expect(run.code == 0 && written.isEmpty)
    #expect(run.output.split(separator: "\n").allSatisfy { $0.hasPrefix("would write ") })
  }

  @Test func refused() throws {
    let out = folder.path("out")
    expectRefusal(
      try kibble("convert", nano, other, "-o", folder.path("none")), 73, "there is no folder")
    expectRefusal(try kibble("convert", nano, nano, "-o", out), 64, "doge-nano.kibble")
    expectRefusal(
      try kibble("convert", nano, other, "-o", out, "--save-recipe", folder.path("r.json")), 64,
      "--save-recipe")
    // An output would be one of the inputs.
    let file = folder.path("checkpoint.kibble")
    #expect(try kibble("convert", nano, "-o", file).code == 0)
    expectRefusal(
      try kibble("convert", other, file, "-o", folder.path("."), "--force"), 64, "checkpoint.kibble"
    )
    #expect(written.isEmpty)
  }

  @Test func checked() throws {
    let (a, b) = (folder.path("a.kibble"), folder.path("b.kibble"))
    for path in [a, b] { #expect(try kibble("convert", nano, "-o", path).code == 0) }
    let whole = try kibble("check", a, b)
    #expect(whole.code == 0 && whole.output.split(separator: "\n").count == 2)
    var bytes = try fileBytes(a)
    bytes[bytes.count / 2] ^= 1
    let damaged = try folder.write("damaged.kibble", bytes)
    let run = try kibble("check", damaged, a, folder.path("none"), b)
    #expect(run.code == 65 && run.output == whole.output)
    #expect(run.errors.hasSuffix("2 of 4 failed\n"))
    let json = try result("batch", ["check", damaged, b], code: 65)
    let items = try #require(json["items"]?.arrayValue)
    #expect(
      items[0]["error"]?["path"]?.stringValue == damaged && items[0]["result"]?.isNull == true)
    try expect(items[1]["result"] ?? .null, as: "check")
  }
}
