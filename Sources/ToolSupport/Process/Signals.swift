import CSystem
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
    let exchange = firstSignal.compareExchange(expected: SIGINT, desired: 0, ordering: .relaxed)
    if exchange.exchanged { kb_set_alarm(0) }
    return exchange.exchanged
  }
}

/// How the process takes signals.
package enum Signals {
  /// Installs the handlers for the whole process.
  ///
  /// - the first SIGINT, SIGTERM or SIGHUP sets `InterruptFlag`; the second ends the process at
  ///   once, and so does the alarm for whoever has not looked at the flag for a while;
  /// - SIGPIPE and SIGXFSZ are ignored, so that a write to a closed pipe or beyond the largest file
  ///   fails and can be told apart;
  /// - SIGBUS, which a mapped file that shrinks brings, ends the process with 74 and one line, and
  ///   so does a fault for want of memory.
  ///
  /// Whichever ends the process, the terminal is put back and temporary files are removed first;
  /// once the output is in its place, that is a success.
  ///
  /// - Parameter json: whether that line is a JSON object.
  package static func install(json: Bool) {
    // A handler may not set up a lazy global, so they are set up here.
    _ = firstSignal.load(ordering: .relaxed)
    _ = millisecondsToUnwind
    _ = isEnding.load(ordering: .relaxed)
    _ = progressLineIsOpen.load(ordering: .relaxed)
    reportsJSON.store(json, ordering: .relaxed)
    for number in [SIGINT, SIGTERM, SIGHUP] { install(number) { noteInterrupt($0) } }
    install(SIGALRM) { _ in endForInterruption() }
    install(SIGBUS) { _ in endForLostMapping() }
    kb_watch_faults { endForLackOfMemory() }
    for number in [SIGPIPE, SIGXFSZ] { _ = signal(number, SIG_IGN) }
  }

  /// Has waiting for input end when the terminal's window changes its size, or when the process goes
  /// on after it was stopped.
  static func wakeForTerminal() {
    for number in [SIGWINCH, SIGCONT] { _ = signal(number) { _ in } }
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
private let millisecondsToUnwind: Int32 = 700
private let isEnding = Atomic<Bool>(false)
private let reportsJSON = Atomic<Bool>(false)
/// Whether stderr's last line still waits for its end.
let progressLineIsOpen = Atomic<Bool>(false)

// What follows runs inside of signal handlers: no allocation, no locks.

private func noteInterrupt(_ number: Int32) {
  let exchange = firstSignal.compareExchange(
    expected: 0, desired: number, ordering: .relaxed)
  if exchange.exchanged {
    kb_set_alarm(millisecondsToUnwind)
  } else {
    endForInterruption()
  }
}

/// Ends the process where it stands, as unwinding would have, but for the words on stdout.
private func endForInterruption() {
  end(
    128 + firstSignal.load(ordering: .relaxed),
    "kibble: error: interrupted before the work was done\n",
    json: """
      {"error": {"code": "interrupted", "message": "interrupted before the work was done", \
      "path": null, "tensor": null, "hint": null}}

      """)
}

private func endForLostMapping() {
  end(
    74, "kibble: error: an input file shrank or its disk failed while it was read\n",
    json: """
      {"error": {"code": "file.lost-mapping", "message": "an input file shrank or its disk failed \
      while it was read", "path": null, "tensor": null, "hint": null}}

      """)
}

private func endForLackOfMemory() {
  end(
    74, "kibble: error: the system has no more memory for this process\n",
    json: """
      {"error": {"code": "memory.exhausted", "message": "the system has no more memory for this \
      process", "path": null, "tensor": null, "hint": null}}

      """)
}

/// Ends the process once, whichever of its threads comes first.
private func end(_ code: Int32, _ text: StaticString, json: StaticString) {
  switch kb_commitment() {
  case KB_COMMITTING:
    // In a moment it is clear which of the two it is.
    kb_set_alarm(10)
    return
  case KB_COMMITTED: _exit(0)
  default: break
  }
  guard !isEnding.exchange(true, ordering: .relaxed) else {
    while true { pause() }
  }
  kb_end_keys()
  kb_remove_temporaries()
  let newline: StaticString = "\n"
  if progressLineIsOpen.load(ordering: .relaxed) {
    _ = unsafe write(STDERR_FILENO, newline.utf8Start, 1)
  }
  let message = reportsJSON.load(ordering: .relaxed) ? json : text
  _ = unsafe write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
  _exit(code)
}
