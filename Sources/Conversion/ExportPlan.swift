import DogeArchitecture
import JSONCore
import Kernels
import KibbleFormat
import ModelFile
import TensorCore

/// What an export will write, known before anything is read but configs and small tensors.
public struct ExportPlan {
  let type: WeightType
  let elementType: ElementType
  /// The tensors in file order.
  let tensors: [ExportedTensor]
  /// The files beside the weights, config.json first.
  let files: [(name: String, bytes: [UInt8])]
  /// In what the result is not the same model; one sentence each.
  public let notes: [String]

  /// The number of weights, a tied head not counted.
  public let parameterCount: Int

  /// Plans an export.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - layout: which layout and names the tensors get.
  ///   - type: the type of the weights to be.
  ///   - measured: what is known of the model's quality, for the model card, a sentence each.
  ///   - kernels: decode small tensors.
  /// - Throws: what the layout cannot express; all errors are `Diagnosable`.
  public init(
    of model: StoredModel, layout: ExportLayout, type: WeightType, measured: [String] = [],
    kernels: KernelSet
  ) throws {
    guard let elementType = type.elementType else { throw ConversionError.exportType(type) }
    self.type = type
    self.elementType = elementType
    var files: [(name: String, bytes: [UInt8])] = []
    for blob in model.carriedBlobs {
      let template = BlobName.template(blob.name)
      let name = template.map(BlobName.path(ofTemplate:)) ?? blob.name
      guard template != nil || OutputFolder.knownNames.contains(name) else { continue }
      files.append((name, try model.file.checkedBytes(of: blob)))
    }
    // A file without one cannot be opened.
    guard let index = files.firstIndex(where: { $0.name == BlobName.config }) else {
      throw KibbleFormatError.missingBlob(path: model.file.path, name: BlobName.config)
    }
    switch layout {
    case .own:
      tensors = model.tensors.map {
        ExportedTensor(
          name: $0.sourceName, shape: $0.spec.shape,
          content: .stored($0, rows: nil, columns: nil))
      }
      notes = []
    case .current:
      let json = try JSON.parse(files[index].bytes, dialect: .python)
      let current = try CurrentLayout(
        of: model, config: json.objectValue ?? JSONObject(), type: elementType, kernels: kernels)
      tensors = current.tensors
      notes = current.notes
      files[index].bytes = Array((current.config.serialized(pretty: true) + "\n").utf8)
    }
    files[index].bytes = try ExportedConfig.bytes(files[index].bytes, type: elementType)
    let parameterCount = tensors.reduce(0) { $0 + $1.shape.reduce(1, *) }
    let card = ExportedCard(
      model: model, layout: layout, type: type, parameterCount: parameterCount, notes: notes,
      measured: measured)
    let original = files.firstIndex { $0.name == BlobName.readme }.map { files.remove(at: $0) }
    files.append((BlobName.readme, Array(card.text(original: original?.bytes).utf8)))
    self.files = files
    self.parameterCount = parameterCount
  }
}
