import ByteIO
import CDemoModel

/// The checkpoint that the program carries, that of fixtures/doge-nano.
enum DemoModel {
  static let name = "doge-nano"

  /// Writes the checkpoint as a folder, where it stays to try the other commands on.
  ///
  /// One that is there already is left alone.
  ///
  /// - Throws: `FileError.outputExists` where something else is there and may not be replaced.
  static func write(to path: String, overwrite: Bool) throws {
    if FileSystem.entryExists(path) {
      if try holdsModel(path) { return }
      guard overwrite else { throw FileError.outputExists(path: path) }
    }
    var folder = try AtomicFolder(path: path)
    for file in files { try file.write(as: file.name, to: &folder) }
    try folder.commit()
  }

  /// Calls `body` with the path of a copy that is gone afterwards, for a run that writes nothing.
  static func withTemporary<Result>(_ body: (String) throws -> Result) throws -> Result {
    let place = FileSystem.isFolder("/tmp") ? "/tmp" : "."
    var folder = try AtomicFolder(path: FileSystem.join(place, "kibble-demo"))
    for file in files { try file.write(as: FileSystem.join(name, file.name), to: &folder) }
    let path = FileSystem.join(folder.temporaryPath, name)
    return try withExtendedLifetime(folder) { try body(path) }
  }

  private static func holdsModel(_ path: String) throws -> Bool {
    guard FileSystem.isFolder(path),
      try FileSystem.names(inFolder: path).sorted() == files.map(\.name).sorted()
    else { return false }
    return try files.allSatisfy { try $0.isAt(FileSystem.join(path, $0.name)) }
  }

  private static let files: [EmbeddedFile] = {
    var files: [EmbeddedFile] = []
    while let file = unsafe kb_demo_file_at(files.count) {
      unsafe files.append(EmbeddedFile(file.pointee))
    }
    return files
  }()
}

/// A file whose bytes are part of the program.
@safe private struct EmbeddedFile: Sendable {
  let name: String
  private let count: Int
  /// They are constant and live as long as the process.
  private nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  init(_ file: kb_demo_file) {
    name = unsafe String(cString: file.name)
    count = unsafe file.count
    unsafe bytes = UnsafeRawBufferPointer(start: file.bytes, count: file.count)
  }

  func write(as name: String, to folder: inout AtomicFolder) throws {
    try folder.write(name, bytes: count) { sink in try unsafe sink.write(bytes, at: 0) }
  }

  /// Whether a regular file has these bytes and no others.
  func isAt(_ path: String) throws -> Bool {
    guard FileSystem.isRegularFile(path), FileSystem.size(path) == count else { return false }
    return try unsafe FileSystem.read(path, limit: count).elementsEqual(bytes)
  }
}
