import DogeArchitecture
import JSONCore
import KibbleFormat
import TensorCore

/// Reads what the metadata of a `.kibble` file say of the checkpoint.
struct MetadataReader {
  let file: KibbleFile

  /// What is recorded of a tensor's way from the checkpoint.
  struct Origin {
    let type: ElementType
    let through: [WeightType]
  }

  /// The layout of the checkpoint.
  func layout(config: DogeConfig) throws(ModelFileError) -> CheckpointLayout {
    let layout = file.metadata["layout"]
    guard let restored = CheckpointLayout(metadata: layout, config: config) else {
      throw wrong("layout", layout, "a layout that this version knows")
    }
    return restored
  }

  /// The origins of the tensors, which the metadata list in the order of the file.
  func origins(of specs: [TensorSpec]) throws(ModelFileError) -> [Origin] {
    guard file.metadata["sources"]?.arrayValue != nil else {
      throw wrong("sources", file.metadata["sources"], "an array")
    }
    let entries = file.metadata["tensors"]?.arrayValue ?? []
    guard entries.count == specs.count else {
      throw .metadata(
        path: file.path, field: "tensors", found: "\(entries.count) entries",
        expected: "\(specs.count)")
    }
    var origins: [Origin] = []
    for (index, (entry, spec)) in zip(entries, specs).enumerated() {
      let field = "tensors[\(index)]"
      guard entry["name"]?.stringValue == spec.canonicalName else {
        throw wrong(field + ".name", entry["name"], spec.canonicalName)
      }
      let typeName = try text(entry["source_type"], field + ".source_type", "an element type")
      guard let type = ElementType(rawValue: typeName), type.isSupportedWeight else {
        throw wrong(field + ".source_type", entry["source_type"], "F32, F16, BF16 or F64")
      }
      let through = entry["through"]?.arrayValue ?? []
      let types = through.compactMap { $0.stringValue.flatMap { WeightType(name: $0) } }
      guard types.count == through.count else {
        throw wrong(field + ".through", entry["through"], "types")
      }
      origins.append(Origin(type: type, through: types))
    }
    return origins
  }

  private func text(
    _ value: JSON?, _ field: String, _ expected: String
  ) throws(ModelFileError) -> String {
    guard let text = value?.stringValue else { throw wrong(field, value, expected) }
    return text
  }

  private func wrong(_ field: String, _ found: JSON?, _ expected: String) -> ModelFileError {
    let shown = found.map { String($0.serialized().prefix(100)) } ?? "missing"
    return .metadata(path: file.path, field: field, found: shown, expected: expected)
  }
}
