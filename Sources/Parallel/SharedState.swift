import CSystem
import LibC
import Synchronization

/// The job that a pool's threads share, and how they wait for the next one.
///
/// `state` holds the job's number and how many of its parts nobody has taken. A thread takes a
/// part by lowering that count, and from then on until it has reported the part as done the job
/// cannot end: so a thread that never gets a core holds nobody up, and one that comes late finds
/// nothing to take.
@safe final class SharedState: @unchecked Sendable {
  private let state = Atomic<UInt64>(0)
  // These change only while no part of a job is taken. They follow `state`, so that a thread that
  // sees a job there has the rest in its cache, too.
  private var parts = 0
  private var function: PartFunction = { _, _ in }
  private var context: UnsafeRawPointer?
  private let done = Atomic(0)
  private let sleepers = Atomic(0)
  private let isStopped = Atomic(false)
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// Turns of waiting before a thread gives its core away: about a hundred microseconds.
  private static let spins = 3_000
  private static let countMask: UInt64 = 0xFFFF_FFFF

  init() {
    unsafe pthread_mutex_init(lock, nil)
    unsafe pthread_cond_init(wake, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(wake)
    unsafe pthread_mutex_destroy(lock)
    unsafe wake.deallocate()
    unsafe lock.deallocate()
  }

  /// Runs `function` for each part, with a context that outlives the call.
  func run(_ parts: Int, _ context: UnsafeRawPointer, _ function: PartFunction) {
    self.parts = parts
    unsafe self.function = function
    unsafe self.context = context
    done.store(0, ordering: .relaxed)
    let number = (state.load(ordering: .relaxed) >> 32) &+ 1
    state.store(number << 32 | UInt64(parts), ordering: .sequentiallyConsistent)
    wakeSleepers()
    while takePart() {}
    var turns = 0
    while done.load(ordering: .acquiring) < parts {
      turns += 1
      if turns < Self.spins { kb_spin_hint() } else { sched_yield() }
    }
  }

  func stop() {
    isStopped.store(true, ordering: .sequentiallyConsistent)
    wakeSleepers()
  }

  /// The life of a worker.
  func work() {
    var turns = 0
    while !isStopped.load(ordering: .acquiring) {
      if takePart() {
        turns = 0
      } else if turns < Self.spins {
        turns += 1
        kb_spin_hint()
      } else {
        sleep()
        turns = 0
      }
    }
  }

  /// Takes a part of the current job and runs it; false where none is left.
  private func takePart() -> Bool {
    var current = state.load(ordering: .acquiring)
    while current & Self.countMask > 0 {
      let (exchanged, original) = state.weakCompareExchange(
        expected: current, desired: current - 1, ordering: .acquiringAndReleasing)
      if exchanged {
        let part = parts - Int(current & Self.countMask)
        if let context = unsafe context { unsafe function(context, part) }
        done.add(1, ordering: .releasing)
        return true
      }
      current = original
    }
    return false
  }

  private var hasWork: Bool { state.load(ordering: .sequentiallyConsistent) & Self.countMask > 0 }

  private func wakeSleepers() {
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    unsafe pthread_mutex_lock(lock)
    unsafe pthread_cond_broadcast(wake)
    unsafe pthread_mutex_unlock(lock)
  }

  private func sleep() {
    unsafe pthread_mutex_lock(lock)
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while !hasWork && !isStopped.load(ordering: .sequentiallyConsistent) {
      unsafe pthread_cond_wait(wake, lock)
    }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    unsafe pthread_mutex_unlock(lock)
  }
}

/// Runs one part of a job that a context describes.
package typealias PartFunction = @convention(c) (_ context: UnsafeRawPointer, _ part: Int) -> Void
