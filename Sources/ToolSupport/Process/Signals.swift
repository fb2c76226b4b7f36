import LibC
import Synchronization

/// Whether the user or the system has asked the process to stop.
///
/// Long operations learn of it through `ProgressSink.isCancelled`; they unwind, and unfinished
/// files are removed on the way.
package enum InterruptFlag {
  /// Whether a signal has come.
  package static var isSet: Bool { signal != nil }

  /// The signal that came first.
  package static var signal: Int32? {
    let number = firstSignal.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// Forgets a SIGINT, where it stops an answer and not the program; SIGTERM stays.
  ///
  /// - Returns: whether there was one.
  package static func takeInterrupt() -> Bool {
    firstSignal.compareExchange(expected: SIGINT, desired: 0, ordering: .relaxed).exchanged
  }
}

/// How the process takes signals.
package enum Signals {
  /// Installs the handlers for the whole process.
  ///
  /// - the first SIGINT or SIGTERM sets `InterruptFlag`, the second ends the process at once;
  /// - SIGPIPE is ignored, so that a write to a closed pipe fails and can be told apart;
  /// - SIGBUS, which a mapped file that shrinks brings, ends the process with 74 and one line.
  ///
  /// - Parameter json: whether that line is a JSON object.
  package static func install(json: Bool) {
    // A handler may not set up a lazy global, so they are set up here.
    _ = firstSignal.load(ordering: .relaxed)
    reportsJSON.store(json, ordering: .relaxed)
    install(SIGINT) { noteInterrupt($0) }
    install(SIGTERM) { noteInterrupt($0) }
    install(SIGBUS) { _ in endForLostMapping() }
    _ = signal(SIGPIPE, SIG_IGN)
  }

  /// Installs one handler, but leaves a signal alone that the caller wants ignored, as a shell does
  /// with SIGINT for its background jobs.
  private static func install(_ number: Int32, _ handler: @convention(c) (Int32) -> Void) {
    let before = signal(number, handler)
    let wasIgnored =
      unsafe unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    if wasIgnored { _ = signal(number, SIG_IGN) }
  }
}

private let firstSignal = Atomic<Int32>(0)
private let reportsJSON = Atomic<Bool>(false)

// What follows runs inside of signal handlers: no allocation, no locks.

private func noteInterrupt(_ number: Int32) {
  let exchange = firstSignal.compareExchange(
    expected: 0, desired: number, ordering: .relaxed)
  if !exchange.exchanged { _exit(128 + number) }
}

private func endForLostMapping() {
  let message: StaticString =
    if reportsJSON.load(ordering: .relaxed) {
      """
      {"error": {"code": "file.lost-mapping", "message": "an input file shrank or its disk failed \
      while it was read", "path": null, "tensor": null, "hint": null}}

      """
    } else {
      "kibble: error: an input file shrank or its disk failed while it was read\n"
    }
  _ = unsafe write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
  _exit(74)
}
