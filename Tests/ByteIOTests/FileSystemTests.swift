import ByteIO
import Diagnostics
import Foundation
import TestSupport
import Testing

@Suite struct FileSystemTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func tellsFilesFromFolders() throws {
    try folder.write("file", [1, 2])
    #expect(FileSystem.isRegularFile(folder.path("file")))
    #expect(!FileSystem.isFolder(folder.path("file")))
    #expect(FileSystem.isFolder(folder.path))
    #expect(!FileSystem.isRegularFile(folder.path))
    #expect(!FileSystem.exists(folder.path("missing")))
    #expect(FileSystem.size(folder.path("file")) == 2)
    #expect(FileSystem.realPath(folder.path("./file"))?.hasSuffix("/file") == true)
    #expect(FileSystem.realPath(folder.path("missing")) == nil)
  }

  @Test func listsSortedByBytes() throws {
    for name in ["b", "a", "B", ".hidden", "é"] { try folder.write(name, []) }
    #expect(try FileSystem.names(inFolder: folder.path) == [".hidden", "B", "a", "b", "é"])
    let file = folder.path("a")
    #expect(throws: FileError.notFolder(path: file)) { try FileSystem.names(inFolder: file) }
    let missing = folder.path("missing")
    #expect(throws: FileError.notFound(path: missing)) {
      try FileSystem.names(inFolder: missing)
    }
  }

  @Test func readsUpToALimit() throws {
    try folder.write("file", [1, 2, 3])
    try folder.write("empty", [])
    let path = folder.path("file")
    #expect(try FileSystem.read(path, limit: 3) == [1, 2, 3])
    #expect(try FileSystem.read(folder.path("empty"), limit: 0) == [])
    #expect(throws: FileError.tooLarge(path: path, bytes: 3, limit: 2)) {
      try FileSystem.read(path, limit: 2)
    }
  }

  @Test func createsFolders() throws {
    let path = folder.path("new")
    try FileSystem.createFolder(path)
    try FileSystem.createFolder(path)
    #expect(FileSystem.isFolder(path))
    try folder.write("file", [])
    #expect(throws: FileError.cannotCreate(path: folder.path("file"), errno: EEXIST)) {
      try FileSystem.createFolder(folder.path("file"))
    }
    let deep = folder.path("a/b")
    #expect(throws: FileError.missingFolder(path: deep, folder: folder.path("a"))) {
      try FileSystem.createFolder(deep)
    }
  }

  @Test(
    arguments: [
      ("a/b/c", "a/b", "c"), ("c", ".", "c"), ("/c", "/", "c"), ("a/c/", "a", "c"),
      ("/", "/", ""), ("./c", ".", "c"), ("", ".", ""),
    ])
  func splitsPaths(path: String, parent: String, name: String) {
    #expect(FileSystem.folder(of: path) == parent)
    #expect(FileSystem.name(of: path) == name)
  }

  @Test func joinsPaths() {
    #expect(FileSystem.join("a", "b") == "a/b")
    #expect(FileSystem.join("a/", "b") == "a/b")
    #expect(FileSystem.join("", "b") == "b")
    #expect(FileSystem.join("a", "/b") == "/b")
  }

  @Test(arguments: ["", ".", "..", "a/b", "../a", "/a", "a\\b", "a\0"])
  func plainNamesLeadNowhere(name: String) {
    #expect(!FileSystem.isPlainName(name))
    #expect(FileSystem.isPlainName("model-00001-of-00002.safetensors"))
  }

  @Test func knowsThePeakOfMemory() {
    #expect(FileSystem.peakResidentBytes() > 1 << 20)
  }

  @Test(
    arguments: [
      (FileError.notFound(path: "p"), Diagnostic.Kind.missingInput),
      (.notRegularFile(path: "p"), .missingInput), (.notFolder(path: "p"), .missingInput),
      (.cannotOpen(path: "p", errno: EACCES), .inputOutput),
      (.cannotRead(path: "p", offset: 3, errno: EIO), .inputOutput),
      (.cannotMap(path: "p", bytes: 3, errno: ENOMEM), .inputOutput),
      (.truncated(path: "p", expected: 2, found: 1), .inputOutput),
      (.tooLarge(path: "p", bytes: 2, limit: 1), .badData),
      (.outOfMemory(bytes: 1), .inputOutput), (.outputExists(path: "p"), .cannotCreate),
      (.outputIsInput(path: "p"), .cannotCreate), (.outputNotRegular(path: "p"), .cannotCreate),
      (.missingFolder(path: "p", folder: "f"), .cannotCreate),
      (.inUse(path: "p"), .cannotCreate),
      (.cannotCreate(path: "p", errno: EROFS), .cannotCreate),
      (.diskFull(path: "p", needed: 2, available: 1), .inputOutput),
      (.cannotWrite(path: "p", offset: 1, errno: EIO), .inputOutput),
      (.cannotSync(path: "p", errno: EIO), .inputOutput),
      (.cannotRename(path: "p", errno: EIO), .inputOutput),
    ])
  func everyErrorHasItsExitCode(error: FileError, kind: Diagnostic.Kind) {
    #expect(error.diagnostic.kind == kind)
    #expect(error.diagnostic.message.contains("'p'") || error == .outOfMemory(bytes: 1))
  }

  @Test func errorsGiveTheSystemsWordsAndEscapePaths() {
    let diagnostic = FileError.cannotWrite(path: "a\u{1B}b", offset: 7, errno: EIO).diagnostic
    #expect(diagnostic.message == "cannot write 'a\\u{1b}b' at byte 7: Input/output error")
  }
}
