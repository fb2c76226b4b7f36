import Diagnostics
import NumPyFormat
import TensorCore
import TestSupport
import Testing

/// Archives that are sound, and all that can be wrong with them.
@Suite struct ArchiveTests {
  private static let a = npy("<f4", [2, 3], (0..<24).map { UInt8($0) })
  private static let b = npy("<i8", [1], littleEndian(7, 8))
  private static let forms = [SampleArchive.Form.stored, .long, .deflated]

  private static func sample(_ form: SampleArchive.Form = .stored) -> SampleArchive {
    SampleArchive([("a.npy", a), ("b.npy", b), ("note.txt", [1, 2, 3])], form)
  }

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open(_ bytes: [UInt8]) throws -> NumPyFile {
    try NumPyFile(path: folder.write("a.npz", bytes))
  }

  @Test(arguments: forms) func sound(_ form: SampleArchive.Form) throws {
    let file = try open(Self.sample(form).bytes)
    let a = try #require(try file.array("a"))
    #expect(file.isArchive && a.type == .f32 && a.shape == [2, 3] && a.name == "a")
    #expect(try elements(of: a, in: file) == (0..<24).map { UInt8($0) })
    // Once more, from what was kept.
    #expect(try elements(of: a, in: file) == (0..<24).map { UInt8($0) })
    let b = try #require(try file.array("b"))
    #expect(b.type == .i64 && b.shape == [1])
    #expect(try elements(of: b, in: file) == littleEndian(7, 8))
    for name in ["c", "a.npy", "note", "note.txt", "", nil] { #expect(try file.array(name) == nil) }
  }

  @Test func aLargeEntryInSeveralBlocks() throws {
    let data = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let file = try open(SampleArchive([("a.npy", npy("<f4", [100, 1000], data))], .deflated).bytes)
    #expect(try elements(of: #require(try file.array("a")), in: file) == data)
  }

  /// What is left of an archive that is cut off anywhere is refused.
  @Test(arguments: forms) func truncated(_ form: SampleArchive.Form) throws {
    let bytes = Self.sample(form).bytes
    for count in 0..<bytes.count {
      #expect(throws: NumPyError.self, "\(count)") {
        let file = try open(Array(bytes.prefix(count)))
        // Without its first letters it is no archive, but a lone array that is none either.
        _ = try file.array(nil)
      }
    }
  }

  /// A changed byte is found, or it changes nothing that is read.
  @Test(arguments: forms) func changed(_ form: SampleArchive.Form) throws {
    let bytes = Self.sample(form).bytes
    for index in bytes.indices {
      for mask: UInt8 in [0x01, 0x80, 0xFF] {
        var changed = bytes
        changed[index] ^= mask
        guard let file = try? open(changed), let a = try? file.array("a"),
          let data = try? elements(of: a, in: file)
        else { continue }
        #expect(data == (0..<24).map { UInt8($0) } && a.shape == [2, 3], "byte \(index) ^ \(mask)")
      }
    }
  }

