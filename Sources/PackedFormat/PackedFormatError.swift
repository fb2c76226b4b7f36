import Diagnostics

/// A rule of formats/packed-v1.md that a file breaks.
///
/// `path` is the file.
public enum PackedFormatError: Error, Equatable, Sendable {
  /// The file is of a later major version, or needs features that this reader does not know.
  case newer(path: String, version: Int, features: UInt32)
  /// The file is shorter or longer than its header says.
  case wrongLength(path: String, expected: UInt64, found: Int)
  /// What comes before the data does not have its checksum.
  case checksum(path: String, expected: UInt32, found: UInt32)
  /// A size in the header is outside its limits.
  case badHeader(path: String, field: String, found: UInt64, expected: String)
  /// The frame or the parts are no zlib stream of as many bytes as the header says.
  case badCompression(path: String)
  /// A part of what the directory does not tell is not as the format wants it.
  case badPart(path: String, entry: String, field: String, found: Int, expected: String)
  /// A chunk of codes does not hold what it should.
  case badChunk(path: String, tensor: String, rows: Range<Int>)
  /// A file that is to be packed is packed already.
  case alreadyPacked(path: String)
  /// A file would be so small that readers would not believe what it grows to.
  case tooUniform(path: String, bytes: Int, packed: Int)
  /// A file that is to be unpacked is not packed.
  case notPacked(path: String)
}

extension PackedFormatError: Diagnosable {
  /// The broken rule in words: 65 for damage, 69 for what a newer program wrote.
  public var diagnostic: Diagnostic {
    let damaged = "The file is damaged: copy it again, or pack the model again."
    switch self {
    case .newer(let path, let version, let features):
      return Diagnostic(
        .unsupported, code: "packed.newer",
        "the file was written by a newer version of kibble: packed format \(version), features "
          + "\(features); this program reads \(PackedFormat.majorVersion), features 0",
        path: path, hint: "Update kibble.")
    case .wrongLength(let path, let expected, let found):
      return Diagnostic(
        .badData, code: "packed.wrong-length",
        "the file has \(found) bytes, its header says \(expected)"
          + (UInt64(found) < expected ? ": it is truncated" : ""),
        path: path, hint: damaged)
    case .checksum(let path, let expected, let found):
      return Diagnostic(
        .badData, code: "packed.checksum",
        "what comes before the data has CRC-32 0x\(hexadecimal(found)), expected 0x\(hexadecimal(expected))",
        path: path, hint: damaged)
    case .badHeader(let path, let field, let found, let expected):
      return Diagnostic(
        .badData, code: "packed.bad-header",
        "header field \(field) is \(found), expected \(expected)", path: path, hint: damaged)
    case .badCompression(let path):
      return Diagnostic(
        .badData, code: "packed.bad-compression",
        "frame or parts are not a zlib stream of as many bytes as the header says", path: path,
        hint: damaged)
    case .badPart(let path, let entry, let field, let found, let expected):
      return Diagnostic(
        .badData, code: "packed.bad-part",
        "\(field) of \(escaped(entry)) is \(found), expected \(expected)", path: path,
        tensor: entry, hint: damaged)
    case .badChunk(let path, let tensor, let rows):
      return Diagnostic(
        .badData, code: "packed.bad-chunk",
        "the codes of rows \(rows.lowerBound) to \(rows.upperBound - 1) of \(escaped(tensor)) do "
          + "not decode", path: path, tensor: tensor, hint: damaged)
    case .alreadyPacked(let path):
      return Diagnostic(
        .badData, code: "packed.already-packed", "the file is packed already", path: path,
        hint: "Copy it as it is; `kibble unpack` gives the file that it was made of.")
    case .tooUniform(let path, let bytes, let packed):
      return Diagnostic(
        .badData, code: "packed.too-uniform",
        "its \(bytes) bytes would be packed into \(packed), and what grows to more than "
          + "\(Limits.packedGrowth) times its size is not read",
        path: path, hint: "Its weights are almost all the same; use it as it is.")
    case .notPacked(let path):
      return Diagnostic(
        .badData, code: "packed.not-packed", "the file is not packed", path: path,
        hint: "Give a file that `kibble pack` wrote; this one can be used as it is.")
    }
  }
}
