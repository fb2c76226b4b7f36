import ByteIO
import Foundation
import TestSupport
import Testing

@Suite struct MappedFileTests {
  @Test func noticesThatItsFileChanged() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("data", [1, 2, 3])
    let file = try MappedFile(path: path)
    try file.checkUnchanged()
    // A new file of that name is none of its business.
    try folder.write("new", [4])
    #expect(rename(folder.path("new"), path) == 0)
    try file.checkUnchanged()
    let other = try MappedFile(path: path)
    usleep(20_000)
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    try handle.write(contentsOf: Data([5]))
    #expect(throws: FileError.changed(path: path)) { try other.checkUnchanged() }
    try handle.truncate(atOffset: 0)
    #expect(throws: FileError.truncated(path: path, expected: 1, found: 0)) {
      try other.checkUnchanged()
    }
  }

  @Test func namesWhatADanglingLinkLeadsTo() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("tokenizer.json")
    #expect(symlink("../../blobs/b5", path) == 0)
    let error = FileError.danglingLink(path: path, target: "../../blobs/b5")
    #expect(throws: error) { try MappedFile(path: path) }
    #expect(throws: error) { try FileSystem.read(path, limit: 9) }
    #expect(throws: error) { try FileSystem.checkRegular(path) }
    #expect(error.diagnostic.kind == .missingInput)
    #expect(
      error.diagnostic.message.hasSuffix(
        "tokenizer.json' is a link to ../../blobs/b5, which is not there; "
          + "the download is incomplete"))
  }

  @Test func readsAWholeFile() throws {
    let folder = try TemporaryFolder()
    let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    try folder.write("data", content)
    let file = try MappedFile(path: folder.path("data"))
    #expect(file.count == content.count)
    #expect(file.withBytes { $0.bytes(0..<$0.byteCount) } == content)
    #expect(file.bytes(99_990..<100_000) == Array(content.suffix(10)))
    #expect(file.identity == FileSystem.identity(folder.path("data")))
  }

  @Test func mapsAnEmptyFile() throws {
    let folder = try TemporaryFolder()
    try folder.write("empty", [])
    let file = try MappedFile(path: folder.path("empty"))
    #expect(file.count == 0)
    #expect(file.withBytes { $0.byteCount } == 0)
    file.releasePages(0..<0)
  }

  @Test func discardedPagesCanBeReadAgain() throws {
    let folder = try TemporaryFolder()
    let content = (0..<50_000).map { UInt8(truncatingIfNeeded: $0) }
    try folder.write("data", content)
    let file = try MappedFile(path: folder.path("data"))
    let before = file.bytes(0..<50_000)
    file.releasePages(100..<50_000)
    #expect(file.bytes(0..<50_000) == before)
  }

  @Test func refusesWhatIsNoFile() throws {
    let folder = try TemporaryFolder()
    let missing = folder.path("missing")
    #expect(throws: FileError.notFound(path: missing)) { try MappedFile(path: missing) }
    #expect(throws: FileError.notRegularFile(path: folder.path)) {
      try MappedFile(path: folder.path)
    }
    let pipe = folder.path("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(throws: FileError.notRegularFile(path: pipe)) { try MappedFile(path: pipe) }
    try folder.write("file", [1])
    let below = folder.path("file/below")
    #expect(throws: FileError.notFound(path: below)) { try MappedFile(path: below) }
    // A NUL would cut the path short where C reads it.
    let cut = folder.path("file\0.txt")
    #expect(throws: FileError.notFound(path: cut)) { try MappedFile(path: cut) }
  }

  @Test func passesErrorsOfTheBodyOn() throws {
    let folder = try TemporaryFolder()
    try folder.write("data", [1])
    let file = try MappedFile(path: folder.path("data"))
    #expect(throws: FileError.outOfMemory(bytes: 1)) {
      try file.withBytes { (_) throws(FileError) in throw .outOfMemory(bytes: 1) }
    }
  }
}

@Suite struct MemoryBufferTests {
  @Test(arguments: [0, 1, 64, 100_000])
  func isZeroedAndAligned(count: Int) throws {
    let buffer = try MemoryBuffer(count: count)
    #expect(buffer.count == count)
    #expect(Int(bitPattern: buffer.pointer(at: 0)) % 64 == 0)
    #expect(buffer.bytes(0..<count).allSatisfy { $0 == 0 })
  }

  @Test func takesBytesAtOffsets() throws {
    let buffer = try MemoryBuffer(count: 8)
    try buffer.write([1, 2, 3], at: 5)
    try buffer.write([9], at: 0)
    try buffer.write([], at: 8)
    #expect(buffer.bytes(0..<8) == [9, 0, 0, 0, 0, 1, 2, 3])
  }

  @Test func refusesWhatTheSystemHasNot() {
    #expect(throws: FileError.outOfMemory(bytes: 1 << 60)) { try MemoryBuffer(count: 1 << 60) }
  }
}

@Suite struct ReadingTests {
  private let bytes: [UInt8] = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xF8, 0xFF]

  @Test func loadsLittleEndianFromAnyOffset() {
    let span = bytes.span.bytes
    #expect(span.littleEndian(UInt8.self, at: 8) == 0xFF)
    #expect(span.littleEndian(UInt16.self, at: 1) == 0x0302)
    #expect(span.littleEndian(UInt32.self, at: 3) == 0x0706_0504)
    #expect(span.littleEndian(UInt64.self, at: 0) == 0xF807_0605_0403_0201)
    #expect(span.littleEndian(Int16.self, at: 7) == -8)
  }

  @Test(arguments: [-1, 6, 8, 9, 10, Int.max, Int.min])
  func staysInside(offset: Int) {
    #expect(bytes.span.bytes.littleEndian(UInt32.self, at: offset) == nil)
  }

  @Test func copiesRangesInside() {
    let span = bytes.span.bytes
    #expect(span.bytes(7..<9) == [0xF8, 0xFF])
    #expect(span.bytes(9..<9) == [])
    #expect(span.bytes(8..<10) == nil)
    #expect(span.bytes(-1..<3) == nil)
  }
}
