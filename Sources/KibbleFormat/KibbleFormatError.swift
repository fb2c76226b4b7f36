/// A rule of formats/kibble-v1.md that a file breaks.
///
/// `path` is the file.
public enum KibbleFormatError: Error, Equatable, Sendable {
  /// The first bytes are not those of a `.kibble` file.
  case notKibble(path: String)
  /// The file is of a later major version.
  case newerVersion(path: String, found: Int, supported: Int)
  /// The file needs features that this reader does not know.
  case unknownFeatures(path: String, bits: UInt32)
  /// The file is shorter or longer than its header says.
  case wrongLength(path: String, expected: UInt64, found: Int)
  /// The header and directory do not have their checksum.
  case directoryChecksum(path: String, expected: UInt32, found: UInt32)
  /// A count or offset of the header is outside its limits.
  case badHeader(path: String, field: String, found: UInt64, expected: String)
  /// A field of a tensor's or blob's record is not as the format wants it.
  case badRecord(path: String, entry: String, field: String, found: String, expected: String)
  /// A compressed blob is no zlib stream of as many bytes as its record says.
  case badCompression(path: String, entry: String)
  /// Two entries have the same name.
  case duplicateName(path: String, name: String)
  /// A type or arrangement that this reader does not know.
  case unknownCode(path: String, entry: String, field: String, found: Int)
  /// A tensor's planes, or a blob, do not have their checksum.
  case payloadChecksum(path: String, entry: String, expected: UInt32, found: UInt32)
  /// Padding inside a plane, or between planes, is not zero.
  case paddingNotZero(path: String, entry: String, offset: Int)
  /// A stored scale or value is infinite or not a number.
  case notFinite(path: String, entry: String, offset: Int)
  /// An int8 code is -128.
  case codeOutOfRange(path: String, entry: String, offset: Int)
  /// A blob that every file has is missing.
  case missingBlob(path: String, name: String)
}
