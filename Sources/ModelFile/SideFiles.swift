import ByteIO
import Diagnostics
import KibbleFormat
import Safetensors

/// The files beside a model's weights: tokenizer, chat template, generation config.
///
/// They are read without the weights, so that a folder may hold nothing else.
public struct SideFiles: Sendable {
  private enum Place: Sendable {
    case folder(String)
    case kibble(KibbleFile)
  }

  /// The folder or file that they are looked for in.
  public let path: String
  private let place: Place
  /// The files that count, where not all do; the others count as absent.
  private let names: Set<String>?

  /// Opens what a path leads to.
  ///
  /// - Parameter path: a folder, a folder of the hub's cache, or a `.kibble` file.
  /// - Throws: what is wrong with it; all errors are `Diagnosable`.
  public init(path: String) throws {
    names = nil
    if FileSystem.isRegularFile(path) {
      self.path = path
      place = .kibble(try StoredModel.open(MappedFile(path: path)))
    } else {
      self.path = try CheckpointFolder.resolve(path)
      place = .folder(self.path)
    }
  }

  /// The files that an output of a model carries along.
  ///
  /// - Parameter source: the model, which is open already.
  public init(of source: ModelSource) {
    path = source.path
    switch source {
    case .checkpoint(let folder, _):
      names = Set(folder.sideFiles.map(\.name))
      place = .folder(path)
    case .kibble(let model):
      names = nil
      place = .kibble(model.file)
    }
  }

  /// The bytes of a file, where there is one of that name.
  ///
  /// - Parameter name: its name, or its path in the folder.
  /// - Returns: the bytes; nil where there is no such file.
  /// - Throws: what is wrong with it; all errors are `Diagnosable`.
  public func bytes(of name: String) throws -> [UInt8]? {
    switch place {
    case .folder(let folder):
      let path = FileSystem.join(folder, name)
      return counts(name) && FileSystem.entryExists(path)
        ? try FileSystem.read(path, limit: Limits.sideFile) : nil
    case .kibble(let file):
      let blobName = try BlobName.blob(name)
      guard let blob = file.blobs.first(where: { $0.name == blobName }) else { return nil }
      let bytes = try file.checkedBytes(of: blob)
      // A folder's files are refused when they are opened.
      guard !GitLFSPointer.isPointer(bytes) else {
        throw FileError.gitLFSPointer(path: self.path(of: name))
      }
      return bytes
    }
  }

  /// The names of the chat templates that have one, in order.
  public func templates() throws -> [String] {
    switch place {
    case .folder(let folder):
      try Self.templates(inFolder: folder).filter { counts(BlobName.path(ofTemplate: $0)) }
    case .kibble(let file): file.blobs.compactMap { BlobName.template($0.name) }
    }
  }

  private func counts(_ name: String) -> Bool { names?.contains(name) ?? true }

  private static func templates(inFolder folder: String) throws -> [String] {
    let path = FileSystem.join(folder, BlobName.templateFolder)
    guard FileSystem.isFolder(path) else { return [] }
    return try FileSystem.names(inFolder: path).compactMap { name in
      BlobName.template(BlobName.templateFolder + "/" + name)
    }
  }

  /// What an error calls the file of that name.
  public func path(of name: String) -> String {
    switch place {
    case .folder(let folder): FileSystem.join(folder, name)
    case .kibble: "\(path) (\(name))"
    }
  }
}
