import LibC
import Synchronization

/// A fixed number of threads that run the parts of one job at a time.
///
/// Between jobs that follow each other closely the workers spin, so that a job costs less than a
/// microsecond to start; after a while they sleep. The calling thread takes part. Jobs must not
/// be started from inside a job, nor from two threads at once.
public final class ThreadPool: Sendable {
  /// Threads that work on a job, the caller's included.
  public let threadCount: Int
  private let shared = SharedState()
  private let workers: [Worker]

  /// Starts `threads - 1` workers; fewer where the system refuses more.
  public init(threads: Int) {
    var started: [Worker] = []
    while started.count + 1 < threads, let worker = Worker(shared, number: started.count + 1) {
      started.append(worker)
    }
    (threadCount, workers) = (started.count + 1, started)
  }

  deinit {
    shared.stop()
    workers.forEach { $0.join() }
  }

  /// Calls `body` once for each part from 0 to `parts - 1`, on several threads at once, and
  /// returns when all are done.
  ///
  /// The order of parts is not defined, so each may write only to places that are its own.
  public func run(_ parts: Int, _ body: (_ part: Int) -> Void) {
    guard parts > 1, threadCount > 1 else {
      for part in 0..<max(0, parts) { body(part) }
      return
    }
    withoutActuallyEscaping(body) { body in
      let box = Body(body)
      unsafe shared.run(parts, UnsafeRawPointer(Unmanaged.passUnretained(box).toOpaque())) {
        context, part in
        unsafe Unmanaged<Body>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.call(part) }
      }
      withExtendedLifetime(box) {}
    }
  }

  /// Like `run`, for parts of about a microsecond: all that a thread reads to begin is one plain
  /// value, where a closure's captures would come to it from the caller's cache one by one.
  ///
  /// - Parameters:
  ///   - parts: how many.
  ///   - job: what the parts share.
  ///   - function: runs a part, given a pointer to the job.
  package func run<Job: BitwiseCopyable>(_ parts: Int, _ job: Job, _ function: PartFunction) {
    unsafe withUnsafePointer(to: job) { job in
      if parts > 1, threadCount > 1 {
        unsafe shared.run(parts, job, function)
      } else {
        for part in 0..<max(0, parts) { unsafe function(job, part) }
      }
    }
  }

  /// Runs a program on several threads side by side, whose members can wait for each other.
  ///
  /// - Parameters:
  ///   - members: how many, at most `threadCount`.
  ///   - program: is called once for each member. All must meet equally often.
  public func team(_ members: Int, _ program: (_ member: TeamMember) -> Void) {
    precondition(members <= threadCount, "more members than threads")
    guard members > 1 else { return program(shared.member(0, of: 1)) }
    withoutActuallyEscaping(program) { program in
      let box = Body { [shared] index in program(shared.member(index, of: members)) }
      unsafe shared.runTeam(
        members, UnsafeRawPointer(Unmanaged.passUnretained(box).toOpaque())
      ) { context, index in
        unsafe Unmanaged<Body>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.call(index) }
      }
      withExtendedLifetime(box) {}
    }
  }

  /// Like `run`, for parts that can fail: rethrows the error of the lowest part that failed.
  public func runThrowing(_ parts: Int, _ body: (_ part: Int) throws -> Void) throws {
    let failure = Mutex<(part: Int, error: any Error)?>(nil)
    run(parts) { part in
      guard failure.withLock({ $0.map { part < $0.part } ?? true }) else { return }
      do {
        try body(part)
      } catch {
        failure.withLock { current in
          if current.map({ part < $0.part }) ?? true { current = (part, error) }
        }
      }
    }
    if let (_, error) = failure.withLock({ $0 }) { throw error }
  }

  /// The results of parts that can fail, in the order of the parts; rethrows the error of the lowest
  /// part that failed.
  public func mapThrowing<Element: Sendable>(
    _ parts: Int, _ body: (_ part: Int) throws -> Element
  ) throws -> [Element] {
    let results = Mutex([Element?](repeating: nil, count: parts))
    try runThrowing(parts) { part in
      let result = try body(part)
      results.withLock { $0[part] = result }
    }
    return results.withLock { $0 }.compactMap { $0 }
  }

  /// The results of calling `body` for 0 ..< `count`, in order.
  public func map<Element: Sendable>(_ count: Int, _ body: (_ index: Int) -> Element) -> [Element] {
    let results = Mutex<[(Int, [Element])]>([])
    forRanges(of: count) { range in
      let part = range.map(body)
      results.withLock { $0.append((range.lowerBound, part)) }
    }
    return results.withLock { $0.sorted { $0.0 < $1.0 }.flatMap(\.1) }
  }

  /// Cuts `count` items into contiguous ranges, `pieces` for each thread, and runs them as parts;
  /// ranges begin at multiples of `grain`.
  ///
  /// More pieces even out what one thread loses to other programs, and cost more to hand out.
  public func forRanges(
    of count: Int, grain: Int = 1, pieces: Int = 1, _ body: (_ range: Range<Int>) -> Void
  ) {
    let blocks = (count + grain - 1) / grain
    let parts = min(threadCount * pieces, blocks)
    guard parts > 1, threadCount > 1 else {
      if count > 0 { body(0..<count) }
      return
    }
    run(parts) { part in
      let first = blocks * part / parts * grain
      let last = min(blocks * (part + 1) / parts * grain, count)
      if first < last { body(first..<last) }
    }
  }
}

/// What runs for each part.
///
/// Threads borrow it from `run`: counting references to it would cost them more than many a part.
private final class Body {
  let call: (Int) -> Void

  init(_ call: @escaping (Int) -> Void) { self.call = call }
}
