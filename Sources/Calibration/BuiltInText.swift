/// The text that calibrates a model where nobody gives another: passages of many kinds, written for
/// this program.
public enum BuiltInText {
  /// How it is called in messages and reports.
  public static let name = "the built-in text"

  /// Its passages, an empty line between them, in UTF-8.
  public static var bytes: [UInt8] {
    let newline = UInt8(ascii: "\n")
    let lines = PackageResources.calibration_txt.split(
      separator: newline, omittingEmptySubsequences: false)
    // A line of two percent signs stands between passages.
    let shown = lines.map { $0.elementsEqual("%%".utf8) ? [] : $0 }
    return Array(shown.joined(separator: [newline]))
  }
}
