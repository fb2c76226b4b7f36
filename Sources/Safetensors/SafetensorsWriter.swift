import ByteIO
import JSONCore
import TensorCore

/// Lays out a safetensors file; the caller streams the payloads to their places.
///
/// The data begin at a multiple of 8 and the tensors follow in the order of the plan. The same
/// plan always gives the same bytes.
public struct SafetensorsWriter: Sendable {
  /// A tensor to be written.
  public struct Tensor: Equatable, Sendable {
    /// The tensor's name in the file.
    public var name: String
    /// The type of its elements.
    public var type: ElementType
    /// The number of elements along each axis; empty for a scalar.
    public var shape: [Int]

    /// A tensor of that name, type and shape.
    public init(name: String, type: ElementType, shape: [Int]) {
      self.name = name
      self.type = type
      self.shape = shape
    }
  }

  /// The first bytes of the file: the header with its length and its padding.
  public let headerBytes: [UInt8]
  /// The bytes of each tensor of the plan, counted from the start of the file.
  public let byteRanges: [Range<Int>]
  /// The size of the whole file.
  public let fileSize: Int

  /// Plans a file.
  ///
  /// - Parameters:
  ///   - tensors: what the file shall hold, in this order.
  ///   - metadata: strings for `__metadata__`, which is left out if there are none.
  /// - Throws: `SafetensorsError.cannotWrite` where the format cannot hold the plan.
  public init(
    tensors: [Tensor], metadata: [(String, String)] = []
  ) throws(SafetensorsError) {
    var header = JSONObject()
    if !metadata.isEmpty {
      header[SafetensorsHeader.metadataKey] =
        .object(JSONObject(metadata.map { ($0.0, JSON($0.1)) }))
    }
    var ranges: [Range<Int>] = []
    var end = 0
    for tensor in tensors {
      let bytes = try Self.byteCount(tensor)
      guard tensor.name != SafetensorsHeader.metadataKey, header[tensor.name] == nil else {
        throw .cannotWrite(name: tensor.name, reason: "the name is taken")
      }
      let range = end..<end + bytes
      header[tensor.name] = [
        "dtype": JSON(tensor.type.rawValue), "shape": JSON(tensor.shape),
        "data_offsets": JSON([range.lowerBound, range.upperBound]),
      ]
      ranges.append(range)
      end = range.upperBound
      guard end <= SafetensorsHeader.Limit.size else {
        throw .cannotWrite(name: tensor.name, reason: "the file would be too large")
      }
    }

    var text = Array(JSON.object(header).serialized().utf8)
    text.append(contentsOf: repeatElement(0x20, count: (8 - text.count % 8) % 8))
    let dataStart = 8 + text.count
    headerBytes = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
    byteRanges = ranges.map { dataStart + $0.lowerBound..<dataStart + $0.upperBound }
    fileSize = dataStart + end
  }

  /// Writes everything that is not payload.
  ///
  /// - Parameter sink: takes the file's bytes.
  /// - Throws: `FileError` where the file system refuses.
  public func writeHeader(to sink: some ByteSink) throws(FileError) {
    try sink.write(headerBytes, at: 0)
  }

  private static func byteCount(_ tensor: Tensor) throws(SafetensorsError) -> Int {
    guard tensor.shape.allSatisfy({ $0 >= 0 && $0 <= SafetensorsHeader.Limit.size }) else {
      throw .cannotWrite(name: tensor.name, reason: "the shape \(tensor.shape) is impossible")
    }
    guard let bytes = TensorSize(type: tensor.type, shape: tensor.shape)?.bytes,
      bytes <= SafetensorsHeader.Limit.size
    else {
      throw .cannotWrite(
        name: tensor.name,
        reason: "\(tensor.type.rawValue) \(tensor.shape) is too large or leaves a byte unfilled")
    }
    return bytes
  }
}
