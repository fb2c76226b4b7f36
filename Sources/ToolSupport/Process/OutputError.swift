/// Writing the result to stdout failed.
package enum OutputError: Error, Equatable, Sendable {
  /// The reader of the pipe went away; that is its right and no message is due.
  case readerGone
  case writeFailed(reason: String)
}
