/// What is wrong with the file that a calibration shall be resumed from, or with the model that is
/// calibrated; `path` is the file.
public enum CalibrationError: Error, Equatable, Sendable {
  /// The file holds something else, or its header is damaged.
  case notState(path: String)
  /// The file was written in another version of the format.
  case stateVersion(path: String, expected: Int, found: Int)
  /// The file belongs to a calibration of something else; `differences` says in what.
  case otherRun(path: String, differences: [String])
  /// A record is whole, but holds codes or scales that no file may have; `offset` is its start.
  case badValues(path: String, tensor: String, offset: Int)
  /// The inputs of a matrix, or the logits of the model, are infinite or not numbers on the tokens,
  /// or their squares are; `tensor` is the matrix.
  case notFinite(tensor: String)
}
