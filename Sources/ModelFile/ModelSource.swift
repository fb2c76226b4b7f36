import ByteIO
import DogeArchitecture
import JSONCore
import KibbleFormat
import PackedFormat
import Safetensors

/// A model that can be read: a checkpoint folder, or a `.kibble` file.
public enum ModelSource: Sendable {
  /// A checkpoint whose tensors are exactly those that its config calls for.
  case checkpoint(CheckpointFolder, ResolvedCheckpoint)
  /// A file of this program.
  case kibble(StoredModel)

  /// Opens what a path leads to; payloads are not touched.
  ///
  /// - Parameter path: a checkpoint's folder, a folder of the hub's cache, or a `.kibble` file.
  /// - Returns: the model, with its config and layout.
  /// - Throws: what is missing, damaged or not supported; all errors are `Diagnosable`.
  public static func open(path: String) throws -> ModelSource {
    if FileSystem.isRegularFile(path) { return .kibble(try openFile(path)) }
    let folder = try CheckpointFolder(path: path)
    let config = try readConfig(folder.configBytes, path: folder.configPath)
    do throws(LayoutError) {
      let tensors = folder.tensors.map { ($0.name, $0.entry.type, $0.entry.shape) }
      return .checkpoint(folder, try resolve(config: config, tensors: tensors))
    } catch {
      throw ModelFileError.layout(path: folder.path, error)
    }
  }

  /// Reads the bytes of a config.json; `path` is for messages.
  static func readConfig(_ bytes: [UInt8], path: String) throws -> DogeConfig {
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(bytes, dialect: .python)
    } catch {
      throw ModelFileError.configNotJSON(path: path, error)
    }
    do throws(ConfigError) {
      return try DogeConfig(json: json)
    } catch {
      throw ModelFileError.config(path: path, error)
    }
  }

  private static func openFile(_ path: String) throws -> StoredModel {
    let file = try MappedFile(path: path)
    let start = file.bytes(0..<min(8, file.count))
    if start.starts(with: Array("GGUF".utf8)) {
      throw CheckpointError.unsupported(path: path, format: .gguf)
    }
    // What a file is called tells more than that it is not a .kibble file.
    if !KibbleFile.isKibble(start), !PackedFile.isPacked(start), !path.hasSuffix(".kibble") {
      _ = try CheckpointFolder(path: path)
    }
    return try StoredModel(file: StoredModel.open(file))
  }

  /// The model's config.
  public var config: DogeConfig {
    switch self {
    case .checkpoint(_, let resolved): resolved.config
    case .kibble(let model): model.config
    }
  }

  /// The layout of the checkpoint that the model comes from.
  public var layout: CheckpointLayout {
    switch self {
    case .checkpoint(_, let resolved): resolved.layout
    case .kibble(let model): model.layout
    }
  }

  /// The folder or file.
  public var path: String {
    switch self {
    case .checkpoint(let folder, _): folder.path
    case .kibble(let model): model.file.path
    }
  }

  /// The number of weights, a tied head not counted.
  public var parameterCount: Int {
    switch self {
    case .checkpoint(_, let resolved): resolved.parameterCount
    case .kibble(let model): model.parameterCount
    }
  }

  /// Oddities that stop nothing, one sentence each.
  public var warnings: [String] {
    switch self {
    case .checkpoint(let folder, let resolved): folder.warnings + resolved.warnings
    case .kibble: []
    }
  }

  /// Checks that no file of the weights was written since it was opened.
  ///
  /// - Throws: `FileError`; what was computed is then worth nothing.
  public func checkUnchanged() throws(FileError) {
    switch self {
    case .checkpoint(let folder, _):
      for file in folder.files { try file.file.checkUnchanged() }
    case .kibble(let model): try model.checkUnchanged()
    }
  }

  /// The files that are read, which no output may replace.
  public var identities: [FileIdentity] {
    switch self {
    case .checkpoint(let folder, _): folder.identities
    case .kibble(let model): [model.file.region.fileIdentity].compactMap(\.self)
    }
  }
}
