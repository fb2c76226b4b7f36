import Testing
import ToolSupport

@Suite struct ByteCountTests {
  @Test(arguments: [
    ("1", 1), ("750000", 750_000), ("750k", 750_000), ("750K", 750_000), ("2kB", 2_000),
    ("12M", 12_000_000), ("12MB", 12_000_000), ("3G", 3_000_000_000), ("3gb", 3_000_000_000),
    ("2KiB", 2_048), ("12MiB", 12 << 20), ("3gib", 3 << 30), ("1.5M", 1_500_000),
    ("20.3M", 20_300_000), ("0.001k", 1), ("1.0005k", 1_000), ("0.5KiB", 512),
    ("9223372036854775807", Int.max), ("1.999999999G", 1_999_999_999),
  ])
  func read(_ text: String, _ bytes: Int) throws {
    #expect(
      try parse("convert", "c", "-o", "f", "--group-size", text).byteCount(.groupSize) == bytes)
  }

  @Test(arguments: [
    "", "0", "0k", "-1", "1.5", "k", ".5M", "1.M", "1.k", "1e6", "12 M", "12T", "1,5M", "0.0001k",
    "9223372036854775808", "10000000000G", "1.0000000000M", "1.2.3M", "+1", "MiB", "0x10",
  ])
  func refused(_ text: String) throws {
    let arguments = try parse("convert", "c", "-o", "f", "--group-size=" + text)
    let error = try #require(throws: UsageError.self) { try arguments.byteCount(.groupSize) }
    guard case .invalidValue("--group-size", text, let expected, "convert") = error else {
      Issue.record("\(error)")
      return
    }
    #expect(expected.contains("12MiB"))
  }

  @Test func nothingGiven() throws {
    #expect(try parse("convert", "c", "-o", "f").byteCount(.limit) == nil)
  }
}
