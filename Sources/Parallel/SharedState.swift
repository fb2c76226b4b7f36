import CSystem
import LibC
import Synchronization

/// The job that a pool's threads share, and how they wait for the next one.
///
/// `state` holds the job's number and how many of its parts nobody has taken. A thread takes a
/// part by lowering that count, and from then on until it has reported the part as done the job
/// cannot end: so a thread that never gets a core holds nobody up, and one that comes late finds
/// nothing to take.
///
/// A program for a team is another kind of job, marked by a bit of the state: its parts belong to
/// the threads of the same numbers, and it ends when all of them have run theirs.
@safe final class SharedState: @unchecked Sendable {
  private let state = Atomic<UInt64>(0)
  // These change only while no part of a job is taken. They follow `state`, so that a thread that
  // sees a job there has the rest in its cache, too.
  private var parts = 0
  private var function: PartFunction = { _, _ in }
  private var context: UnsafeRawPointer?
  private let done = Atomic(0)
  private let arrivals = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: 1)
  private let sleepers = Atomic(0)
  private let isStopped = Atomic(false)
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// Turns of waiting before a thread gives its core away: about a hundred microseconds.
  private static let spins = 3_000
  private static let teamBit: UInt64 = 0x8000_0000
  private static let countMask: UInt64 = 0x7FFF_FFFF

  init() {
    unsafe arrivals.initialize(to: Atomic(0))
    unsafe pthread_mutex_init(lock, nil)
    unsafe pthread_cond_init(wake, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(wake)
    unsafe pthread_mutex_destroy(lock)
    unsafe arrivals.deinitialize(count: 1)
    unsafe arrivals.deallocate()
    unsafe wake.deallocate()
    unsafe lock.deallocate()
  }

  /// Runs `function` for each part, with a context that outlives the call.
  func run(_ parts: Int, _ context: UnsafeRawPointer, _ function: PartFunction) {
    unsafe publish(UInt64(parts), context, function)
    while takePart() {}
    waitUntilDone(parts)
  }

  /// Runs `function` for each member of a team at once; the calling thread is member 0.
  func runTeam(_ members: Int, _ context: UnsafeRawPointer, _ function: PartFunction) {
    unsafe arrivals.pointee.store(0, ordering: .relaxed)
    unsafe publish(UInt64(members) | Self.teamBit, context, function)
    unsafe function(context, 0)
    waitUntilDone(members - 1)
    // Who has run a part must not find it again.
    state.store(state.load(ordering: .relaxed) & ~0xFFFF_FFFF, ordering: .relaxed)
  }

  /// A member of the team that runs now.
  func member(_ index: Int, of count: Int) -> TeamMember {
    unsafe TeamMember(index: index, count: count, arrivals: arrivals)
  }

  private func publish(_ parts: UInt64, _ context: UnsafeRawPointer, _ function: PartFunction) {
    self.parts = Int(parts & Self.countMask)
    unsafe self.function = function
    unsafe self.context = context
    done.store(0, ordering: .relaxed)
    let number = (state.load(ordering: .relaxed) >> 32) &+ 1
    state.store(number << 32 | parts, ordering: .sequentiallyConsistent)
    wakeSleepers()
  }

  private func waitUntilDone(_ parts: Int) {
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

  /// The life of a worker, the pool's thread of that number.
  func work(as number: Int) {
    var turns = 0
    var lastTeam: UInt64 = 0
    while !isStopped.load(ordering: .acquiring) {
      if takePart() || joinTeam(as: number, &lastTeam) {
        turns = 0
      } else if turns < Self.spins {
        turns += 1
        kb_spin_hint()
      } else {
        sleep(number, lastTeam)
        turns = 0
      }
    }
  }

  /// Takes a part of the current job and runs it; false where none is left.
  private func takePart() -> Bool {
    var current = state.load(ordering: .acquiring)
    while current & Self.countMask > 0, current & Self.teamBit == 0 {
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

  /// Runs a worker's part of a team's program; false where there is none that it has not run.
  private func joinTeam(as number: Int, _ last: inout UInt64) -> Bool {
    let current = state.load(ordering: .acquiring)
    guard Self.isTeam(current, with: number), current >> 32 != last else { return false }
    last = current >> 32
    if let context = unsafe context { unsafe function(context, number) }
    done.add(1, ordering: .releasing)
    return true
  }

  private static func isTeam(_ state: UInt64, with number: Int) -> Bool {
    state & teamBit != 0 && UInt64(number) < state & countMask
  }

  private func hasWork(_ number: Int, _ lastTeam: UInt64) -> Bool {
    let current = state.load(ordering: .sequentiallyConsistent)
    guard current & Self.teamBit != 0 else { return current & Self.countMask > 0 }
    return Self.isTeam(current, with: number) && current >> 32 != lastTeam
  }

  private func wakeSleepers() {
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    unsafe pthread_mutex_lock(lock)
    unsafe pthread_cond_broadcast(wake)
    unsafe pthread_mutex_unlock(lock)
  }

  private func sleep(_ number: Int, _ lastTeam: UInt64) {
    unsafe pthread_mutex_lock(lock)
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while !hasWork(number, lastTeam) && !isStopped.load(ordering: .sequentiallyConsistent) {
      unsafe pthread_cond_wait(wake, lock)
    }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    unsafe pthread_mutex_unlock(lock)
  }
}

/// Runs one part of a job that a context describes.
package typealias PartFunction = @convention(c) (_ context: UnsafeRawPointer, _ part: Int) -> Void
