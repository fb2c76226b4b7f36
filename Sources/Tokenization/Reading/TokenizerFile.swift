import JSONCore

/// The members of a `tokenizer.json`: the model read, the others as they are.
struct TokenizerFile {
  private static let byteLimit = 1 << 30

  private(set) var model: BytePairModel?
  private var parts: [String: JSON] = [:]

  /// Reads the file.
  mutating func read(_ bytes: RawSpan) throws(TokenizerError) {
    guard bytes.byteCount <= Self.byteLimit else {
      throw .fileTooLong(bytes: bytes.byteCount, limit: Self.byteLimit)
    }
    var scanner = JSONScanner()
    guard try scanner.token(in: bytes) == .beginObject else {
      throw .wrongField(path: "", expected: "an object", found: "something else")
    }
    while case .key(let key) = try scanner.token(in: bytes) {
      let name = try scanner.string(key, in: bytes)
      if name == "model", model == nil {
        var reader = BPEModelReader(scanner: scanner)
        model = try reader.read(in: bytes)
        scanner = reader.scanner
      } else {
        let value = try scanner.value(in: bytes)
        guard parts.updateValue(value, forKey: name) == nil, name != "model" else {
          throw scanner.duplicate(name, at: key, in: bytes)
        }
      }
    }
    // Nothing may follow.
    _ = try scanner.token(in: bytes)
    if let version = try part("version"), try version.string() != "1.0" {
      throw .unknownVersion(try version.string())
    }
  }

  /// A member; nil if it is missing or `null`.
  func part(_ name: String) throws(TokenizerError) -> ConfigurationPart? {
    guard let value = parts[name], !value.isNull else { return nil }
    return ConfigurationPart(value: value, path: name)
  }
}
