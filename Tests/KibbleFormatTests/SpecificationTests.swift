import Foundation
import KibbleFormat
import Testing

/// Holds formats/kibble-v1.md and the code together.
@Suite struct SpecificationTests {
  private static let text: String = {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../formats/kibble-v1.md")
    return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
  }()

  /// The bytes of the example's lines: `offset  bytes | comment`, with `00 x76` for 76 zeros.
  private func exampleBytes() throws -> [UInt8] {
    let block = try #require(
      Self.text.components(separatedBy: "```text\n").last?.components(separatedBy: "```").first)
    var bytes: [UInt8] = []
    var end: Int?
    for line in block.split(separator: "\n") where !line.hasPrefix("#") {
      let fields = line.prefix { $0 != "|" }.split(separator: " ")
      let first = try #require(fields.first)
      let offset = try #require(Int(first, radix: 16), "\(line)")
      #expect(offset == bytes.count, "\(line)")
      end = fields.count == 1 ? offset : nil
      for field in fields.dropFirst() {
        if field.hasPrefix("x") {
          let last = try #require(bytes.last)
          let count = try #require(Int(field.dropFirst()), "\(line)")
          bytes += [UInt8](repeating: last, count: count - 1)
        } else {
          bytes.append(try #require(UInt8(field, radix: 16), "\(line)"))
        }
      }
    }
    #expect(end == bytes.count, "the last line has the file's length")
    return bytes
  }

  @Test func theExampleIsWhatTheWriterWrites() throws {
    let written = try SampleFile.example().bytes()
    let specified = try exampleBytes()
    #expect(written.count == specified.count)
    let different = zip(written, specified).enumerated().filter { $1.0 != $1.1 }.map(\.offset)
    #expect(different == [], "offsets of bytes that differ")
  }

  @Test func theExampleIsAccepted() throws {
    let file = try open(exampleBytes())
    try file.check()
    #expect(
      file.tensors.map(\.name) == [
        "model.embed_tokens.weight", "model.norm.weight", "lm_head.weight",
      ])
    #expect(file.metadata["schema"]?.stringValue == "kibble.metadata/1")
  }
}
