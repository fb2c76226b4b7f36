import ByteIO
import TensorCore

/// A rule of NumPy's file formats that a file breaks, or a part of them that is not read.
///
/// `array` is the name in an archive, without `.npy`; nil in a lone `.npy` file.
public enum NumPyError: Error, Equatable {
  /// The file cannot be read at all.
  case file(FileError)

  // The archive.
  /// The file does not end with the record that ends a zip archive.
  case noDirectory(path: String, size: Int)
  /// The directory does not lie in the file.
  case directoryOutside(path: String, offset: UInt64, bytes: UInt64, size: Int)
  /// The archive says that it lies on several disks.
  case severalDisks(path: String)
  /// The archive holds more entries than are accepted.
  case tooManyEntries(path: String, found: UInt64, limit: Int)
  /// A record of the directory is no such record or runs past the directory's end.
  case badRecord(path: String, index: Int, offset: Int)
  /// The directory has other bytes than its records.
  case directoryLength(path: String, expected: Int, found: Int)
  /// Two entries have one name.
  case duplicateName(path: String, name: String)
  /// An entry is encrypted.
  case encrypted(path: String, array: String)
  /// An entry is compressed by a method other than deflate.
  case unknownMethod(path: String, array: String, method: Int)
  /// What stands in front of an entry's data is not what the directory says.
  case badEntry(path: String, array: String, offset: UInt64)
  /// An entry runs past the end of the data.
  case entryOutside(path: String, array: String, offset: Int, bytes: UInt64, end: Int)
  /// Two entries share bytes.
  case overlap(path: String, array: String, other: String)
  /// An entry cannot have the size that it claims: deflate does not compress so much.
  case impossibleSize(path: String, array: String, compressed: UInt64, size: UInt64)
  /// An entry's data do not inflate to the size that the directory says.
  case notInflated(path: String, array: String, expected: Int, found: Int?)
  /// An entry's bytes have another CRC-32.
  case checksum(path: String, array: String, expected: UInt32, found: UInt32)
  /// The archive holds no array.
  case noArrays(path: String)

  // An array.
  /// The bytes are too few, or do not begin as an array does.
  case notAnArray(path: String, array: String?)
  /// The format's version is unknown.
  case unknownVersion(path: String, array: String?, major: UInt8, minor: UInt8)
  /// The header is longer than is accepted.
  case headerTooLong(path: String, array: String?, bytes: Int, limit: Int)
  /// The header is no dictionary of `descr`, `fortran_order` and `shape`; `offset` counts from its
  /// start.
  case badHeader(path: String, array: String?, expected: String, offset: Int)
  /// The elements are of a type that is not read.
  case unsupportedType(path: String, array: String?, type: String)
  /// The array lies column by column.
  case fortranOrder(path: String, array: String?)
  /// The number of bytes does not fit 64 bits, or a dimension exceeds the limit.
  case tooLarge(path: String, array: String?, shape: String)
  /// Type and shape need another number of bytes than there are.
  case sizeMismatch(
    path: String, array: String?, type: ElementType, shape: [Int], expected: Int, found: Int)
}
