import JSONCore
import TensorCore

/// Reads the entries of a header one by one, so that a hostile one ends early and small.
struct HeaderParser {
  let path: String
  let dataStart: Int
  let dataSize: Int
  private(set) var tensors: [TensorEntry] = []
  private(set) var metadata: [(key: String, value: String)] = []
  private var names: Set<ExactText> = []

  private typealias Limit = SafetensorsHeader.Limit

  init(path: String, dataStart: Int, dataSize: Int) {
    self.path = path
    self.dataStart = dataStart
    self.dataSize = dataSize
  }

  mutating func parse(_ text: RawSpan) throws(SafetensorsError) {
    // The header, an entry, a list of numbers.
    var scanner = JSONScanner(depthLimit: 3)
    do throws(JSONError) {
      _ = try scanner.next(in: text)
    } catch {
      throw .headerNotJSON(path: path, error)
    }
    while let (name, value) = try nextMember(of: &scanner, in: text) {
      guard names.insert(ExactText(name)).inserted else {
        throw .duplicateName(path: path, name: name)
      }
      if name == SafetensorsHeader.metadataKey {
        try readMetadata(value)
      } else {
        guard tensors.count < Limit.tensorCount else {
          throw .tooManyTensors(path: path, limit: Limit.tensorCount)
        }
        tensors.append(try entry(name: name, value))
      }
    }
  }

  /// The next key with its value; nil at the end of the text.
  private func nextMember(
    of scanner: inout JSONScanner, in text: RawSpan
  ) throws(SafetensorsError) -> (name: String, value: JSON)? {
    do throws(JSONError) {
      guard case .key(let token) = try scanner.next(in: text) else {
        // The object is closed: only spaces may follow.
        _ = try scanner.next(in: text)
        return nil
      }
      return (try scanner.text(of: token, in: text), try scanner.parseValue(in: text))
    } catch {
      throw .headerNotJSON(path: path, error)
    }
  }

  private mutating func readMetadata(_ value: JSON) throws(SafetensorsError) {
    // The reference reads null as "none".
    if value.isNull { return }
    guard case .object(let object) = value else {
      throw .metadataNotStrings(path: path, key: nil, found: value.kind)
    }
    metadata.reserveCapacity(object.count)
    for member in object.members {
      guard case .string(let text) = member.value else {
        throw .metadataNotStrings(path: path, key: member.key, found: member.value.kind)
      }
      metadata.append((member.key, text))
    }
  }

  // MARK: Entries

  private func entry(name: String, _ value: JSON) throws(SafetensorsError) -> TensorEntry {
    guard name.utf8.count <= Limit.nameLength else {
      let beginning = String(name.unicodeScalars.prefix(64))
      throw .nameTooLong(
        path: path, name: beginning, bytes: name.utf8.count, limit: Limit.nameLength)
    }
    guard case .object(let fields) = value else {
      throw .entryNotObject(path: path, name: name, found: value.kind)
    }
    for key in fields.keys where !["dtype", "shape", "data_offsets"].contains(key) {
      throw .unknownField(path: path, name: name, field: key)
    }
    let type = try elementType(of: fields, name: name)
    let shape = try shape(of: fields, name: name)
    let range = try dataRange(of: fields, name: name)
    let count = try checkSize(name: name, type: type, shape: shape, range: range)
    return TensorEntry(
      name: name, type: type, shape: shape,
      byteRange: dataStart + range.lowerBound..<dataStart + range.upperBound, elementCount: count)
  }

  private func field(
    _ field: String, of fields: JSONObject, name: String
  ) throws(SafetensorsError) -> JSON {
    guard let value = fields[field] else {
      throw .missingField(path: path, name: name, field: field)
    }
    return value
  }

  private func elementType(
    of fields: JSONObject, name: String
  ) throws(SafetensorsError) -> ElementType {
    let value = try field("dtype", of: fields, name: name)
    guard case .string(let text) = value else {
      throw .wrongField(
        path: path, name: name, field: "dtype", expected: "a string", found: value.kind)
    }
    guard let type = ElementType(rawValue: text) else {
      throw .unknownType(path: path, name: name, found: text)
    }
    return type
  }

