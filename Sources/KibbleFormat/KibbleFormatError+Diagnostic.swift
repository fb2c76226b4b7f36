import Diagnostics

extension KibbleFormatError: Diagnosable {
  /// The broken rule in words: 65 for damage, 69 for what a newer program wrote.
  public var diagnostic: Diagnostic {
    let damaged =
      "The file is damaged or was not written by kibble; make it again from the checkpoint."
    let newer = "the file was written by a newer version of kibble"
    switch self {
    case .notKibble(let path):
      return Diagnostic(
        .badData, code: "kibble.not-kibble",
        "this is not a .kibble file: its first 8 bytes are not 89 4B 49 42 42 4C 45 0A",
        path: path,
        hint: "Give a .kibble file made by `kibble convert`, or a checkpoint folder.")
    case .newerVersion(let path, let found, let supported):
      return Diagnostic(
        .unsupported, code: "kibble.newer-version",
        "\(newer): format \(found), this program reads \(supported)",
        path: path, hint: "Update kibble, or convert the checkpoint again with this version.")
    case .unknownFeatures(let path, let bits):
      return Diagnostic(
        .unsupported, code: "kibble.unknown-features",
        "\(newer): it needs features 0x\(hexadecimal(bits)) that this program lacks",
        path: path, hint: "Update kibble, or convert the checkpoint again with this version.")
    case .wrongLength(let path, let expected, let found):
      return Diagnostic(
        .badData, code: "kibble.wrong-length",
        "the file has \(found) bytes, its header says \(expected)"
          + (UInt64(found) < expected ? ": it is truncated" : ""),
        path: path, hint: "Copy or convert it again.")
    case .directoryChecksum(let path, let expected, let found):
      return Diagnostic(
        .badData, code: "kibble.directory-checksum",
        "header and directory have CRC-32 0x\(hexadecimal(found)), expected 0x\(hexadecimal(expected))",
        path: path,
        hint: damaged)
    case .badHeader(let path, let field, let found, let expected):
      return Diagnostic(
        .badData, code: "kibble.bad-header",
        "header field \(field) is \(found), expected \(expected)",
        path: path, hint: damaged)
    case .badRecord(let path, let entry, let field, let found, let expected):
      return Diagnostic(
        .badData, code: "kibble.bad-record",
        "\(field) of \(escaped(entry)) is \(escaped(found)), expected \(expected)", path: path,
        tensor: entry, hint: damaged)
    case .badCompression(let path, let entry):
      return Diagnostic(
        .badData, code: "kibble.bad-compression",
        "\(escaped(entry)) is not a zlib stream of as many bytes as its record says", path: path,
        tensor: entry, hint: damaged)
    case .duplicateName(let path, let name):
      return Diagnostic(
        .badData, code: "kibble.duplicate-name", "two entries are named \(escaped(name))",
        path: path, tensor: name, hint: damaged)
    case .unknownCode(let path, let entry, let field, let found):
      return Diagnostic(
        .unsupported, code: "kibble.unknown-code",
        "\(field) \(found) of \(escaped(entry)) is unknown: \(newer)",
        path: path, tensor: entry, hint: "Update kibble.")
    case .payloadChecksum(let path, let entry, let expected, let found):
      return Diagnostic(
        .badData, code: "kibble.payload-checksum",
        "\(escaped(entry)) has CRC-32 0x\(hexadecimal(found)), expected 0x\(hexadecimal(expected))",
        path: path,
        tensor: entry, hint: damaged)
    case .paddingNotZero(let path, let entry, let offset):
      return Diagnostic(
        .badData, code: "kibble.padding",
        "padding of \(escaped(entry)) at byte \(offset) is not zero",
        path: path, tensor: entry, hint: damaged)
    case .notFinite(let path, let entry, let offset):
      return Diagnostic(
        .badData, code: "kibble.not-finite",
        "\(escaped(entry)) has a value at byte \(offset) that is infinite or not a number",
        path: path, tensor: entry, hint: damaged)
    case .codeOutOfRange(let path, let entry, let offset):
      return Diagnostic(
        .badData, code: "kibble.code-out-of-range",
        "\(escaped(entry)) has a code or scale of -128 at byte \(offset), outside -127 ... 127",
        path: path,
        tensor: entry, hint: damaged)
    case .missingBlob(let path, let name):
      return Diagnostic(
        .badData, code: "kibble.missing-blob", "the file has no \(escaped(name))", path: path,
        hint: damaged)
    }
  }
}
