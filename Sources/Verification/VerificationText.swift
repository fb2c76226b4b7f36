/// The text that models are compared on where nobody gives another.
///
/// It has passages of many kinds, written for this program, and is another one than that which
/// calibrates, so that a file is not judged by what it was fitted to.
public enum VerificationText {
  /// How it is called in messages and reports.
  public static let name = "the built-in text"

  /// Its passages, an empty line between them, in UTF-8.
  public static var bytes: [UInt8] { PackageResources.verification_txt }
}
