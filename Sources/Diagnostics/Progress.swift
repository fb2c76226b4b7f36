/// What the amounts of a phase count.
public enum ProgressUnit: Equatable, Sendable {
  case bytes
  case tokens
  case items
  /// Multiplications with an addition each, as an estimate of the work.
  case multiplyAdds
}

/// One step in the life of a long operation.
///
/// Phases follow each other, they don't nest: a phase that begins ends the one before.
public enum ProgressEvent: Equatable, Sendable {
  /// A phase starts; a `total` of zero says that its amount isn't known.
  case began(phase: String, total: Int, unit: ProgressUnit)
  /// So many more units of the current phase are done.
  case advanced(by: Int)
  /// The current phase is over.
  case ended
}

/// Where long operations report their progress, and learn that they should stop.
///
/// Both members are called from several threads at once.
public protocol ProgressSink: Sendable {
  /// Takes note of a step.
  func report(_ event: ProgressEvent)

  /// Whether the caller wants the work to stop at the next convenient point.
  var isCancelled: Bool { get }
}

extension ProgressSink {
  /// Never, unless the sink says otherwise.
  public var isCancelled: Bool { false }

  /// Throws `Interruption` once the sink wants the work to stop.
  public func checkCancellation() throws(Interruption) {
    if isCancelled { throw Interruption() }
  }

  /// Runs `body` as one phase.
  ///
  /// A phase whose body throws isn't reported as ended, since it wasn't brought to its end.
  ///
  /// - Parameters:
  ///   - name: what is done, such as "quantizing".
  ///   - total: the amount of work in units; zero if it isn't known.
  ///   - unit: what the amounts count.
  ///   - body: the work; it reports `.advanced`.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws.
  public func phase<Result, Failure: Error>(
    _ name: String, total: Int, unit: ProgressUnit, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    report(.began(phase: name, total: total, unit: unit))
    let result = try body()
    report(.ended)
    return result
  }
}

/// A sink that hears nothing and lets everything run to its end.
public struct NoProgress: ProgressSink {
  /// Makes a sink.
  public init() {}

  /// Drops the event.
  public func report(_ event: ProgressEvent) {}
}

/// The work was stopped because its progress sink asked for it.
public struct Interruption: Diagnosable, Equatable {
  /// Makes the error.
  public init() {}

  /// The interruption in words.
  public var diagnostic: Diagnostic {
    Diagnostic(.interrupted, code: "interrupted", "interrupted before the work was done")
  }
}
