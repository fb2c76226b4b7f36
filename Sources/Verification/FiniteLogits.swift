import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import Parallel

extension FloatMatrix {
  /// Refuses values that are infinite or not numbers: what is reckoned from them means nothing.
  ///
  /// - Parameters:
  ///   - path: whose they are.
  ///   - what: what they are, for the message.
  ///   - sequence: the sequence's number.
  ///   - first: the position of the first row.
  ///   - compute: what looks.
  /// - Throws: `VerificationError.notFinite` with the first position.
  package func checkFinite(
    path: String, what: String = "logits", sequence: Int = 0, first: Int = 0, _ compute: Compute
  ) throws(VerificationError) {
    let isFinite = compute.pool.map(rows) { row in
      let part = self[row]
      return (0..<part.count).allSatisfy { part[$0].isFinite }
    }
    guard let row = isFinite.firstIndex(of: false) else { return }
    throw .notFinite(path: path, what: what, sequence: sequence, position: first + row)
  }
}

extension DogeModel {
  /// The file or folder of the weights, for messages.
  var path: String { stored.file.path }
}
