import Diagnostics
import Foundation
import Testing

/// Holds formats/limits.md and the code together.
@Suite struct LimitsTests {
  private static func text(_ path: String) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    return try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// Names and values of the code: `public static let name = value`.
  private func declared() throws -> [String: Int] {
    var limits: [String: Int] = [:]
    let text = try Self.text("Sources/Diagnostics/Limits.swift")
    for match in text.matches(of: /static let (\w+) = (\(?)([\d_]+)(?: << (\d+))?(?:\) - (\d))?\n/)
    {
      let base = try #require(Int(match.3.replacing("_", with: "")))
      let shift = match.4.flatMap { Int($0) } ?? 0
      let less = match.5.flatMap { Int($0) } ?? 0
      limits[String(match.1)] = (base << shift) - less
    }
    #expect(limits.count == text.matches(of: /static let/).count)
    return limits
  }

  @Test func everyLimitIsDocumented() throws {
    var documented: [String: Int] = [:]
    for match in try Self.text("formats/limits.md").matches(of: /\| `(\w+)` \| ([\d,]+) \|/) {
      documented[String(match.1)] = Int(match.2.replacing(",", with: ""))
    }
    #expect(try documented == declared())
  }

  @Test func valuesAreThoseOfTheCode() throws {
    let declared = try declared()
    #expect(declared["jsonDepth"] == Limits.jsonDepth)
    #expect(declared["safetensorsSize"] == Limits.safetensorsSize)
    #expect(declared["kibbleBlob"] == Limits.kibbleBlob)
    #expect(declared["safetensorsHeader"] == Limits.safetensorsHeader)
  }
}
