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
  /// Its records in the plan: one, or one for each of its bands.
  public let records: Range<Int>
  /// In which order these have its rows; nil where that is the matrix's.
  public let order: RowOrder?
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

/// A tensor's record in the output, or that of a band of its rows.
public struct PlannedRecord: Sendable {
  /// The tensor, by its index in the plan.
  public let tensor: Int
  /// Which of its rows, as they are stored.
  public let rows: Range<Int>
  /// The name in the file.
  public let name: String
  /// The tensor's name in the checkpoint, with the band's first row where that is in `name`.
  public let sourceName: String
  /// The dimensions in the file.
  public let shape: [Int]
  /// How the rows will be stored.
  public let geometry: TensorGeometry
}

/// What a conversion will write: types, sizes and metadata, known from headers alone.
public struct ConversionPlan: Sendable {
  /// The input.
  public let source: ModelSource
  /// What was asked for.
  public let recipe: EncodingRecipe
  /// The output's tensors, in file order.
  public let tensors: [PlannedTensor]
  /// The records of all tensors, in file order.
  public let records: [PlannedRecord]
  /// The version of the program, as the metadata record it.
  public let toolVersion: String
  private let provenance: Provenance
  private let carriedBlobs: [BlobContent]
  private let compressesBlobs: Bool
  /// In which bands rows are, where that is not as they follow each other.
  let rows: BlobContent?
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
      }, compressesBlobs: compressesBlobs)
  }

  private init(
    source: ModelSource, recipe: EncodingRecipe, toolVersion: String, provenance: Provenance,
    carriedBlobs: [BlobContent], compressesBlobs: Bool
  ) throws {
    try recipe.check()
    let (tensors, records) = try Self.tensors(of: source, recipe: recipe)
    let rows = try Self.rowsBlob(tensors, records, compressed: compressesBlobs)
    let blobs = carriedBlobs + (rows.map { [$0] } ?? [])
    fileLayout = Self.fileLayout(
      records,
      metadata: Self.metadata(
        of: source, recipe: recipe, tensors: tensors, records: records, provenance: provenance,
        toolVersion: toolVersion, blobs: blobs),
      blobs)
    self.source = source
    self.recipe = recipe
    self.tensors = tensors
    self.records = records
    self.toolVersion = toolVersion
    self.provenance = provenance
    self.carriedBlobs = carriedBlobs
    self.compressesBlobs = compressesBlobs
    self.rows = rows
  }

  /// The blob that says in which bands rows are, where the order of some tensor's is not its own.
  private static func rowsBlob(
    _ tensors: [PlannedTensor], _ records: [PlannedRecord], compressed: Bool
  ) throws(ConversionError) -> BlobContent? {
    guard tensors.contains(where: { $0.order != nil }) else { return nil }
    if let tensor = tensors.first(where: { $0.records.count > RowOrder.mostBands }) {
      throw .tooManyBands(
        tensor: tensor.name, bands: tensor.records.count, limit: RowOrder.mostBands)
    }
    let bytes = tensors.filter { $0.records.count > 1 }.flatMap { tensor in
      tensor.order?.bands
        ?? tensor.records.enumerated().flatMap { number, record in
          [UInt8](repeating: UInt8(number), count: records[record].rows.count)
        }
    }
    return BlobContent(name: KibbleFormat.rowsName, bytes: bytes, compressed: compressed)
  }

  /// The same model by another recipe.
  package func with(_ recipe: EncodingRecipe) throws -> ConversionPlan {
    try ConversionPlan(
      source: source, recipe: recipe, toolVersion: toolVersion, provenance: provenance,
      carriedBlobs: carriedBlobs, compressesBlobs: compressesBlobs)
  }

  /// The same model with all tensors in float32.
  package func inFloat32() throws -> ConversionPlan {
    try with(EncodingRecipe(target: .weights(.f32)))
  }

  /// The rows of its tensor that a record has, in the order in which it stores them.
  package func rows(of record: PlannedRecord) -> [Int] {
    guard let order = tensors[record.tensor].order else { return Array(record.rows) }
    return order.rows[record.rows].map { Int($0) }
  }

  /// The length of the output in bytes.
  public var fileLength: Int { fileLayout.fileLength }

  /// The number of weights, a tied head not counted.
  public var parameterCount: Int { source.parameterCount }

  /// All bytes of tensors in the output, in bits per weight.
  public var bitsPerWeight: Double {
    let bytes = records.reduce(0) { $0 + $1.geometry.totalBytes }
    return Double(bytes) * 8 / Double(parameterCount)
  }

  /// The same with the metadata that are known when the input has been read.
  func fileLayout(weightChecksums: [UInt32]) -> KibblePlan {
    Self.fileLayout(records, metadata: metadata(weightChecksums: weightChecksums), blobs)
  }

  private var blobs: [BlobContent] { carriedBlobs + (rows.map { [$0] } ?? []) }

  /// Those metadata.
  func metadata(weightChecksums: [UInt32]) -> JSON {
    var provenance = provenance
    provenance.enter(weightChecksums: weightChecksums)
    return Self.metadata(
      of: source, recipe: recipe, tensors: tensors, records: records, provenance: provenance,
      toolVersion: toolVersion, blobs: blobs)
  }

  private static func fileLayout(
    _ records: [PlannedRecord], metadata: JSON, _ carried: [BlobContent]
  ) -> KibblePlan {
    // As it is: its length must not depend on the checksums in it, which come last.
    let own = BlobContent(
      name: KibbleFormat.metadataName, bytes: Array(metadata.serialized().utf8), compressed: false)
    return KibblePlan(
      tensors: records.map { ($0.name, $0.shape, $0.geometry) }, blobs: [own] + carried)
  }

  private static func tensors(
    of source: ModelSource, recipe: EncodingRecipe
  ) throws(ConversionError) -> (tensors: [PlannedTensor], records: [PlannedRecord]) {
    var tensors: [PlannedTensor] = []
    var records: [PlannedRecord] = []
    func add(
      _ spec: TensorSpec, _ decision: TensorDecision, _ sourceName: String,
      _ sourceType: ElementType, through: [WeightType]
    ) throws(ConversionError) {
      let bands = try Self.records(
        of: spec, decision, index: tensors.count, sourceName: sourceName, path: source.path)
      tensors.append(
        PlannedTensor(
          spec: spec, records: records.count..<records.count + bands.count, order: decision.order,
          sourceName: sourceName, sourceType: sourceType, through: through, note: decision.note))
      records += bands
    }
    switch source {
    case .checkpoint(_, let resolved):
      try recipe.check(resolved.tensors.map(\.spec))
      for tensor in resolved.tensors {
        let decision = try recipe.decision(
          on: tensor.spec, own: tensor.sourceType.ownWeightType, source: tensor.sourceType)
        try add(tensor.spec, decision, tensor.sourceName, tensor.sourceType, through: [])
      }
    case .kibble(let model):
      try recipe.check(model.tensors.map(\.spec))
      for tensor in model.tensors {
        let stored = tensor.bands[0].type
        guard !stored.isQuantized else {
          throw .alreadyQuantized(path: source.path, tensor: tensor.bands[0].name, type: stored)
        }
        let decision = try recipe.decision(
          on: tensor.spec, own: stored, source: tensor.sourceType)
        let isLossy = !stored.holds(tensor.sourceType) && tensor.through.last != stored
        try add(
          tensor.spec, decision, tensor.sourceName, tensor.sourceType,
          through: isLossy ? tensor.through + [stored] : tensor.through)
      }
    }
    return (tensors, records)
  }

  private static func records(
    of spec: TensorSpec, _ decision: TensorDecision, index: Int, sourceName: String, path: String
  ) throws(ConversionError) -> [PlannedRecord] {
    let rowCount = spec.shape.count == 2 ? spec.shape[0] : 1
    if let band = decision.bands.first(where: { $0.firstRow >= rowCount }) {
      throw .bandRows(tensor: spec.canonicalName, row: band.firstRow, rows: rowCount)
    }
    if let order = decision.order, order.rows.count != rowCount {
      throw .orderedRows(
        tensor: spec.canonicalName, ordered: order.rows.count, rows: rowCount)
    }
    let ends = decision.bands.dropFirst().map(\.firstRow) + [rowCount]
    var records: [PlannedRecord] = []
    for (band, end) in zip(decision.bands, ends) {
      let rows = band.firstRow..<end
      let isWhole = decision.bands.count == 1
      let shape = isWhole ? spec.shape : [rows.count, spec.shape[1]]
      let geometry = TensorGeometry(
        type: band.type, arrangement: spec.arrangement, shape: shape, groupSize: band.groupSize)
      guard let geometry else {
        throw .tooLarge(path: path, tensor: spec.canonicalName, shape: spec.shape)
      }
      func name(_ tensor: String) -> String {
        isWhole ? tensor : TensorRecord.bandName(tensor, firstRow: rows.lowerBound)
      }
      records.append(
        PlannedRecord(
          tensor: index, rows: rows, name: name(spec.canonicalName),
          sourceName: name(sourceName), shape: shape, geometry: geometry))
    }
    return records
  }
}
