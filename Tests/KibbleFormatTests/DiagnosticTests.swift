import Diagnostics
import KibbleFormat
import Testing

@Suite struct DiagnosticTests {
  private static let path = "m.kibble"

  /// Every case, with its exit code and what its message must name.
  static let errors: [(KibbleFormatError, Diagnostic.Kind, [String])] = [
    (.notKibble(path: path), .badData, ["not a .kibble file"]),
    (
      .newerVersion(path: path, found: 2, supported: 1), .unsupported,
      ["written by a newer version", "2", "1"]
    ),
    (
      .unknownFeatures(path: path, bits: 4), .unsupported,
      ["written by a newer version", "0x00000004"]
    ),
    (.wrongLength(path: path, expected: 9, found: 8), .badData, ["9", "8", "truncated"]),
    (
      .directoryChecksum(path: path, expected: 1, found: 0xCBF4_3926), .badData,
      ["0x00000001", "0xcbf43926"]
    ),
    (
      .badHeader(path: path, field: "payload offset", found: 1, expected: "704"), .badData,
      ["payload offset", "1", "704"]
    ),
    (
      .badRecord(path: path, entry: "w", field: "rank", found: "3", expected: "1 or 2"), .badData,
      ["w", "rank", "3", "1 or 2"]
    ),
    (.badCompression(path: path, entry: "w"), .badData, ["w", "zlib"]),
    (.duplicateName(path: path, name: "w"), .badData, ["w"]),
    (
      .unknownCode(path: path, entry: "w", field: "type", found: 5), .unsupported,
      ["written by a newer version", "w", "type 5"]
    ),
    (
      .payloadChecksum(path: path, entry: "w", expected: 1, found: 2), .badData,
      ["w", "0x00000001", "0x00000002"]
    ),
    (.paddingNotZero(path: path, entry: "w", offset: 77), .badData, ["w", "77"]),
    (.notFinite(path: path, entry: "w", offset: 77), .badData, ["w", "77"]),
    (.codeOutOfRange(path: path, entry: "w", offset: 77), .badData, ["w", "77", "-128"]),
    (.missingBlob(path: path, name: "kibble.json"), .badData, ["kibble.json"]),
  ]

  @Test(arguments: errors)
  func tellsWhatIsWrong(error: KibbleFormatError, kind: Diagnostic.Kind, parts: [String]) {
    let diagnostic = error.diagnostic
    #expect(diagnostic.kind == kind)
    #expect(diagnostic.path == Self.path)
    #expect(diagnostic.code.hasPrefix("kibble."))
    #expect(diagnostic.hint != nil)
    for part in parts { #expect(diagnostic.message.contains(part)) }
  }

  @Test func codesAreDistinct() {
    #expect(Set(Self.errors.map(\.0.diagnostic.code)).count == 15)
  }

  @Test func aLongFileIsNotTruncated() {
    let error = KibbleFormatError.wrongLength(path: Self.path, expected: 8, found: 9)
    #expect(!error.diagnostic.message.contains("truncated"))
  }

  @Test func namesCannotReachTheTerminal() {
    let name = "w\u{1B}[2J\n"
    let errors: [KibbleFormatError] = [
      .badRecord(path: "m", entry: name, field: "name", found: name, expected: ""),
      .duplicateName(path: "m", name: name),
      .unknownCode(path: "m", entry: name, field: "type", found: 5),
      .payloadChecksum(path: "m", entry: name, expected: 0, found: 1),
      .paddingNotZero(path: "m", entry: name, offset: 0),
      .notFinite(path: "m", entry: name, offset: 0),
      .codeOutOfRange(path: "m", entry: name, offset: 0), .missingBlob(path: "m", name: name),
    ]
    for error in errors {
      let message = error.diagnostic.message
      #expect(!message.unicodeScalars.contains { $0.value < 0x20 })
    }
  }
}
