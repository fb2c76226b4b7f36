import ByteIO
import Foundation
import TestSupport
import Testing

@Suite struct AtomicFolderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func create(_ name: String, _ bytes: [UInt8] = [1]) throws {
    var output = try AtomicFolder(path: folder.path(name))
    try output.write("a", bytes: bytes.count) { try $0.write(bytes, at: 0) }
    try output.commit()
  }

  @Test func appearsOnCommitOnly() throws {
    do {
      var output = try AtomicFolder(path: folder.path("out"))
      try output.write("a", bytes: 1) { try $0.write([1], at: 0) }
      #expect(!FileSystem.exists(folder.path("out")))
    }
    #expect(try folder.names() == [])
    try create("out")
    #expect(try folder.names() == ["out"])
    #expect(try folder.read("out/a") == [1])
  }

  @Test func replacesAFolderAndKeepsItsPermissions() throws {
    try folder.write("out/a", [9])
    try folder.write("out/b", [9])
    #expect(symlink("out", folder.path("link")) == 0)
    #expect(chmod(folder.path("out"), 0o700) == 0 && chmod(folder.path("out/a"), 0o600) == 0)
    try create("link", [2])
    #expect(try folder.names() == ["link", "out"])
    #expect(try folder.names(in: "out") == ["a"])
    #expect(try folder.read("out/a") == [2])
    for (path, mode) in [("out", 0o700), ("out/a", 0o600)] {
      let attributes = try FileManager.default.attributesOfItem(atPath: folder.path(path))
      #expect(attributes[.posixPermissions] as? Int == mode)
    }
  }

  @Test func takesTheLongestNames() throws {
    let name = String(repeating: "a", count: 255)
    try create(name)
    try create(name)
    #expect(try folder.names() == [name])
  }

  @Test(arguments: ["dangling", "missing/out"])
  func refusesAtOnce(_ name: String) throws {
    #expect(symlink("nowhere", folder.path("dangling")) == 0)
    let error = #expect(throws: FileError.self) { try AtomicFolder.check(folder.path(name)) }
    #expect(error?.diagnostic.kind == .cannotCreate)
  }
}
