import ByteIO
import Diagnostics
import DogeArchitecture
import JSONCore
import KibbleFormat
import ModelFile
import Safetensors
import TensorCore
import ToolSupport

/// What a report says of a model, so that it can be found again.
struct ModelDescription {
  let role: String
  let path: String
  /// Of the file, or of all weight files of a checkpoint.
  let bytes: Int
  /// The checksum of a `.kibble` file's header and directory; of a checkpoint that of the list of its
  /// files, with their checksums.
  let checksum: UInt32
  let layout: String
  let type: String
  let parameters: Int
  let bitsPerWeight: Double
  /// Nil for a checkpoint.
  let recipe: JSON?
  /// The checkpoint's files that its weights come from.
  private let sources: JSON?

  init(role: String, source: ModelSource, stored: StoredModel) {
    self.role = role
    path = source.path
    layout = source.layout.name
    parameters = stored.parameterCount
    bitsPerWeight = stored.bitsPerWeight
    let metadata = stored.file.metadata
    sources = metadata["sources"]
    switch source {
    case .checkpoint(let folder, let resolved):
      bytes = folder.files.reduce(0) { $0 + $1.file.count }
      checksum = CRC32.checksum(Array((sources ?? .null).serialized().utf8))
      let types = Set(resolved.tensors.map { $0.sourceType.rawValue.lowercased() })
      type = types.sorted().joined(separator: "+")
      recipe = nil
    case .kibble(let model):
      bytes = model.file.fileBytes
      checksum = model.file.checksum
      type = metadata["recipe"]?["type"]?.stringValue ?? "unknown"
      recipe = metadata["recipe"]
    }
  }

  /// The checksum that a report gives for the checkpoint that the weights come from.
  var sourcesChecksum: UInt32 { CRC32.checksum(Array((sources ?? .null).serialized().utf8)) }

  /// Whether both come from the same files of a checkpoint.
  func isVersion(of other: ModelDescription) -> Bool { sources == other.sources }

  /// What calibrated it: how many tokens, and their checksum.
  var calibration: String? {
    guard let calibration = recipe?["calibration"], let tokens = calibration["tokens"]?.intValue,
      let checksum = calibration["crc32"]?.checksumValue
    else { return nil }
    return "\(NumberFormat.thousands(tokens)) tokens, CRC "
      + hexadecimal(checksum)
  }

  var json: JSON {
    [
      "role": .string(role), "path": .string(path), "bytes": JSON(bytes),
      "crc32": JSON(checksum: checksum), "layout": .string(layout), "type": .string(type),
      "parameters": JSON(parameters), "bits_per_weight": JSON(bitsPerWeight),
      "recipe": recipe ?? nil, "calibration": recipe?["calibration"] ?? nil,
    ]
  }
}
