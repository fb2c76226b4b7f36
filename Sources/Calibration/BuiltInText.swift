/// The text that calibrates a model where nobody gives another: passages of many kinds, written for
/// this program.
public enum BuiltInText {
  /// How it is called in messages and reports.
  public static let name = "the built-in text"

  /// Its passages, an empty line between them, in UTF-8.
  public static var bytes: [UInt8] {
    let separator = Array("\n%%\n".utf8)
    var rest = PackageResources.calibration_txt[...]
    var text: [UInt8] = []
    while !rest.isEmpty {
      if rest.starts(with: separator) {
        text += [UInt8(ascii: "\n"), UInt8(ascii: "\n")]
        rest = rest.dropFirst(separator.count)
      } else {
        text.append(rest.removeFirst())
      }
    }
    return text
  }
}
