import ByteIO
import Diagnostics
import TensorCore

private let damagedHint = "the file is damaged or incomplete; save it again with NumPy"

extension NumPyError: Diagnosable {
  /// The error in words, with its exit code.
  public var diagnostic: Diagnostic {
    switch self {
    case .file(let error):
      error.diagnostic

    case .noDirectory(let path, let size):
      bad(
        "no-directory", "the file's \(size) bytes do not end with a zip archive's directory", path)
    case .directoryOutside(let path, let offset, let bytes, let size):
      bad(
        "directory-outside",
        "the archive's directory has \(bytes) bytes at offset \(offset), but the file has \(size)",
        path)
    case .severalDisks(let path):
      bad("several-disks", "the archive is one part of several; expected a whole one", path)
    case .tooManyEntries(let path, let found, let limit):
      bad("too-many-entries", "the archive holds \(found) entries; at most \(limit) are read", path)
    case .badRecord(let path, let index, let offset):
      bad("bad-record", "record \(index) of the directory, at byte \(offset), is none", path)
    case .directoryLength(let path, let expected, let found):
      bad(
        "directory-length",
        "the directory's records have \(found) bytes, but it claims \(expected)", path)
    case .duplicateName(let path, let name):
      bad("duplicate-name", "the name '\(escaped(name))' occurs twice in the archive", path, name)
    case .encrypted(let path, let array):
      unsupported(
        "encrypted", "\(subject(array)) is encrypted", path, array,
        hint: "save it with numpy.savez")
    case .unknownMethod(let path, let array, let method):
      unsupported(
        "unknown-method",
        "\(subject(array)) is compressed by method \(method); stored (0) and deflate (8) are read",
        path, array, hint: "save it with numpy.savez or numpy.savez_compressed")
    case .badEntry(let path, let array, let offset):
      bad(
        "bad-entry",
        "\(subject(array)) does not begin at byte \(offset), where the directory says", path, array)
    case .entryOutside(let path, let array, let offset, let bytes, let end):
      bad(
        "entry-outside",
        "\(subject(array)) has \(bytes) bytes at offset \(offset), but the data end at \(end)",
        path, array)
    case .overlap(let path, let array, let other):
      bad("overlap", "\(subject(array)) overlaps '\(escaped(other))'", path, array)
    case .impossibleSize(let path, let array, let compressed, let size):
      bad(
        "impossible-size",
        "\(subject(array)) claims \(size) bytes, which \(compressed) compressed ones cannot give",
        path, array)
    case .notInflated(let path, let array, let expected, let found):
      bad(
        "not-inflated",
        "\(subject(array)) does not inflate to the \(expected) bytes of the directory: "
          + (found.map { "it gives \($0)" } ?? "its data are damaged"), path, array)
    case .checksum(let path, let array, let expected, let found):
      bad(
        "checksum",
        "\(subject(array)) has CRC-32 \(hexadecimal(found)), expected "
          + hexadecimal(expected), path, array)
    case .noArrays(let path):
      bad(
        "no-arrays", "the archive holds no NumPy array", path,
        hint: "a file of torch.save is not read; save tensors with numpy.savez or as safetensors")

    case .notAnArray(let path, let array):
      bad("not-an-array", "\(subject(array)) does not begin as a NumPy array does", path, array)
    case .unknownVersion(let path, let array, let major, let minor):
      unsupported(
        "unknown-version",
        "\(subject(array)) is of version \(major).\(minor) of the format; 1.0, 2.0 and 3.0 are read",
        path, array, hint: "save it with numpy.save")
    case .headerTooLong(let path, let array, let bytes, let limit):
      bad(
        "header-too-long",
        "the header of \(subject(array)) has \(bytes) bytes; at most \(limit) are read", path, array
      )
    case .badHeader(let path, let array, let expected, let offset):
      bad(
        "bad-header",
        "the header of \(subject(array)) must have \(expected) at its byte \(offset)", path, array)
    case .unsupportedType(let path, let array, let type):
      unsupported(
        "unsupported-type",
        "\(subject(array)) has elements of type \(escaped(type)); float16, float32, float64, int32 "
          + "and int64 are read, little-endian", path, array, hint: typeHint(type))
    case .fortranOrder(let path, let array):
      unsupported(
        "fortran-order", "\(subject(array)) lies column by column (Fortran order)", path, array,
        hint: "save numpy.ascontiguousarray(array)")
    case .tooLarge(let path, let array, let shape):
      bad("too-large", "the shape \(escaped(shape)) of \(subject(array)) is too large", path, array)
    case .sizeMismatch(let path, let array, let type, let shape, let expected, let found):
      bad(
        "size-mismatch",
        "\(subject(array)), \(type.rawValue) \(shape), needs \(expected) bytes, but has \(found)",
        path, array)
    }
  }

  private func subject(_ array: String?) -> String {
    array.map { "the array '\(escaped($0))'" } ?? "the file"
  }

  /// What to save instead.
  private func typeHint(_ type: String) -> String {
    if type.contains(text: "V2") {
      return "NumPy has no bfloat16: save array.astype('float32'), or the tensors as safetensors"
    }
    if type.contains(">") { return "save array.astype(array.dtype.newbyteorder('<'))" }
    return "save array.astype('float32'), or array.astype('int64') of ids"
  }

  private func bad(
    _ code: String, _ message: String, _ path: String, _ array: String? = nil,
    hint: String = damagedHint
  ) -> Diagnostic {
    Diagnostic(
      .badData, code: "numpy.\(code)", message, path: path, tensor: array, hint: hint)
  }

  private func unsupported(
    _ code: String, _ message: String, _ path: String, _ array: String?, hint: String
  ) -> Diagnostic {
    Diagnostic(
      .unsupported, code: "numpy.\(code)", message, path: path, tensor: array, hint: hint)
  }
}
