import ByteIO
import Diagnostics
import Foundation
import TestSupport
import Testing

@Suite struct AppendFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func growsAndKeepsWhatItHeld() throws {
    let path = folder.path("file")
    do {
      let file = try AppendFile(path: path)
      #expect(file.count == 0)
      try file.append([1, 2])
      try file.append([])
      try file.append([3])
      #expect(try file.bytes(1..<3) == [2, 3] && file.bytes(3..<3) == [])
    }
    let file = try AppendFile(path: path)
    #expect(file.count == 3)
    try file.truncate(to: 1)
    try file.append([4])
    #expect(try folder.read("file") == [1, 4] && file.count == 2)
    #expect(file.remove() && !FileSystem.exists(path))
    #expect(!file.remove())
  }

  @Test func oneAtATime() throws {
    let path = folder.path("file")
    let file = try AppendFile(path: path)
    #expect(throws: FileError.inUse(path: path)) { try AppendFile(path: path) }
    try file.append([1])
    #expect(FileError.inUse(path: path).diagnostic.message.contains(path))
  }

  @Test func onlyRegularFiles() throws {
    #expect(throws: FileError.outputNotRegular(path: folder.path)) {
      try AppendFile(path: folder.path)
    }
    #expect(throws: FileError.outputNotRegular(path: "/dev/null")) {
      try AppendFile(path: "/dev/null")
    }
    let deep = folder.path("a/b")
    #expect(throws: FileError.missingFolder(path: deep, folder: folder.path("a"))) {
      try AppendFile(path: deep)
    }
  }

  @Test func whatWasCutMeanwhile() throws {
    let path = folder.path("file")
    let file = try AppendFile(path: path)
    try file.append([1, 2, 3])
    try #require(truncate(path, 1) == 0)
    #expect(throws: FileError.truncated(path: path, expected: 3, found: 1)) {
      try file.bytes(0..<3)
    }
  }
}
