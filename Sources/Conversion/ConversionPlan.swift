import ByteIO
import DogeArchitecture
import JSONCore
import KibbleFormat
import ModelFile
import Quantization
import TensorCore

/// A tensor of the output.
public struct PlannedTensor: Sendable {
  /// What the tensor is for.
  public let spec: TensorSpec
  /// How it will be stored.
  public let geometry: TensorGeometry
  /// Its name in the checkpoint.
  public let sourceName: String
  /// The type of its elements in the checkpoint.
  public let sourceType: ElementType
  /// Types of intermediate files that could not hold all its values.
  public let through: [WeightType]
  /// Why the type is not the one that was asked for, or which rule gave it.
  public let note: String?

  /// The name in the current layout.
  public var name: String { spec.canonicalName }
}

/// What a conversion will write: types, sizes and metadata, known from headers alone.
public struct ConversionPlan: Sendable {
  /// The input.
  public let source: ModelSource
  /// What was asked for.
  public let recipe: EncodingRecipe
  /// The output's tensors, in file order.
  public let tensors: [PlannedTensor]
  /// The version of the program, as the metadata record it.
  public let toolVersion: String
  private let provenance: Provenance
  private let carriedBlobs: [BlobContent]
  /// Where everything lies in the output; checksums and exponents are filled in when it is
  /// written.
  package let fileLayout: KibblePlan

  /// Decides the type of every tensor and lays out the file.
  ///
  /// - Parameters:
  ///   - source: the model to convert; it must not be quantized.
  ///   - recipe: the types to store.
  ///   - toolVersion: the version of the program, for the metadata.
  ///   - compressesBlobs: whether tokenizer, card and templates are compressed.
  /// - Throws: `ConversionError` where the recipe does not fit the model.
  public init(
    source: ModelSource, recipe: EncodingRecipe, toolVersion: String, compressesBlobs: Bool = true
  ) throws {
    try self.init(
      source: source, recipe: recipe, toolVersion: toolVersion,
      provenance: Provenance(of: source),
      carriedBlobs: source.blobs().map { name, bytes in
        // Whoever opens the file reads the config.
        BlobContent(
          name: name, bytes: bytes, compressed: compressesBlobs && name != BlobName.config)
      })
  }

  private init(
    source: ModelSource, recipe: EncodingRecipe, toolVersion: String, provenance: Provenance,
    carriedBlobs: [BlobContent]
  ) throws {
    try recipe.check()
    let tensors = try Self.tensors(of: source, recipe: recipe)
    fileLayout = Self.fileLayout(
      tensors,
      metadata: Self.metadata(
        of: source, recipe: recipe, tensors: tensors, provenance: provenance,
        toolVersion: toolVersion, blobs: carriedBlobs),
      carriedBlobs)
    self.source = source
    self.recipe = recipe
    self.tensors = tensors
    self.toolVersion = toolVersion
    self.provenance = provenance
    self.carriedBlobs = carriedBlobs
  }

  /// The same model by another recipe.
  package func with(_ recipe: EncodingRecipe) throws -> ConversionPlan {
    try ConversionPlan(
      source: source, recipe: recipe, toolVersion: toolVersion, provenance: provenance,
      carriedBlobs: carriedBlobs)
  }

  /// The same model with all tensors in float32.
  package func inFloat32() throws -> ConversionPlan {
    try with(EncodingRecipe(target: .weights(.f32)))
  }

  /// The length of the output in bytes.
  public var fileLength: Int { fileLayout.fileLength }

  /// The number of weights, a tied head not counted.
  public var parameterCount: Int { source.parameterCount }

  /// All bytes of tensors in the output, in bits per weight.
  public var bitsPerWeight: Double {
    let bytes = tensors.reduce(0) { $0 + $1.geometry.totalBytes }
    return Double(bytes) * 8 / Double(parameterCount)
  }

  /// The same with the metadata that are known when the input has been read.
  func fileLayout(weightChecksums: [UInt32]) -> KibblePlan {
    Self.fileLayout(tensors, metadata: metadata(weightChecksums: weightChecksums), carriedBlobs)
  }

  /// Those metadata.
  func metadata(weightChecksums: [UInt32]) -> JSON {
    var provenance = provenance
    provenance.enter(weightChecksums: weightChecksums)
    return Self.metadata(
      of: source, recipe: recipe, tensors: tensors, provenance: provenance,
      toolVersion: toolVersion, blobs: carriedBlobs)
  }

  private static func fileLayout(
    _ tensors: [PlannedTensor], metadata: JSON, _ carried: [BlobContent]
  ) -> KibblePlan {
    // As it is: its length must not depend on the checksums in it, which come last.
    let own = BlobContent(
      name: KibbleFormat.metadataName, bytes: Array(metadata.serialized().utf8), compressed: false)
    return KibblePlan(
      tensors: tensors.map { ($0.name, $0.spec.shape, $0.geometry) }, blobs: [own] + carried)
  }

  private static func tensors(
    of source: ModelSource, recipe: EncodingRecipe
  ) throws(ConversionError) -> [PlannedTensor] {
    var tensors: [PlannedTensor] = []
    switch source {
    case .checkpoint(_, let resolved):
      for tensor in resolved.tensors {
        let decision = try recipe.decision(
          on: tensor.spec, own: tensor.sourceType.ownWeightType, source: tensor.sourceType)
        tensors.append(
          PlannedTensor(
            spec: tensor.spec,
            geometry: try geometry(of: tensor.spec, decision, path: source.path),
            sourceName: tensor.sourceName, sourceType: tensor.sourceType, through: [],
            note: decision.note))
      }
    case .kibble(let model):
      for tensor in model.tensors {
        let stored = tensor.record.type
        guard !stored.isQuantized else {
          throw .alreadyQuantized(path: source.path, tensor: tensor.record.name, type: stored)
        }
        let decision = try recipe.decision(
          on: tensor.spec, own: stored, source: tensor.sourceType)
        let isLossy = !stored.holds(tensor.sourceType) && tensor.through.last != stored
        tensors.append(
          PlannedTensor(
            spec: tensor.spec,
            geometry: try geometry(of: tensor.spec, decision, path: source.path),
            sourceName: tensor.sourceName, sourceType: tensor.sourceType,
            through: isLossy ? tensor.through + [stored] : tensor.through,
            note: decision.note))
      }
    }
    try recipe.check(tensors.map(\.spec))
    return tensors
  }

  private static func geometry(
    of spec: TensorSpec, _ decision: TensorDecision, path: String
  ) throws(ConversionError) -> TensorGeometry {
    let geometry = TensorGeometry(
      type: decision.type, arrangement: spec.arrangement, shape: spec.shape,
      groupSize: decision.groupSize)
    guard let geometry else {
      throw .tooLarge(path: path, tensor: spec.canonicalName, shape: spec.shape)
    }
    return geometry
  }
}
