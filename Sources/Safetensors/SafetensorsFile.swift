import ByteIO
import JSONCore

/// A safetensors file, mapped, whose header is checked: one shard of a checkpoint, or a golden.
public final class SafetensorsFile: Sendable {
  /// The whole file; `TensorEntry.byteRange` counts from its start.
  public let file: MappedFile
  /// The tensors and metadata that the header lists.
  public let header: SafetensorsHeader
  private let positions: [ExactText: Int]

  /// Maps a file and checks its header; the payloads are not touched.
  ///
  /// - Parameter path: the file.
  /// - Throws: the first rule that the file breaks, or why it cannot be read.
  public convenience init(path: String) throws(SafetensorsError) {
    let file: MappedFile
    do throws(FileError) {
      file = try MappedFile(path: path)
    } catch {
      throw .file(error)
    }
    try self.init(file)
  }

  /// Takes a mapped file and checks its header.
  ///
  /// - Parameter file: the file.
  /// - Throws: the first rule that the file breaks.
  public init(_ file: MappedFile) throws(SafetensorsError) {
    let header = try file.withBytes { (bytes) throws(SafetensorsError) in
      try SafetensorsHeader.parse(bytes, path: file.path)
    }
    self.file = file
    self.header = header
    positions = Dictionary(
      uniqueKeysWithValues: header.tensors.enumerated().map { (ExactText($1.name), $0) })
  }

  /// The path that the file was opened by.
  public var path: String { file.path }

  /// The tensors in the order of their bytes.
  public var tensors: [TensorEntry] { header.tensors }

  /// The tensor of that name, compared byte for byte.
  public subscript(name: String) -> TensorEntry? {
    positions[ExactText(name)].map { header.tensors[$0] }
  }

  /// Calls `body` with the bytes of a tensor of this file.
  public func withBytes<Result, Failure: Error>(
    of tensor: TensorEntry, _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try file.withBytes { (bytes) throws(Failure) in
      try body(bytes.extracting(tensor.byteRange))
    }
  }
}
