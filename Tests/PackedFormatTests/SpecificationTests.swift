import Foundation
import TensorCore
import TestSupport
import Testing

/// Holds formats/packed-v1.md and the code together.
@Suite struct SpecificationTests {
  /// The bytes of the example's lines: `offset  bytes | comment`, with `00 x76` for 76 zeros.
  private func exampleBytes() throws -> [UInt8] {
    let text = try String(
      contentsOf: Fixtures.repository.appending(path: "formats/packed-v1.md"), encoding: .utf8)
    let block = try #require(
      text.components(separatedBy: "```text\n").last?.components(separatedBy: "```").first)
    var bytes: [UInt8] = []
    for line in block.split(separator: "\n") where !line.hasPrefix("#") {
      let fields = line.prefix { $0 != "|" }.split(separator: " ")
      let first = try #require(fields.first)
      #expect(Int(first, radix: 16) == bytes.count, "\(line)")
      for field in fields.dropFirst() {
        if field.hasPrefix("x") {
          let (last, count) = (try #require(bytes.last), try #require(Int(field.dropFirst())))
          bytes += [UInt8](repeating: last, count: count - 1)
        } else {
          bytes.append(try #require(UInt8(field, radix: 16), "\(line)"))
        }
      }
    }
    return bytes
  }

  @Test func theExampleIsWhatThePackerWrites() throws {
    let codes = [[1, -3, 1, 1, -1, -1, 1, -1, 1, 1], [2, 6, -2, 2, -2, 2, 2, -2, -2, 2]]
    let packed = try expectRoundTrip(
      SampleTensor(.int8, .rows, shape: [2, 10], scale: { row, _ in [0x3C00, 0x3C5D][row] }) {
        codes[$0][$1]
      })
    #expect(packed.parts + packed.data == (try exampleBytes()))
  }
}
