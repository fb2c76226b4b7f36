import JSONCore

/// A value of the file and where it stands, for errors that say so.
struct ConfigurationPart {
  let value: JSON
  let path: String

  /// A member; nil if it is missing or `null`.
  func optional(_ key: String) throws(TokenizerError) -> ConfigurationPart? {
    guard let object = value.objectValue else { throw wrong("an object") }
    guard let member = object[key], !member.isNull else { return nil }
    return ConfigurationPart(value: member, path: child(key))
  }

  /// A member that must be there.
  func required(_ key: String) throws(TokenizerError) -> ConfigurationPart {
    guard let part = try optional(key) else { throw .missingField(path: child(key)) }
    return part
  }

  /// The elements of an array.
  func elements() throws(TokenizerError) -> [ConfigurationPart] {
    guard let array = value.arrayValue else { throw wrong("an array") }
    return array.enumerated().map { index, element in
      ConfigurationPart(value: element, path: "\(path)[\(index)]")
    }
  }

  /// The members of an object that are not `null`.
  func members() throws(TokenizerError) -> [(key: String, part: ConfigurationPart)] {
    guard let object = value.objectValue else { throw wrong("an object") }
    return object.members.filter { !$0.value.isNull }.map { member in
      (member.key, ConfigurationPart(value: member.value, path: child(member.key)))
    }
  }

  func string() throws(TokenizerError) -> String {
    guard let string = value.stringValue else { throw wrong("a string") }
    return string
  }

  func bool() throws(TokenizerError) -> Bool {
    guard let bool = value.boolValue else { throw wrong("true or false") }
    return bool
  }

  func bool(_ key: String, default standard: Bool) throws(TokenizerError) -> Bool {
    try optional(key)?.bool() ?? standard
  }

  /// A number from 0 to `limit`.
  func number(upTo limit: Int) throws(TokenizerError) -> Int {
    guard let number = value.intValue, (0...limit).contains(number) else {
      throw wrong("an integer from 0 to \(limit)")
    }
    return number
  }

  /// The kind of part that an object describes.
  func type() throws(TokenizerError) -> String { try required("type").string() }

  /// The error that says what was expected here.
  func wrong(_ expected: String) -> TokenizerError {
    let found =
      switch value {
      case .number(let number): number.text
      case .string(let text): "'\(text)'"
      default: value.kind
      }
    return .wrongField(path: path, expected: expected, found: found)
  }

  private func child(_ key: String) -> String { path.isEmpty ? key : path + "." + key }
}
