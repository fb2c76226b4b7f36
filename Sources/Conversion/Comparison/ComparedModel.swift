import ByteIO
import Diagnostics
import DogeArchitecture
import JSONCore
import KibbleFormat
import ModelFile
import Safetensors
import TensorCore

/// One side of a comparison: a model, or the tensors of a safetensors file by themselves.
public enum ComparedModel: Sendable {
  /// A checkpoint or a `.kibble` file.
  case model(ModelSource)
  /// A file of weights without a config: its tensors go by the names that it gives them.
  case weights(SafetensorsFile)

  /// Opens what a path leads to; payloads are not touched.
  ///
  /// - Parameter path: what `ModelSource` opens, or a `.safetensors` file.
  /// - Returns: the side.
  /// - Throws: what is missing, damaged or not supported; all errors are `Diagnosable`.
  public static func open(path: String) throws -> ComparedModel {
    if FileSystem.isRegularFile(path), path.lowercased().hasSuffix(".safetensors") {
      return .weights(try SafetensorsFile(path: path))
    }
    return .model(try ModelSource.open(path: path))
  }

  /// The folder or file.
  public var path: String {
    switch self {
    case .model(let source): source.path
    case .weights(let file): file.path
    }
  }

  /// Oddities that stop nothing, one sentence each.
  public var warnings: [String] {
    if case .model(let source) = self { source.warnings } else { [] }
  }

  /// A tensor in the inventory.
  struct Entry {
    let name: ExactText
    let side: ModelDifference.Side
  }

  /// The tensors in the order of their use, or of their bytes.
  ///
  /// - Parameter asInCheckpoint: whether they go by the checkpoint's names, not the current layout's.
  /// - Returns: an entry for each.
  func inventory(asInCheckpoint: Bool) -> [Entry] {
    switch self {
    case .model(.checkpoint(_, let resolved)):
      resolved.tensors.map {
        Entry(
          name: ExactText(asInCheckpoint ? $0.sourceName : $0.spec.canonicalName),
          side: .init(shape: $0.spec.shape, type: $0.sourceType.rawValue.lowercased()))
      }
    case .model(.kibble(let model)):
      model.tensors.map {
        Entry(
          name: ExactText(asInCheckpoint ? $0.sourceName : $0.name),
          side: .init(shape: $0.spec.shape, type: $0.bands.typeText))
      }
    case .weights(let file):
      file.tensors.map {
        Entry(
          name: ExactText($0.name),
          side: .init(shape: $0.shape, type: $0.type.rawValue.lowercased()))
      }
    }
  }

  /// The values of a tensor, by its place in the inventory.
  ///
  /// - Throws: `ConversionError.notWeights` where they are no floats.
  func input(of number: Int) throws(ConversionError) -> TensorInput {
    switch self {
    case .model(let source): return source.input(of: number)
    case .weights(let file):
      let tensor = file.tensors[number]
      guard tensor.type.isSupportedWeight else {
        throw .notWeights(path: file.path, tensor: tensor.name, type: tensor.type)
      }
      return TensorInput(tensor, in: file.file)
    }
  }

  /// Whether two tensors of one type that no weights are read in have the same bytes.
  static func hasSameBytes(
    _ a: ComparedModel, _ left: Int, _ b: ComparedModel, _ right: Int
  ) -> Bool {
    guard case .weights(let one) = a, case .weights(let other) = b else { return false }
    let (left, right) = (one.tensors[left], other.tensors[right])
    guard left.type == right.type, !left.type.isSupportedWeight else { return false }
    return one.file.bytes(left.byteRange) == other.file.bytes(right.byteRange)
  }

  /// Checks what has checksums.
  func checkSums(_ progress: any ProgressSink) throws {
    if case .model(.kibble(let model)) = self { try model.file.checkSums(progress: progress) }
  }

  /// Checks that no file of the weights was written since it was opened.
  func checkUnchanged() throws(FileError) {
    switch self {
    case .model(let source): try source.checkUnchanged()
    case .weights(let file): try file.file.checkUnchanged()
    }
  }

  /// The files beside the weights, config.json among them.
  func blobs() throws -> [(name: String, bytes: [UInt8])] {
    if case .model(let source) = self { try source.blobs() } else { [] }
  }

  /// What the metadata say of the model: of two `.kibble` files all but the list of tensors, of two
  /// files of weights what their headers say, else the layout.
  func facts(beside other: ComparedModel) -> JSONObject {
    switch (self, other) {
    case (.model(.kibble(let model)), .model(.kibble)):
      var facts = model.file.metadata.objectValue ?? JSONObject()
      facts["tensors"] = nil
      return facts
    case (.model(let source), .model):
      return JSONObject([("layout", JSON(source.layout.name))])
    case (.weights(let file), .weights):
      return JSONObject(file.header.metadata.map { ($0.key, JSON($0.value)) })
    default:
      return JSONObject()
    }
  }
}

extension [TensorRecord] {
  /// The type with its group size, or those of all bands in the order of their first ones.
  fileprivate var typeText: String {
    var texts: [String] = []
    for record in self {
      let group = record.type.isQuantized ? " g\(record.geometry.groupSize)" : ""
      if !texts.contains(record.type.name + group) { texts.append(record.type.name + group) }
    }
    return count == 1 ? texts[0] : "\(count) bands of " + texts.joined(separator: ", ")
  }
}
