import Diagnostics

/// Something that was asked for and is not done.
public enum GenerationWarning: Equatable, Sendable {
  /// A setting of the model's file that would change the result in transformers.
  case unsupportedSetting(Setting, value: String)
  /// An option that has no effect beside `--greedy`.
  case ignoredOption(String)

  /// The warning in one sentence.
  public var message: String {
    switch self {
    case .unsupportedSetting(let setting, let value):
      "\(escaped(setting.name)) is \(value), which kibble does not support: the text may differ "
        + "from what transformers makes"
    case .ignoredOption(let option):
      "\(option) has no effect with --greedy"
    }
  }
}

/// A setting that the file has and that kibble does not know.
struct UnsupportedSetting: Equatable, Sendable {
  /// Where it would have an effect.
  enum Mode: Sendable {
    case always
    case sampling
    case greedy
  }

  let setting: Setting
  let value: String
  let mode: Mode
}
