/// What is wrong with the file that a calibration shall be resumed from; `path` is the file.
public enum CalibrationError: Error, Equatable, Sendable {
  /// The file holds something else, or its header is damaged.
  case notState(path: String)
  /// The file was written in another version of the format.
  case stateVersion(path: String, expected: Int, found: Int)
  /// The file belongs to a calibration of something else; `differences` says in what.
  case otherRun(path: String, differences: [String])
}
