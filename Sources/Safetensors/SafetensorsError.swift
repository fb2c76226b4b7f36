import ByteIO
import JSONCore
import TensorCore

/// A rule of the safetensors format that a file breaks.
///
/// Byte ranges of tensors count from the start of the data, as `data_offsets` in the file do.
public enum SafetensorsError: Error, Equatable {
  /// The file cannot be read at all.
  case file(FileError)

  // The container.
  /// The file is too short to hold the length of a header.
  case fileTooSmall(path: String, size: Int)
  /// The header's length exceeds the format's limit.
  case headerTooLong(path: String, length: UInt64, limit: Int)
  /// The header runs past the end of the file.
  case headerBeyondFile(path: String, length: UInt64, size: Int)
  /// The header does not begin with a brace; `found` is nil where it is empty.
  case headerNotObject(path: String, found: UInt8?)
  /// The header is not JSON.
  case headerNotJSON(path: String, JSONError)
  /// `__metadata__` is not an object of strings; `key` is nil where it is no object.
  case metadataNotStrings(path: String, key: String?, found: String)
  /// The file holds more tensors than are accepted.
  case tooManyTensors(path: String, limit: Int)

  // One entry of the header.
  /// Two tensors, or `__metadata__` twice, have one name.
  case duplicateName(path: String, name: String)
  /// A name is longer than is accepted; `name` is its beginning.
  case nameTooLong(path: String, name: String, bytes: Int, limit: Int)
  /// An entry is not an object.
  case entryNotObject(path: String, name: String, found: String)
  /// An entry lacks a field.
  case missingField(path: String, name: String, field: String)
  /// An entry has a field that the format does not know.
  case unknownField(path: String, name: String, field: String)
  /// A field holds the wrong kind of value.
  case wrongField(path: String, name: String, field: String, expected: String, found: String)
  /// The element type is none of the format's.
  case unknownType(path: String, name: String, found: String)
  /// A dimension is negative, no integer or above the limit.
  case invalidDimension(path: String, name: String, axis: Int, found: String, limit: Int)
  /// An offset is negative, no integer or above the limit.
  case invalidOffset(path: String, name: String, found: String, limit: Int)
  /// `data_offsets` does not hold two numbers.
  case offsetsNotPair(path: String, name: String, count: Int)

  // What the entries say about the data.
  /// The begin of `data_offsets` is above its end.
  case offsetsReversed(path: String, name: String, begin: Int, end: Int)
  /// The bytes of a tensor run past the end of the file.
  case offsetsBeyondData(path: String, name: String, range: Range<Int>, dataSize: Int)
  /// The number of bits exceeds 64 bits.
  case sizeOverflow(path: String, name: String, type: ElementType, shape: [Int])
  /// Elements of less than a byte do not fill whole bytes.
  case partialByte(path: String, name: String, type: ElementType, shape: [Int])
  /// Type and shape need another number of bytes than `data_offsets` span.
  case sizeMismatch(
    path: String, name: String, type: ElementType, shape: [Int], range: Range<Int>, expected: Int)
  /// A tensor begins before the one in front of it ends.
  case overlap(
    path: String, name: String, range: Range<Int>, other: String, otherRange: Range<Int>)
  /// Bytes before a tensor belong to none.
  case hole(path: String, name: String, range: Range<Int>, hole: Range<Int>)
  /// Bytes after the last tensor belong to none.
  case trailingBytes(path: String, range: Range<Int>)

  // Writing.
  /// A plan names a tensor that no file can hold.
  case cannotWrite(name: String, reason: String)
}
