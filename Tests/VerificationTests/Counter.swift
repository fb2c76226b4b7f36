import Diagnostics
import Synchronization

/// Adds up what is reported.
final class Counter: ProgressSink {
  let isCancelled: Bool
  private let sums = Mutex((total: 0, advanced: 0))

  init(isCancelled: Bool = false) { self.isCancelled = isCancelled }

  var total: Int { sums.withLock { $0.total } }
  var advanced: Int { sums.withLock { $0.advanced } }

  func report(_ event: ProgressEvent) {
    sums.withLock { sums in
      switch event {
      case .began(_, let total, _): sums.total += total
      case .advanced(let count): sums.advanced += count
      case .ended: break
      }
    }
  }
}
