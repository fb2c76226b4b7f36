import ByteIO
import Diagnostics
import JSONCore

/// A tensor of a checkpoint.
public struct CheckpointTensor: Equatable, Sendable {
  /// The name as the checkpoint spells it.
  public let name: String
  /// Which of the checkpoint's files holds it.
  public let fileIndex: Int
  /// What the file says about it.
  public let entry: TensorEntry
}

/// A Hugging Face checkpoint: a config, weights in safetensors, and what goes with them.
///
/// The path may be the folder itself, a `models--org--name` folder of the hub's cache, or one of
/// its snapshots. Nothing is looked up elsewhere. Headers are checked; payloads are not touched.
public struct CheckpointFolder: Sendable {
  /// A file that is carried along as it is.
  public struct SideFile: Equatable, Sendable {
    /// The name in the folder, which becomes that of the blob in a `.kibble`.
    public let name: String
    /// The path to read it by.
    public let path: String
  }

  /// The folder that holds the files, after a cache folder was resolved.
  public let path: String
  /// The commit of the snapshot, where the checkpoint lies in a cache folder.
  public let commit: String?
  /// The hub's repository, `ORGANIZATION/NAME`, where the checkpoint lies in a cache folder.
  public let repository: String?
  /// config.json as it stands in the folder, up to 16 MiB.
  public let configBytes: [UInt8]
  /// The weight files, in the order of their names.
  public let files: [SafetensorsFile]
  /// All tensors, file by file in the order of their bytes.
  public let tensors: [CheckpointTensor]
  /// The files that are there among those that are carried along, in a fixed order.
  public let sideFiles: [SideFile]
  /// Oddities that stop nothing, one sentence each.
  public let warnings: [String]

  static let configName = "config.json"
  static let weightsName = "model.safetensors"
  static let indexName = "model.safetensors.index.json"
  /// The folder of the chat templates that have names of their own, `NAME.jinja`.
  package static let templateFolder = "additional_chat_templates"
  private static let sideFileNames = [
    "generation_config.json", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
    "chat_template.jinja", "README.md", "LICENSE", "LICENSE.txt", "LICENSE.md",
  ]

  /// Opens a checkpoint.
  ///
  /// - Parameter path: the checkpoint's folder, a cache folder or a snapshot.
  /// - Throws: what is missing, damaged or not supported.
  public init(path: String) throws(CheckpointError) {
    let location = try CheckpointLocation.resolve(path)
    let folder = location.folder
    let names = try reading { () throws(FileError) in try FileSystem.names(inFolder: folder) }
    let source = try WeightSource.find(in: folder, names: names)
    guard names.contains(Self.configName) else { throw .configMissing(folder: folder) }
    configBytes = try reading { () throws(FileError) in
      try FileSystem.read(FileSystem.join(folder, Self.configName), limit: Limits.configFile)
    }

    var warnings: [String] = []
    if let target = location.target(outsideOf: FileSystem.join(folder, Self.configName)) {
      warnings.append("config.json is a link to \(escaped(target)), outside of the folder")
    }
    switch source {
    case .missing(let error):
      throw error
    case .single(let path):
      let file = try Self.open(path)
      files = [file]
      tensors = Self.tensors(of: files)
    case .sharded(let indexPath):
      let bytes = try reading { () throws(FileError) in
        try FileSystem.read(indexPath, limit: Limits.indexFile)
      }
      let index = try ShardIndex(bytes, path: indexPath)
      try index.checkPresence(in: folder)
      var files: [SafetensorsFile] = []
      for shard in index.shards { files.append(try Self.open(FileSystem.join(folder, shard))) }
      try index.check(files)
      self.files = files
      tensors = Self.tensors(of: files)
      warnings += index.warnings(tensors)
    }
    self.path = folder
    commit = location.commit
    repository = location.repository
    var sideFiles: [SideFile] = []
    let templates = try Self.templates(in: location, names, &warnings)
    for name in Self.sideFileNames.filter(names.contains) + templates {
      let path = FileSystem.join(folder, name)
      try reading { () throws(FileError) in try FileSystem.checkRegular(path) }
      if let target = location.target(outsideOf: path) {
        warnings.append(
          "\(name) is a link to \(escaped(target)), outside of the folder, and is left out; put a "
            + "copy there to take it along")
      } else {
        sideFiles.append(SideFile(name: name, path: path))
      }
    }
    self.sideFiles = sideFiles
    self.warnings = warnings
  }

  /// The chat templates with names of their own, as paths in the folder.
  private static func templates(
    in location: CheckpointLocation, _ names: [String], _ warnings: inout [String]
  ) throws(CheckpointError) -> [String] {
    let path = FileSystem.join(location.folder, templateFolder)
    guard names.contains(templateFolder), FileSystem.isFolder(path) else { return [] }
    if let target = location.target(outsideOf: path) {
      warnings.append(
        "\(templateFolder) is a link to \(escaped(target)), outside of the folder, and is left out")
      return []
    }
    let files = try reading { () throws(FileError) in try FileSystem.names(inFolder: path) }
    return files.filter { $0.hasSuffix(".jinja") }.map { FileSystem.join(templateFolder, $0) }
  }

  /// The path of config.json, for messages.
  public var configPath: String { FileSystem.join(path, Self.configName) }

  /// The identities of every file that is read, which an output must not replace.
  public var identities: [FileIdentity] {
    let paths = [configPath, FileSystem.join(path, Self.indexName)] + sideFiles.map(\.path)
    return files.map(\.file.identity) + paths.compactMap { FileSystem.identity($0) }
  }

  /// The file that holds a tensor of this checkpoint.
  public func file(of tensor: CheckpointTensor) -> SafetensorsFile { files[tensor.fileIndex] }

  private static func open(_ path: String) throws(CheckpointError) -> SafetensorsFile {
    do throws(SafetensorsError) {
      return try SafetensorsFile(path: path)
    } catch {
      throw .safetensors(error)
    }
  }

  private static func tensors(of files: [SafetensorsFile]) -> [CheckpointTensor] {
    files.enumerated().flatMap { index, file in
      file.tensors.map { CheckpointTensor(name: $0.name, fileIndex: index, entry: $0) }
    }
  }
}

/// Runs a file operation and passes its error on as a checkpoint's.
func reading<Result>(
  _ body: () throws(FileError) -> Result
) throws(CheckpointError) -> Result {
  do throws(FileError) {
    return try body()
  } catch {
    throw .file(error)
  }
}
