import CSystem
import LibC
import Synchronization

/// One of the threads that run a program side by side, and wait for each other where one of them
/// needs what the others have made.
///
/// It is a plain value: threads share nothing but the count of their meetings.
@safe public struct TeamMember: BitwiseCopyable, @unchecked Sendable {
  /// Its number, which is always that of the same thread; 0 is the caller.
  public let index: Int
  /// How many there are.
  public let count: Int
  private let arrivals: UnsafePointer<Atomic<Int>>

  /// Turns of waiting before a thread gives its core away: some thirty microseconds.
  private static let spins = 1_000

  init(index: Int, count: Int, arrivals: UnsafePointer<Atomic<Int>>) {
    self.index = index
    self.count = count
    unsafe self.arrivals = arrivals
  }

  /// Waits until all members have come here; each sees what the others wrote before.
  public func meet() {
    guard count > 1 else { return }
    let arrived = unsafe arrivals.pointee.add(1, ordering: .acquiringAndReleasing).newValue
    // The count is never set back while the program runs, so one number says everything.
    let all = (arrived + count - 1) / count * count
    var turns = 0
    while unsafe arrivals.pointee.load(ordering: .acquiring) < all {
      turns += 1
      if turns < Self.spins { kb_spin_hint() } else { sched_yield() }
    }
  }

  /// Its part of some items: contiguous, and beginning at a multiple of `grain`.
  @inlinable public func share(of items: Int, grain: Int = 1) -> Range<Int> {
    let blocks = (items + grain - 1) / grain
    let last = min(blocks * (index + 1) / count * grain, items)
    return min(blocks * index / count * grain, last)..<last
  }
}
