import ByteIO
import Diagnostics
import DogeArchitecture
import JSONCore
import KibbleFormat
import ModelFile
import Safetensors

/// Where a model's weights come from: always the checkpoint, however many files lie between.
struct Provenance {
  /// The checkpoint's config and weight files, `{name, bytes, crc32}` each.
  var sources: [JSON]
  /// The hub's repository, where the cache folder says it.
  let repository: JSON?
  /// Its commit.
  let commit: JSON?
  /// What the model card says of licence and origin.
  let card: JSON?

  /// Stands for a checksum until the file has been read; of the same length.
  private static let unknown = hexadecimal(0)

  init(of source: ModelSource) throws {
    switch source {
    case .checkpoint(let folder, _):
      let config = Self.entry(
        BlobName.config, bytes: folder.configBytes.count,
        checksum: hexadecimal(CRC32.checksum(folder.configBytes)))
      let weights = folder.files.map { file in
        Self.entry(FileSystem.name(of: file.path), bytes: file.file.count, checksum: Self.unknown)
      }
      sources = [config] + weights
      repository = folder.repository.map { .string($0) }
      commit = folder.commit.map { .string($0) }
      card = try ModelCard(of: folder)?.json
    case .kibble(let model):
      sources = model.file.metadata["sources"]?.arrayValue ?? []
      repository = model.file.metadata["repository"]
      commit = model.file.metadata["commit"]
      card = model.file.metadata["card"]
    }
  }

  /// Enters the checksums of a checkpoint's weight files, which stand after the config.
  mutating func enter(weightChecksums: [UInt32]) {
    for (index, checksum) in weightChecksums.enumerated() {
      guard case .object(var entry) = sources[index + 1] else { continue }
      entry["crc32"] = .string(hexadecimal(checksum))
      sources[index + 1] = .object(entry)
    }
  }

  private static func entry(_ name: String, bytes: Int, checksum: String) -> JSON {
    ["name": JSON(name), "bytes": JSON(bytes), "crc32": JSON(checksum)]
  }
}