  static let faults:
    [(code: String, form: SampleArchive.Form, @Sendable (inout SampleArchive) -> Void)] = [
      ("no-directory", .stored, { $0.put(1, 2, at: $0.end + 20) }),
      ("directory-outside", .stored, { $0.put(1 << 30, 4, at: $0.end + 16) }),
      ("directory-outside", .stored, { $0.put(-1, 4, at: $0.end + 12) }),
      ("directory-outside", .long, { $0.put(-1, 8, at: $0.end - 12) }),
      ("directory-outside", .long, { $0.put(-1, 8, at: $0.longEnd + 48) }),
      ("directory-outside", .long, { $0.put(-1, 8, at: $0.longEnd + 40) }),
      ("several-disks", .stored, { $0.put(1, 2, at: $0.end + 4) }),
      ("several-disks", .stored, { $0.put(4, 2, at: $0.end + 8) }),
      (
        "too-many-entries", .long,
        { for place in [24, 32] { $0.put(65_537, 8, at: $0.longEnd + place) } }
      ),
      ("bad-record", .stored, { $0.put(0, 4, at: $0.records[1]) }),
      ("bad-record", .stored, { $0.put(0xFFFF, 2, at: $0.records[2] + 28) }),
      ("bad-record", .stored, { for place in [8, 10] { $0.put(4, 2, at: $0.end + place) } }),
      ("bad-record", .stored, { $0.put(-1, 4, at: $0.records[0] + 24) }),
      ("bad-record", .long, { $0.put(23, 2, at: $0.records[0] + 46 + 5 + 2) }),
      ("directory-length", .stored, { for place in [8, 10] { $0.put(2, 2, at: $0.end + place) } }),
      (
        "duplicate-name", .stored,
        { for place in [$0.records[1] + 46, $0.headers[1] + 30] { $0.put(0x61, 1, at: place) } }
      ),
      ("encrypted", .stored, { $0.put(1, 2, at: $0.records[0] + 8) }),
      ("unknown-method", .stored, { $0.put(14, 2, at: $0.records[0] + 10) }),
      ("bad-entry", .stored, { $0.put(0x61, 1, at: $0.headers[1] + 30) }),
      ("bad-entry", .stored, { $0.put(8, 2, at: $0.headers[1] + 8) }),
      ("bad-entry", .stored, { $0.put(0, 4, at: $0.records[1] + 42) }),
      ("bad-entry", .stored, { $0.put(1 << 31, 4, at: $0.records[1] + 42) }),
      ("bad-entry", .long, { $0.put(-1, 8, at: $0.records[1] + 46 + 5 + 20) }),
      ("entry-outside", .deflated, { $0.put(1 << 20, 4, at: $0.records[1] + 20) }),
      ("overlap", .deflated, { $0.put(200, 4, at: $0.records[0] + 20) }),
      ("impossible-size", .stored, { $0.put(99, 4, at: $0.records[0] + 24) }),
      ("impossible-size", .deflated, { $0.put(1 << 30, 4, at: $0.records[0] + 24) }),
      ("not-inflated", .deflated, { $0.put(1 << 12, 4, at: $0.records[0] + 24) }),
      ("not-inflated", .deflated, { $0.put(7, 1, at: $0.headers[0] + 35) }),
      ("size-mismatch", .deflated, { $0.put(a.count - 1, 4, at: $0.records[0] + 24) }),
      ("checksum", .deflated, { $0.put(0, 4, at: $0.records[0] + 16) }),
      ("checksum", .stored, { $0.put(0xAA, 1, at: $0.headers[1] - 1) }),
    ]

  @Test(arguments: faults.indices) func eachFault(_ index: Int) throws {
    let fault = Self.faults[index]
    var archive = Self.sample(fault.form)
    fault.2(&archive)
    try expectRefusal(archive.bytes, fault.code)
  }

  /// The directory and the data do not agree about how much there is.
  @Test(arguments: [-1, 1]) func inflatesToAnotherSize(_ difference: Int) throws {
    let size = Self.a.count
    let longer = Self.a + [0]
    var archive = SampleArchive([("a.npy", Array(longer.prefix(size + difference)))], .deflated)
    archive.put(size, 4, at: archive.records[0] + 24)
    try expectRefusal(archive.bytes, "not-inflated")
  }

  @Test func noArrays() throws {
    try expectRefusal(SampleArchive([]).bytes, "no-arrays")
    try expectRefusal(SampleArchive([("archive/data.pkl", [1])]).bytes, "no-arrays")
    let error = try refusal(of: SampleArchive([]).bytes)
    #expect(error.hint?.contains("torch.save") == true)
  }

  /// A large array that nobody asks for is neither inflated nor summed up.
  @Test func onlyWhatIsAskedForIsRead() throws {
    var archive = SampleArchive([("a.npy", Self.a), ("b.npy", Self.b)], .deflated)
    archive.put(0, 4, at: archive.records[1] + 16)
    let file = try open(archive.bytes)
    _ = try elements(of: #require(try file.array("a")), in: file)
    let b = try #require(try file.array("b"))
    #expect(throws: NumPyError.self) { try elements(of: b, in: file) }
  }

  private func expectRefusal(_ bytes: [UInt8], _ code: String) throws {
    let diagnostic = try refusal(of: bytes)
    #expect(diagnostic.code == "numpy." + code, "\(diagnostic.message)")
    #expect(diagnostic.path == folder.path("a.npz") && diagnostic.hint != nil)
  }

  private func refusal(of bytes: [UInt8]) throws -> Diagnostic {
    let error = try #require(throws: NumPyError.self) {
      let file = try open(bytes)
      for name in ["a", "b"] {
        if let array = try file.array(name) { _ = try elements(of: array, in: file) }
      }
    }
    return error.diagnostic
  }
}

/// The bytes of an array's elements.
func elements(of array: NumPyArray, in file: NumPyFile) throws -> [UInt8] {
  let (region, range) = try file.elements(of: array)
  return try #require(region.withBytes { $0.bytes(range) })
}
