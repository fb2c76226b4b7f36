import ByteIO
import JSONCore
import KibbleFormat
import ModelFile
import Safetensors
import TensorCore
import ToolSupport

/// A tensor as it lies in a checkpoint or a file.
struct InspectedTensor {
  let name: String
  /// The tensor's name, without the first row of a band.
  let tensor: String
  /// The name in the checkpoint, where it is spelled otherwise.
  let sourceName: String?
  let shape: [Int]
  let type: String
  let groupSize: Int?
  let file: String?
  let offset: Int
  let bytes: Int
  let crc32: UInt32?
  /// Its values, where they were read.
  var statistics: ValueStatistics?

  /// A tensor of a safetensors file; `spec` has what it is called in the current layout.
  init(_ entry: TensorEntry, named name: String? = nil, in file: SafetensorsFile) {
    self.name = name ?? entry.name
    tensor = self.name
    sourceName = entry.name == self.name ? nil : entry.name
    shape = entry.shape
    type = entry.type.rawValue.lowercased()
    groupSize = nil
    self.file = FileSystem.name(of: file.path)
    offset = entry.byteRange.lowerBound
    bytes = entry.byteRange.count
    crc32 = nil
  }

  /// A stored tensor, or a band of one.
  init(_ record: TensorRecord, of tensor: StoredModel.Tensor) {
    name = record.name
    self.tensor = tensor.name
    sourceName = tensor.sourceName == tensor.name ? nil : tensor.sourceName
    shape = record.shape
    type = record.type.name
    groupSize = record.type.isQuantized ? record.geometry.groupSize : nil
    file = nil
    offset = record.planes[0].lowerBound
    bytes = record.byteCount
    crc32 = record.crc32
  }

  /// The type with its group size.
  var typeText: String { type + (groupSize.map { " g\($0)" } ?? "") }

  var json: JSON {
    var members: [(String, JSON)] = [
      ("name", .string(name)), ("source_name", JSON(sourceName)), ("shape", JSON(shape)),
      ("type", .string(type)), ("group_size", JSON(groupSize)), ("offset", JSON(offset)),
      ("bytes", JSON(bytes)), ("crc32", JSON(checksum: crc32)),
    ]
    if let file { members.append(("file", .string(file))) }
    if let statistics { members.append(("stats", statistics.json)) }
    return .object(JSONObject(members))
  }
}

extension [InspectedTensor] {
  /// How many there are, and what they take in each type, largest first.
  var total: String {
    var bytes: [String: Int] = [:]
    for tensor in self { bytes[tensor.type, default: 0] += tensor.bytes }
    let types = bytes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let names = Set(map { ExactText($0.tensor) }).count
    return "\(NumberFormat.thousands(names)) tensor\(names == 1 ? "" : "s"), "
      + NumberFormat.bytes(reduce(0) { $0 + $1.bytes }) + ": "
      + types.map { "\($0.key) \(NumberFormat.bytes($0.value))" }.joined(separator: ", ")
  }

  /// For a terminal of so many columns; where a tensor lies stands in the JSON.
  func table(width: Int) -> String {
    let hasStatistics = contains { $0.statistics != nil }
    var table = TextTable(
      [.text("tensor"), .text("type")]
        + (hasStatistics
          ? [.number("min"), .number("max"), .number("mean"), .number("deviation")]
          : [.text("shape"), .number("bytes")]))
    for tensor in self {
      if let values = tensor.statistics, tensor.bytes > 0 {
        let numbers = [
          Double(values.minimum), Double(values.maximum), values.mean, values.deviation,
        ]
        table.append(
          [tensor.name, tensor.typeText] + numbers.map { NumberFormat.significant($0, 3) })
      } else {
        let shape = tensor.shape.map(String.init).joined(separator: " × ")
        table.append(
          [tensor.name, tensor.typeText]
            + (hasStatistics ? [] : [shape, NumberFormat.thousands(tensor.bytes)]))
      }
    }
    return table.text(width: width)
  }
}
