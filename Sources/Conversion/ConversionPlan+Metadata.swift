import DogeArchitecture
import JSONCore
import KibbleFormat
import ModelFile
import Quantization
import TensorCore

extension ConversionPlan {
  static let schema = "kibble.metadata/1"

  /// The blob kibble.json: the same input and recipe always give the same text.
  ///
  /// Its length does not depend on the checksums in `provenance`, so that the file can be laid out
  /// before the checkpoint is read.
  static func metadata(
    of source: ModelSource, recipe: EncodingRecipe, tensors: [PlannedTensor],
    records: [PlannedRecord], provenance: Provenance, toolVersion: String, blobs: [BlobContent]
  ) -> JSON {
    let minorVersion = KibblePlan.minorVersion(
      types: records.map(\.geometry.type), hasBands: records.count > tensors.count, blobs: blobs)
    var metadata = JSONObject([
      ("schema", JSON(schema)),
      ("format_version", JSON("\(KibbleFormat.majorVersion).\(minorVersion)")),
      ("tool", ["name": "kibble", "version": JSON(toolVersion)] as JSON),
      ("family", JSON(source.config.family.rawValue)),
      ("layout", source.layout.metadata),
      ("parameters", JSON(source.parameterCount)),
      ("recipe", json(of: recipe, isQuantized: records.contains { $0.geometry.type.isQuantized })),
      ("sources", .array(provenance.sources)),
    ])
    metadata["repository"] = provenance.repository
    metadata["commit"] = provenance.commit
    metadata["card"] = provenance.card
    metadata["tensors"] = .array(tensors.map { json(of: $0, records[$0.records]) })
    return .object(metadata)
  }

  private static func json(of recipe: EncodingRecipe, isQuantized: Bool) -> JSON {
    var json = JSONObject([("type", JSON(recipe.target.name))])
    if isQuantized {
      json["group_size"] = JSON(recipe.groupSize)
      json["method"] = JSON(recipe.method.rawValue)
      json["calibration"] = recipe.calibration?.json
    }
    if recipe.tuningSteps > 0 { json["tuning_steps"] = JSON(recipe.tuningSteps) }
    json["rules"] = .array(recipe.rules.map(\.json))
    return .object(json)
  }

  private static func json(of tensor: PlannedTensor, _ records: ArraySlice<PlannedRecord>) -> JSON {
    var json = JSONObject([("name", JSON(tensor.name))])
    if records.count == 1, let geometry = records.first?.geometry {
      json["type"] = JSON(geometry.type.name)
      if geometry.type.isQuantized { json["group_size"] = JSON(geometry.groupSize) }
    } else {
      json["type"] = "bands"
    }
    json["note"] = tensor.note.map { .string($0) }
    if tensor.sourceName != tensor.name { json["source_name"] = JSON(tensor.sourceName) }
    json["source_type"] = JSON(tensor.sourceType.rawValue)
    if !tensor.through.isEmpty { json["through"] = JSON(tensor.through.map(\.name)) }
    return .object(json)
  }
}
