import ByteIO
import Diagnostics
import Foundation
import TestSupport
import Testing

@Suite struct AtomicFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func appearsOnCommitOnly() throws {
    let file = try AtomicFile(path: folder.path("out"), expectedBytes: 6, overwrite: false)
    try file.sink.write([4, 5, 6], at: 3)
    try file.sink.write([1, 2, 3], at: 0)
    #expect(!FileSystem.exists(folder.path("out")))
    #expect(try folder.names().allSatisfy { $0.hasPrefix(".kibble.") && $0.hasSuffix(".tmp") })
    try file.commit()
    #expect(try folder.names() == ["out"])
    #expect(try folder.read("out") == [1, 2, 3, 4, 5, 6])
  }

  @Test func leavesNothingWithoutCommit() throws {
    do {
      let file = try AtomicFile(path: folder.path("out"), expectedBytes: 1, overwrite: false)
      try file.sink.write([1], at: 0)
    }
    #expect(try folder.names() == [])
  }

  @Test func keepsTheOldFileUntilCommit() throws {
    try folder.write("out", [9])
    do {
      let file = try AtomicFile(path: folder.path("out"), expectedBytes: 1, overwrite: true)
      try file.sink.write([1], at: 0)
    }
    #expect(try folder.read("out") == [9])
    let file = try AtomicFile(path: folder.path("out"), expectedBytes: 1, overwrite: true)
    try file.sink.write([2], at: 0)
    try file.commit()
    #expect(try folder.read("out") == [2])
    #expect(try folder.names() == ["out"])
  }

  @Test func refusesAnExistingOutput() throws {
    try folder.write("out", [9])
    let path = folder.path("out")
    #expect(throws: FileError.outputExists(path: path)) { try create("out") }
  }

  @Test func refusesAnOutputThatAppearsMeanwhile() throws {
    let path = folder.path("out")
    #expect(throws: FileError.outputExists(path: path)) {
      let file = try AtomicFile(path: path, expectedBytes: 1, overwrite: false)
      try folder.write("out", [9])
      try file.commit()
    }
    #expect(try folder.read("out") == [9])
    #expect(try folder.names() == ["out"])
  }

  @Test(arguments: ["input", "hard", "soft", "./input"])
  func refusesToReplaceAnInput(name: String) throws {
    try folder.write("input", [9])
    #expect(link(folder.path("input"), folder.path("hard")) == 0)
    #expect(symlink("input", folder.path("soft")) == 0)
    let input = try MappedFile(path: folder.path("input"))
    for overwrite in [false, true] {
      #expect(throws: FileError.outputIsInput(path: folder.path(name))) {
        try create(name, overwrite: overwrite, inputs: [input.identity])
      }
    }
  }

  @Test func refusesFoldersAndDevices() throws {
    #expect(throws: FileError.outputNotRegular(path: folder.path)) {
      _ = try AtomicFile(path: folder.path, expectedBytes: 1, overwrite: true)
    }
    #expect(throws: FileError.outputNotRegular(path: "/dev/null")) {
      _ = try AtomicFile(path: "/dev/null", expectedBytes: 1, overwrite: true)
    }
    #expect(symlink("nowhere", folder.path("dangling")) == 0)
    #expect(throws: FileError.outputNotRegular(path: folder.path("dangling"))) {
      try create("dangling", overwrite: true)
    }
  }

  @Test func namesTheMissingFolder() throws {
    let path = folder.path("missing/out")
    let error = FileError.missingFolder(path: path, folder: folder.path("missing"))
    #expect(throws: error) { try create("missing/out") }
    #expect(error.diagnostic.kind == .cannotCreate)
    #expect(error.diagnostic.message.contains("there is no folder"))
  }

  @Test func asksForRoomBeforehand() throws {
    let error = #expect(throws: FileError.self) {
      _ = try AtomicFile(path: folder.path("out"), expectedBytes: .max, overwrite: false)
    }
    guard case .diskFull(_, needed: .max, let available) = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
    #expect(available > 0)
    #expect(error?.diagnostic.kind == .inputOutput)
    #expect(error?.diagnostic.message.contains("\(available) are available") == true)
    #expect(try folder.names() == [])
  }

  @Test func removesWhatKilledProcessesLeft() throws {
    try folder.write(".kibble.0123456789abcdef.tmp", [7])
    try folder.write(".kibble.1123456789abcdef.tmp/model.safetensors", [7])
    try folder.write("other/file", [7])
    #expect(symlink("other", folder.path(".kibble.2123456789abcdef.tmp")) == 0)
    try folder.write(".mine.tmp", [7])
    let first = try AtomicFile(path: folder.path("first"), expectedBytes: 1, overwrite: false)
    // The second sees that the first is still at work, and follows no link.
    try create("out")
    #expect(try folder.names(in: "other") == ["file"])
    try first.commit()
    #expect(
      try folder.names() == [".kibble.2123456789abcdef.tmp", ".mine.tmp", "first", "other", "out"])
  }

  @Test func writesThroughLinks() throws {
    try folder.write("inner/real", [9])
    #expect(symlink("inner/real", folder.path("link")) == 0)
    #expect(symlink("link", folder.path("second")) == 0)
    #expect(throws: FileError.outputExists(path: folder.path("second"))) { try create("second") }
    try create("second", overwrite: true)
    #expect(try folder.read("inner/real") == [1])
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("link"))
        == "inner/real")
    #expect(try folder.names(in: "inner") == ["real"])
  }

  @Test(arguments: [0o600, 0o640, 0o444, 0o755] as [mode_t])
  func keepsPermissions(_ mode: mode_t) throws {
    let path = try folder.write("out", [9])
    #expect(chmod(path, mode) == 0)
    let file = try AtomicFile(path: path, expectedBytes: 1, overwrite: true)
    let temporary = try #require(folder.names().first { $0 != "out" })
    #expect(try permissions(folder.path(temporary)) == 0o600)
    try file.commit()
    #expect(try permissions(path) == mode)
  }

  @Test(arguments: [245, 250, 255])
  func takesTheLongestNames(_ length: Int) throws {
    let name = String(repeating: "a", count: length)
    try create(name)
    try create(name, overwrite: true)
    #expect(try folder.names() == [name])
    let long = folder.path(String(repeating: "a", count: 256))
    #expect(throws: FileError.cannotCreate(path: long, errno: ENAMETOOLONG)) {
      try AtomicFile.check(long, overwrite: true, inputs: [])
    }
  }

  @Test(arguments: ["new/", "folder/", "file/", "folder/new/", "pipe", "folder/."])
  func refusesWhatCannotBecomeAFile(_ name: String) throws {
    try folder.write("file", [9])
    try folder.write("folder/file", [9])
    #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
    let error = #expect(throws: FileError.self) {
      try AtomicFile.check(folder.path(name), overwrite: true, inputs: [])
    }
    #expect(error?.diagnostic.kind == .cannotCreate)
    #expect(try folder.read("file") == [9])
  }

  @Test func noticesThatItsFolderIsGone() throws {
    try folder.write("inner/old", [9])
    let path = folder.path("inner/out")
    #expect(throws: FileError.cannotRename(path: path, errno: ENOENT)) {
      let file = try AtomicFile(path: path, expectedBytes: 1, overwrite: false)
      #expect(rename(folder.path("inner"), folder.path("moved")) == 0)
      try folder.write("inner/old", [8])
      try file.commit()
    }
    #expect(try folder.names(in: "inner") == ["old"])
    #expect(try folder.names(in: "moved") == ["old"])
  }

  private func permissions(_ path: String) throws -> mode_t {
    var status = stat()
    try #require(stat(path, &status) == 0)
    return status.st_mode & 0o7777
  }

  @Test func writesFromSeveralThreads() async throws {
    let file = try AtomicFile(path: folder.path("out"), expectedBytes: 64_000, overwrite: false)
    let sink = file.sink
    try await withThrowingTaskGroup(of: Void.self) { group in
      for part in 0..<64 {
        group.addTask {
          try sink.write([UInt8](repeating: UInt8(part), count: 1000), at: 1000 * part)
        }
      }
      try await group.waitForAll()
    }
    try file.commit()
    let written = try folder.read("out")
    #expect(written == (0..<64_000).map { UInt8($0 / 1000) })
  }

  private func create(
    _ name: String, overwrite: Bool = false, inputs: [FileIdentity] = []
  ) throws {
    let file = try AtomicFile(
      path: folder.path(name), expectedBytes: 1, overwrite: overwrite, inputs: inputs)
    try file.sink.write([1], at: 0)
    try file.commit()
  }
}
