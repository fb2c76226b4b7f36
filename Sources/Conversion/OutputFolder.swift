import ByteIO

/// A folder that appears under its name only when all its files are complete.
///
/// The files go to a temporary folder beside it. Without `commit` that is removed, and the path
/// holds what it held.
struct OutputFolder: ~Copyable {
  /// The path that the folder will have.
  let path: String
  private let temporaryPath: String
  private var isFinished = false

  /// The names of files that an export writes; a folder of others is never replaced, and a blob
  /// of another name is left out, so that it cannot lead out of the folder.
  static let knownNames: Set<String> = [
    "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
    "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
    "merges.txt", "chat_template.jinja", "LICENSE", "LICENSE.txt", "LICENSE.md",
  ]

  /// Creates the temporary folder.
  init(path: String, overwrite: Bool) throws {
    try Self.check(path, overwrite: overwrite)
    // Through a link, the folder that it leads to is replaced and the link stays.
    let path = FileSystem.realPath(path) ?? path
    let parent = FileSystem.folder(of: path)
    guard FileSystem.isFolder(parent) else {
      throw FileError.missingFolder(path: path, folder: parent)
    }
    let temporaryPath = try FileSystem.hiddenSibling(of: path, ending: "tmp")
    try FileSystem.createFolder(temporaryPath)
    self.path = path
    self.temporaryPath = temporaryPath
  }

  deinit {
    if !isFinished { FileSystem.removeFolder(temporaryPath) }
  }

  /// Refuses outputs that must not be touched.
  static func check(_ path: String, overwrite: Bool) throws {
    guard FileSystem.exists(path) else { return }
    guard FileSystem.isFolder(path) else { throw ConversionError.outputNotFolder(path: path) }
    guard overwrite else { throw ConversionError.folderExists(path: path) }
    let names = try FileSystem.names(inFolder: path)
    if let other = names.first(where: { !knownNames.contains($0) }) {
      throw ConversionError.folderHoldsOthers(path: path, name: other)
    }
  }

  /// Writes a file of the folder.
  ///
  /// - Parameters:
  ///   - name: the file's name.
  ///   - bytes: its size.
  ///   - body: writes its content.
  /// - Throws: what `body` throws, or `FileError`.
  func write(_ name: String, bytes: Int, _ body: (FileSink) throws -> Void) throws {
    let file = try AtomicFile(
      path: FileSystem.join(temporaryPath, name), expectedBytes: bytes, overwrite: false)
    try body(file.sink)
    try file.commit()
  }

  /// Puts the folder in its place.
  consuming func commit() throws(FileError) {
    let old = try Self.replace(path, with: temporaryPath)
    isFinished = true
    if let old { FileSystem.removeFolder(old) }
  }

  /// Moves a folder to a path; returns where the one is that was there.
  private static func replace(
    _ path: String, with temporaryPath: String
  ) throws(FileError) -> String? {
    guard FileSystem.exists(path) else {
      try FileSystem.move(temporaryPath, to: path)
      return nil
    }
    let old = try FileSystem.hiddenSibling(of: path, ending: "old")
    try FileSystem.move(path, to: old)
    do throws(FileError) {
      try FileSystem.move(temporaryPath, to: path)
    } catch {
      try FileSystem.move(old, to: path)
      throw error
    }
    return old
  }
}
