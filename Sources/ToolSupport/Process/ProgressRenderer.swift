import Diagnostics
import LibC
import Synchronization

/// Shows progress on stderr.
///
/// On a terminal it draws a bar over itself, at most ten times in a second, and clears it at the
/// end of the phase. In a log each phase is one line, begun when the phase begins and completed
/// with its time. Messages have to go through `write`, which makes room for them.
package final class ProgressRenderer: ProgressSink {
  package enum Style: Equatable, Sendable {
    case bar
    case lines
    case hidden
  }

  private struct State: Sendable {
    var phase: ProgressSnapshot?
    var beganAt = 0.0
    var drawnAt = -Double.infinity
    /// Whether the cursor stands behind a bar or an announcement.
    var lineIsOpen = false
  }

  private static let secondsBetweenBars = 0.1

  private let state = Mutex(State())
  private let style: Style
  private let sink: @Sendable (String) -> Void
  private let width: @Sendable () -> Int
  private let now: @Sendable () -> Double

  /// Makes a renderer.
  ///
  /// - Parameters:
  ///   - style: how progress looks.
  ///   - sink: takes what stderr shall show.
  ///   - width: the terminal's columns, asked before each drawing.
  ///   - now: a monotonic clock, in seconds.
  package init(
    style: Style, sink: @escaping @Sendable (String) -> Void = { writeToStandardError($0) },
    width: @escaping @Sendable () -> Int = { Terminal.errorWidth() },
    now: @escaping @Sendable () -> Double = { monotonicSeconds() }
  ) {
    self.style = style
    self.sink = sink
    self.width = width
    self.now = now
  }

  package var isCancelled: Bool { InterruptFlag.isSet }

  package func report(_ event: ProgressEvent) {
    guard style != .hidden else { return }
    state.withLock { state in
      switch event {
      case .began(let phase, let total, let unit):
        end(&state)
        state.phase = ProgressSnapshot(phase: phase, total: total, unit: unit)
        state.beganAt = now()
        state.drawnAt = -Double.infinity
        show(&state)
      case .advanced(let amount):
        state.phase?.done += amount
        if style == .bar { show(&state) }
      case .ended:
        end(&state)
      }
    }
  }

  /// Writes whole lines to stderr, clear of the progress shown there.
  package func write(_ text: String) {
    state.withLock { state in
      clear(&state)
      sink(text)
    }
  }

  /// Takes down what is shown, also in the middle of a phase.
  package func finish() {
    state.withLock { state in
      clear(&state)
      state.phase = nil
    }
  }

  private func show(_ state: inout State) {
    guard var phase = state.phase else { return }
    let time = now()
    switch style {
    case .hidden: return
    case .lines: sink(phase.announcement + " ... ")
    case .bar:
      guard time - state.drawnAt >= Self.secondsBetweenBars else { return }
      phase.elapsed = time - state.beganAt
      // A character in the last column would make some terminals start a new line.
      sink("\r" + phase.line(width: max(1, width() - 1)) + "\u{1B}[K")
    }
    state.drawnAt = time
    state.lineIsOpen = true
    progressLineIsOpen.store(true, ordering: .relaxed)
  }

  private func end(_ state: inout State) {
    guard var phase = state.phase else { return }
    if style == .lines {
      phase.elapsed = now() - state.beganAt
      // A message in between has closed the line that the phase began.
      sink((state.lineIsOpen ? "" : escaped(phase.phase) + " ... ") + phase.summary + "\n")
      state.lineIsOpen = false
      progressLineIsOpen.store(false, ordering: .relaxed)
    }
    clear(&state)
    state.phase = nil
  }

  private func clear(_ state: inout State) {
    guard state.lineIsOpen else { return }
    sink(style == .bar ? "\r\u{1B}[K" : "\n")
    state.lineIsOpen = false
    progressLineIsOpen.store(false, ordering: .relaxed)
    state.drawnAt = -Double.infinity
  }
}
