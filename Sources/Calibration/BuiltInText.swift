/// The text that calibrates a model where nobody gives another: passages of many kinds, written for
/// this program.
public enum BuiltInText {
  /// How it is called in messages and reports.
  public static let name = "the built-in text"

  /// Its passages, an empty line between them, in UTF-8.
  public static var bytes: [UInt8] {
    let passages = PackageResources.calibration_txt.split(separator: Array("\n%%\n".utf8))
    return Array(passages.joined(separator: Array("\n\n".utf8)))
  }
}
