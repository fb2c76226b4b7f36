import ByteIO
import JSONCore
import KibbleFormat
import ModelFile

/// What a conversion is made of, as checksums of its metadata: where they are the same, so are
/// the bytes.
package struct ConversionIdentity: Equatable, Sendable {
  /// CRC-32 of all that is said of the input.
  package let model: UInt32
  /// CRC-32 of the recipe and the tensors' types, without the tokens of a calibration.
  package let recipe: UInt32
  /// CRC-32 of the program's version.
  package let version: UInt32

  package init(model: UInt32, recipe: UInt32, version: UInt32) {
    self.model = model
    self.recipe = recipe
    self.version = version
  }

  /// The identity of an output with those metadata and that order of rows, made from a source.
  init(_ metadata: JSON, rows: BlobContent?, source: ModelSource) {
    var model = metadata.objectValue ?? JSONObject()
    var recipe = model["recipe"]?.objectValue ?? JSONObject()
    // Tokens are told apart by themselves.
    recipe["calibration"] = nil
    let version = [model["tool"], model["format_version"]].compactMap { $0 }
    let tensors = model["tensors"] ?? .null
    for key in ["recipe", "tool", "format_version", "tensors"] { model[key] = nil }
    var stored: [JSON] = []
    if case .kibble(let model) = source {
      stored = model.file.tensors.map { JSON(Int($0.crc32)) }
    }
    self.model = Self.checksum([.object(model), .array(stored)])
    self.recipe = Self.checksum(
      .array([.object(recipe), tensors] + (rows.map { [JSON(Int($0.crc32))] } ?? [])))
    self.version = Self.checksum(.array(version))
  }

  private static func checksum(_ json: JSON) -> UInt32 {
    CRC32.checksum(Array(json.serialized().utf8))
  }
}
