import Diagnostics

extension OutputError: Diagnosable {
  package var diagnostic: Diagnostic {
    switch self {
    case .readerGone:
      Diagnostic(
        .inputOutput, code: "output.reader-gone", "the reader of the standard output went away")
    case .writeFailed(let reason):
      Diagnostic(
        .inputOutput, code: "output.write-failed",
        "the result can't be written to the standard output: \(reason)")
    }
  }
}
