import CThreads
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The job that a pool's threads share, and how they wait for the next one.
///
/// The caller publishes a job by raising `generation`; each worker takes parts until none are
/// left, then lowers `busy`. The job's fields change only while no worker is busy.
@safe final class SharedState: @unchecked Sendable {
  let workerCount = Atomic(0)
  private let generation = Atomic(0)
  private let nextPart = Atomic(0)
  private let busy = Atomic(0)
  private let sleepers = Atomic(0)
  private let isStopped = Atomic(false)
  private var parts = 0
  private var body: (Int) -> Void = { _ in }
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// Turns of waiting before a thread gives its core away: some tens of microseconds.
  private static let spins = 4_000

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

  func run(_ parts: Int, _ body: @escaping (Int) -> Void) {
    self.parts = parts
    self.body = body
    nextPart.store(0, ordering: .relaxed)
    busy.store(workerCount.load(ordering: .relaxed), ordering: .relaxed)
    publish()
    takeParts()
    var turns = 0
    while busy.load(ordering: .acquiring) > 0 {
      turns += 1
      kb_spin_hint()
      if turns > Self.spins { sched_yield() }
    }
    self.body = { _ in }
  }

  func stop() {
    isStopped.store(true, ordering: .releasing)
    publish()
  }

  /// The life of a worker.
  func work() {
    var seen = 0
    while true {
      seen = waitForGeneration(after: seen)
      if isStopped.load(ordering: .acquiring) { return }
      takeParts()
      busy.subtract(1, ordering: .acquiringAndReleasing)
    }
  }

  private func publish() {
    generation.add(1, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
      unsafe pthread_mutex_lock(lock)
      unsafe pthread_cond_broadcast(wake)
      unsafe pthread_mutex_unlock(lock)
    }
  }

  private func takeParts() {
    let parts = parts
    while true {
      let part = nextPart.add(1, ordering: .relaxed).oldValue
      if part >= parts { return }
      body(part)
    }
  }

  private func waitForGeneration(after seen: Int) -> Int {
    for _ in 0..<Self.spins {
      let current = generation.load(ordering: .acquiring)
      if current != seen { return seen + 1 }
      kb_spin_hint()
    }
    unsafe pthread_mutex_lock(lock)
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while generation.load(ordering: .sequentiallyConsistent) == seen {
      unsafe pthread_cond_wait(wake, lock)
    }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    unsafe pthread_mutex_unlock(lock)
    return seen + 1
  }
}
