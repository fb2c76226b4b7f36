import ByteIO
import Diagnostics
import JSONCore
import TensorCore

private let damagedHint = "the file is damaged or incomplete; download or save it again"
private let invalidHint = "the file is not valid safetensors; save it again with its own tool"

extension SafetensorsError: Diagnosable {
  /// The error in words, with its exit code.
  public var diagnostic: Diagnostic {
    switch self {
    case .file(let error):
      error.diagnostic
    case .fileTooSmall(let path, let size):
      bad(
        "file-too-small",
        "the file has \(size) bytes; a safetensors file begins with 8 bytes that give the length "
          + "of its header", path, hint: damagedHint)
    case .headerTooLong(let path, let length, let limit):
      bad(
        "header-too-long",
        "the header claims \(length) bytes (bytes 0..<8); the format allows at most \(limit)", path)
    case .headerBeyondFile(let path, let length, let size):
      bad(
        "header-beyond-file",
        "the header claims \(length) bytes (bytes 0..<8), but only \(size - 8) bytes follow", path,
        hint: damagedHint)
    case .headerNotObject(let path, nil):
      bad("header-not-object", "the header is empty; expected a JSON object", path)
    case .headerNotObject(let path, let found?):
      bad(
        "header-not-object",
        "the header must begin with '{', found byte 0x\(String(found, radix: 16))", path)
    case .headerNotJSON(let path, let error):
      bad("header-not-json", "the header is not valid JSON: \(error.summary)", path)
    case .metadataNotStrings(let path, nil, let found):
      bad("metadata-not-strings", "'__metadata__' must be an object, found \(found)", path)
    case .metadataNotStrings(let path, let key?, let found):
      bad(
        "metadata-not-strings",
        "'__metadata__' may hold only strings, found \(found) under '\(escaped(key))'", path)
    case .tooManyTensors(let path, let limit):
      bad("too-many-tensors", "the header names more than \(limit) tensors", path)
    case .cannotWrite(let name, let reason):
      Diagnostic(
        .internalError, code: "safetensors.cannot-write",
        "the tensor '\(escaped(name))' cannot be written: \(reason)", tensor: name)

    case .duplicateName(let path, let name):
      bad(
        "duplicate-name", "the name '\(escaped(name))' occurs twice in the header", path,
        tensor: name)
    case .nameTooLong(let path, let name, let bytes, let limit):
      bad(
        "name-too-long",
        "the name '\(escaped(name))…' has \(bytes) bytes; at most \(limit) are accepted", path,
        tensor: name)
    case .entryNotObject(let path, let name, let found):
      bad(
        "entry-not-object", "\(tensor(name)) must be described by an object, found \(found)", path,
        tensor: name)
    case .missingField(let path, let name, let field):
      bad("missing-field", "\(tensor(name)) has no '\(field)'", path, tensor: name)
    case .unknownField(let path, let name, let field):
      bad(
        "unknown-field",
        "\(tensor(name)) has an unknown field '\(escaped(field))'; expected only 'dtype', 'shape' "
          + "and 'data_offsets'", path, tensor: name)
    case .wrongField(let path, let name, let field, let expected, let found):
      bad(
        "wrong-field", "'\(field)' of \(tensor(name)) must be \(expected), found \(found)", path,
        tensor: name)
    case .unknownType(let path, let name, let found):
      bad(
        "unknown-type",
        "\(tensor(name)) has the element type '\(escaped(found))', which the format does not know",
        path, tensor: name)
    case .invalidDimension(let path, let name, let axis, let found, let limit):
      bad(
        "invalid-dimension",
        "dimension \(axis) of \(tensor(name)) must be an integer from 0 to \(limit), found "
          + escaped(found), path, tensor: name)
    case .invalidOffset(let path, let name, let found, let limit):
      bad(
        "invalid-offset",
        "'data_offsets' of \(tensor(name)) must be integers from 0 to \(limit), found "
          + escaped(found), path, tensor: name)
    case .offsetsNotPair(let path, let name, let count):
      bad(
        "offsets-not-pair",
        "'data_offsets' of \(tensor(name)) must be two numbers, found \(count)", path, tensor: name)

    case .offsetsReversed(let path, let name, let begin, let end):
      bad(
        "offsets-reversed",
        "'data_offsets' of \(tensor(name)) begin at \(begin) and end before, at \(end)", path,
        tensor: name)
    case .offsetsBeyondData(let path, let name, let range, let dataSize):
      bad(
        "offsets-beyond-data",
        "\(tensor(name)) has the data bytes \(range), but the file holds only \(dataSize)", path,
        tensor: name, hint: damagedHint)
    case .sizeOverflow(let path, let name, let type, let shape):
      bad(
        "size-overflow",
        "the size of \(tensor(name)), \(type.rawValue) \(shape), does not fit 64 bits", path,
        tensor: name)
    case .partialByte(let path, let name, let type, let shape):
      bad(
        "partial-byte",
        "the elements of \(tensor(name)), \(type.rawValue) \(shape), do not fill whole bytes", path,
        tensor: name)
    case .sizeMismatch(let path, let name, let type, let shape, let range, let expected):
      bad(
        "size-mismatch",
        "\(tensor(name)), \(type.rawValue) \(shape), needs \(expected) bytes, but its data bytes "
          + "\(range) are \(range.count)", path, tensor: name)
    case .overlap(let path, let name, let range, let other, let otherRange):
      bad(
        "overlap",
        "\(tensor(name)), data bytes \(range), overlaps '\(escaped(other))', data bytes "
          + "\(otherRange)", path, tensor: name)
    case .hole(let path, let name, let range, let hole):
      bad(
        "hole",
        "the data bytes \(hole) before \(tensor(name)), data bytes \(range), belong to no tensor",
        path, tensor: name)
    case .trailingBytes(let path, let range):
      bad(
        "trailing-bytes",
        "the data bytes \(range) at the end of the file belong to no tensor", path)
    }
  }

  private func tensor(_ name: String) -> String { "the tensor '\(escaped(name))'" }

  private func bad(
    _ code: String, _ message: String, _ path: String, tensor: String? = nil,
    hint: String = invalidHint
  ) -> Diagnostic {
    Diagnostic(
      .badData, code: "safetensors.\(code)", message, path: path, tensor: tensor, hint: hint)
  }
}
