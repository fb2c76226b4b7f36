import ByteIO
import DogeArchitecture
import JSONCore
import KibbleFormat
import PackedFormat
import Parallel
import TensorCore

/// A `.kibble` file whose tensors are exactly those that its own config calls for.
///
/// Opening checks that once; whoever has one finds every tensor by its role, in its shape and
/// laid out for its use.
public struct StoredModel: Sendable {
  /// A tensor of the file, and where it came from.
  public struct Tensor: Sendable {
    /// What the tensor is for.
    public let spec: TensorSpec
    /// How its rows are stored: all alike, or band by band, which are then quantized.
    public let bands: [TensorRecord]
    /// In which order they hold the rows; nil where that is the matrix's.
    public let order: RowOrder?
    /// Its name in the checkpoint.
    public let sourceName: String
    /// The type of its elements in the checkpoint.
    public let sourceType: ElementType
    /// Types of earlier files that it went through and that could not hold all its values.
    public let through: [WeightType]

    /// The name in the current layout.
    public var name: String { spec.canonicalName }
    /// The types of its bands.
    public var types: [WeightType] { bands.map(\.type) }
    /// Whether it is stored as codes with scales.
    public var isQuantized: Bool { bands.contains { $0.type.isQuantized } }
    /// The bytes of all its planes.
    public var byteCount: Int { bands.reduce(0) { $0 + $1.byteCount } }
  }

  /// The file.
  public let file: KibbleFile
  /// The model's config, from the file's config.json.
  public let config: DogeConfig
  /// The layout of the checkpoint, as the metadata record it.
  public let layout: CheckpointLayout
  /// The tensors in file order, which is the order of their use.
  public let tensors: [Tensor]
  private let indices: [Place: Int]

  /// What tells the tensors of a model apart.
  private struct Place: Hashable {
    let role: TensorRole
    let layer: Int?
  }

  /// The file's path, or the checkpoint's that it was made from, for messages.
  public var path: String { file.path }

  /// The number of weights, a tied head not counted.
  public var parameterCount: Int { tensors.reduce(0) { $0 + $1.spec.elementCount } }

  /// All bytes of the tensors in bits, by the number of weights.
  public var bitsPerWeight: Double {
    Double(file.tensorBytes * 8) / Double(parameterCount)
  }

  /// Whether any tensor is stored as codes with scales.
  public var isQuantized: Bool { tensors.contains(where: \.isQuantized) }

  /// The blobs that a copy of the file carries along: all but kibble's own.
  package var carriedBlobs: [BlobRecord] {
    file.blobs.filter { ![KibbleFormat.metadataName, KibbleFormat.rowsName].contains($0.name) }
  }

  /// Maps a file and finds the model in it; payloads are not touched.
  ///
  /// - Parameter path: a `.kibble` file.
  /// - Throws: what is damaged or not supported; all errors are `Diagnosable`.
  public init(path: String) throws {
    try self.init(file: Self.open(path: path))
  }

  /// Finds the model in a file.
  ///
  /// - Parameter file: a file, or the same bytes in memory.
  /// - Throws: what the file lacks or has too much of; all errors are `Diagnosable`.
  public init(file: KibbleFile) throws { try self.init(file: file, orders: nil) }

  /// The same where it is known in which order each tensor's rows lie; nil where the file says it.
  package init(file: KibbleFile, orders known: [RowOrder?]?) throws {
    guard let configBytes = file.config else {
      throw KibbleFormatError.missingBlob(path: file.path, name: BlobName.config)
    }
    let config = try ModelSource.readConfig(configBytes, path: file.path)
    let metadata = MetadataReader(file: file)
    let layout = try metadata.layout(config: config)
    // Every block has tensors; a config that claims more must not be worked through.
    guard config.layerCount <= file.tensors.count else {
      throw ModelFileError.storedTensors(
        path: file.path, expected: config.layerCount, found: file.tensors.count)
    }
    let specs = layout.tensors(for: config)
    let bands = try Self.bands(of: specs, in: file)
    let origins = try metadata.origins(of: specs)
    let orders = try known ?? Self.orders(of: bands, in: file)
    var tensors: [Tensor] = []
    var indices: [Place: Int] = [:]
    for ((spec, (bands, order)), origin) in zip(zip(specs, zip(bands, orders)), origins) {
      indices[Place(role: spec.role, layer: spec.layer)] = tensors.count
      tensors.append(
        Tensor(
          spec: spec, bands: bands, order: order, sourceName: layout.naming.name(of: spec),
          sourceType: origin.type, through: origin.through))
    }
    self.file = file
    self.config = config
    self.layout = layout
    self.tensors = tensors
    self.indices = indices
  }

  /// Checks that the file was not written since it was opened.
  ///
  /// - Throws: `FileError`; what was computed is then worth nothing.
  public func checkUnchanged() throws(FileError) { try file.region.checkUnchanged() }

  /// Where a tensor stands in `tensors`.
  ///
  /// - Parameters:
  ///   - role: what it does.
  ///   - layer: its block; nil for the tensors outside the blocks.
  /// - Returns: its index; nil where the model has no such tensor, such as a bias.
  public func index(of role: TensorRole, layer: Int? = nil) -> Int? {
    indices[Place(role: role, layer: layer)]
  }

  /// Maps a file, or decodes a packed one into memory.
  ///
  /// - Parameter path: a `.kibble` file, packed or not.
  /// - Returns: the file.
  /// - Throws: what is damaged or not supported; all errors are `Diagnosable`.
  public static func open(path: String) throws -> KibbleFile { try open(MappedFile(path: path)) }

  /// Reads the directory of a mapped file; `JSONError`s get the file's path.
  static func open(_ region: MappedFile) throws -> KibbleFile {
    do {
      guard PackedFile.isPacked(region.bytes(0..<min(8, region.count))) else {
        return try KibbleFile(region: region, path: region.path)
      }
      let processors = min(Processors.available, ProcessorQuota.processors ?? .max)
      return try PackedFile(region: region, path: region.path)
        .unpack(ThreadPool(threads: processors))
    } catch let error as JSONError {
      throw ModelFileError.metadata(
        path: region.path, field: "kibble.json", found: error.summary, expected: "JSON")
    }
  }
}