  private func shape(of fields: JSONObject, name: String) throws(SafetensorsError) -> [Int] {
    let values = try list("shape", of: fields, name: name)
    var shape: [Int] = []
    for (axis, value) in values.enumerated() {
      guard let size = value.intValue, size >= 0, size <= Limit.size else {
        throw .invalidDimension(
          path: path, name: name, axis: axis, found: spelled(value), limit: Limit.size)
      }
      shape.append(size)
    }
    return shape
  }

  private func dataRange(
    of fields: JSONObject, name: String
  ) throws(SafetensorsError) -> Range<Int> {
    let values = try list("data_offsets", of: fields, name: name)
    guard values.count == 2 else {
      throw .offsetsNotPair(path: path, name: name, count: values.count)
    }
    var offsets: [Int] = []
    for value in values {
      guard let offset = value.intValue, offset >= 0, offset <= Limit.size else {
        throw .invalidOffset(path: path, name: name, found: spelled(value), limit: Limit.size)
      }
      offsets.append(offset)
    }
    let (begin, end) = (offsets[0], offsets[1])
    guard begin <= end else {
      throw .offsetsReversed(path: path, name: name, begin: begin, end: end)
    }
    guard end <= dataSize else {
      throw .offsetsBeyondData(path: path, name: name, range: begin..<end, dataSize: dataSize)
    }
    return begin..<end
  }

  private func list(
    _ name: String, of fields: JSONObject, name tensor: String
  ) throws(SafetensorsError) -> [JSON] {
    let value = try field(name, of: fields, name: tensor)
    guard case .array(let values) = value else {
      throw .wrongField(
        path: path, name: tensor, field: name, expected: "a list of integers", found: value.kind)
    }
    return values
  }

  /// A number as in the file; of anything else, its kind.
  private func spelled(_ value: JSON) -> String {
    value.numberValue.map { String($0.text.prefix(64)) } ?? value.kind
  }

  /// Returns the number of elements.
  private func checkSize(
    name: String, type: ElementType, shape: [Int], range: Range<Int>
  ) throws(SafetensorsError) -> Int {
    guard let size = TensorSize(type: type, shape: shape) else {
      throw .sizeOverflow(path: path, name: name, type: type, shape: shape)
    }
    guard let bytes = size.bytes else {
      throw .partialByte(path: path, name: name, type: type, shape: shape)
    }
    guard bytes == range.count else {
      throw .sizeMismatch(
        path: path, name: name, type: type, shape: shape, range: range, expected: bytes)
    }
    return size.elements
  }

  // MARK: The data

  /// Sorts the tensors by their bytes, which must cover the data without overlap and holes.
  mutating func checkTiling() throws(SafetensorsError) {
    // Empty tensors share their offset with another; the name makes the order total.
    tensors.sort {
      ($0.byteRange.lowerBound, $0.byteRange.upperBound, $0.name)
        < ($1.byteRange.lowerBound, $1.byteRange.upperBound, $1.name)
    }
    var end = 0
    var last: TensorEntry?
    for tensor in tensors {
      let range = dataRange(of: tensor)
      if let last, range.lowerBound < end {
        throw .overlap(
          path: path, name: tensor.name, range: range, other: last.name,
          otherRange: dataRange(of: last))
      }
      guard range.lowerBound == end else {
        throw .hole(path: path, name: tensor.name, range: range, hole: end..<range.lowerBound)
      }
      end = range.upperBound
      last = tensor
    }
    guard end == dataSize else { throw .trailingBytes(path: path, range: end..<dataSize) }
  }

  private func dataRange(of tensor: TensorEntry) -> Range<Int> {
    tensor.byteRange.lowerBound - dataStart..<tensor.byteRange.upperBound - dataStart
  }
}
