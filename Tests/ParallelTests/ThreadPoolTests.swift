import Parallel
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
  /// How often each part ran.
  private func runs(_ pool: ThreadPool, _ parts: Int) -> [Int] {
    let counts = Mutex([Int](repeating: 0, count: parts))
    pool.run(parts) { part in counts.withLock { $0[part] += 1 } }
    return counts.withLock { $0 }
  }

  @Test(arguments: [1, 2, 3, 8])
  func everyPartRunsOnce(threads: Int) {
    let pool = ThreadPool(threads: threads)
    for parts in [0, 1, 2, 3, 7, 8, 9, 100, 1000] {
      #expect(runs(pool, parts) == [Int](repeating: 1, count: parts))
    }
    #expect(runs(pool, 0).isEmpty)
  }

  @Test(arguments: [-3, 0, 1])
  func oneThreadIsTheCallers(threads: Int) {
    let pool = ThreadPool(threads: threads)
    #expect(pool.threadCount == 1)
    var order: [Int] = []
    withoutActuallyEscaping({ (part: Int) in order.append(part) }) { pool.run(4, $0) }
    #expect(order == [0, 1, 2, 3])
  }

  @Test func negativeCountsRunNothing() {
    let pool = ThreadPool(threads: 3)
    pool.run(-1) { _ in Issue.record("ran") }
    pool.forRanges(of: 0) { _ in Issue.record("ran") }
  }

  /// What a job wrote is seen by the next one and by the caller, thousands of times in a row.
  @Test func tinyJobsFollowEachOther() {
    let pool = ThreadPool(threads: 2)
    var cells = [Int](repeating: 0, count: 5)
    cells.withUnsafeMutableBufferPointer { cells in
      nonisolated(unsafe) let cells = cells
      for job in 0..<5_000 {
        // Every cell is read and written by whichever thread takes it.
        pool.run(5) { part in cells[part] += job }
      }
    }
    #expect(cells == [Int](repeating: (0..<5_000).reduce(0, +), count: 5))
  }

  @Test(arguments: [1, 2, 4])
  func resultsAreInOrder(threads: Int) {
    let pool = ThreadPool(threads: threads)
    for count in [0, 1, 2, 3, 5, 64, 1000] {
      #expect(pool.map(count) { $0 * $0 } == (0..<count).map { $0 * $0 })
    }
  }

  @Test(arguments: [1, 2, 3])
  func rangesCoverTheirCount(threads: Int) {
    let pool = ThreadPool(threads: threads)
    for count in [1, 2, 3, 15, 16, 17, 100, 333] {
      for grain in [1, 6, 16, 500] {
        let found = Mutex<[Range<Int>]>([])
        pool.forRanges(of: count, grain: grain) { range in found.withLock { $0.append(range) } }
        let ranges = found.withLock { $0.sorted { $0.lowerBound < $1.lowerBound } }
        #expect(ranges.flatMap(\.self) == Array(0..<count))
        #expect(ranges.count <= threads)
        for range in ranges { #expect(range.lowerBound % grain == 0 && !range.isEmpty) }
      }
    }
  }

  private struct Failure: Error, Equatable { let part: Int }

  @Test(arguments: [1, 2, 4])
  func theLowestFailureIsThrown(threads: Int) throws {
    let pool = ThreadPool(threads: threads)
    for failing in [[0], [63], [5, 6, 40], [62, 63], Array(0..<64), [31, 1]] {
      for _ in 0..<20 {
        #expect(throws: Failure(part: failing.min() ?? -1)) {
          try pool.runThrowing(64) { part in
            if failing.contains(part) { throw Failure(part: part) }
          }
        }
      }
    }
    let count = Atomic(0)
    try pool.runThrowing(64) { _ in count.add(1, ordering: .relaxed) }
    #expect(count.load(ordering: .relaxed) == 64)
  }

  @Test func poolsComeAndGo() {
    for threads in 1...40 {
      let pool = ThreadPool(threads: threads % 5 + 1)
      #expect(pool.threadCount == threads % 5 + 1)
      if threads % 2 == 0 { #expect(runs(pool, 9) == [Int](repeating: 1, count: 9)) }
    }
  }

  /// Jobs that come after the workers have gone to sleep, and pools that end while they sleep.
  @Test func sleepingWorkersWakeUp() async throws {
    for _ in 0..<3 {
      let pool = ThreadPool(threads: 3)
      for _ in 0..<3 {
        try await Task.sleep(for: .milliseconds(5))
        #expect(runs(pool, 20) == [Int](repeating: 1, count: 20))
      }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  /// Both threads are really there: each waits for the other's part.
  @Test func partsRunAtTheSameTime() {
    let pool = ThreadPool(threads: 2)
    let arrived = Atomic(0)
    pool.run(2) { _ in
      arrived.add(1, ordering: .sequentiallyConsistent)
      while arrived.load(ordering: .sequentiallyConsistent) < 2 {}
    }
    #expect(arrived.load(ordering: .relaxed) == 2)
  }

  @Test func thereIsAProcessor() { #expect(Processors.available >= 1) }
}

/// Programs whose threads wait for each other.
@Suite struct TeamTests {
  @Test(arguments: [1, 2, 3, 5])
  func everyMemberRunsOnce(threads: Int) {
    let pool = ThreadPool(threads: threads)
    for members in 1...threads {
      for _ in 0..<200 {
        let seen = Mutex<[Int]>([])
        pool.team(members) { member in
          #expect(member.count == members)
          seen.withLock { $0.append(member.index) }
        }
        #expect(seen.withLock { $0.sorted() } == Array(0..<members))
      }
    }
  }

  /// What all wrote before they met is seen by each behind it, between other kinds of jobs.
  @Test(arguments: [2, 3])
  func meetingsShowWhatWasWritten(threads: Int) {
    let pool = ThreadPool(threads: threads)
    var cells = [Int](repeating: 0, count: 16 * threads)
    cells.withUnsafeMutableBufferPointer { cells in
      nonisolated(unsafe) let cells = cells
      for job in 0..<500 {
        pool.team(threads) { member in
          for round in 0..<4 {
            // Each adds up all cells of its neighbor, and writes its own.
            let other = (member.index + 1) % threads
            let sum = (0..<16).reduce(0) { $0 &+ cells[16 * other + $1] }
            member.meet()
            for cell in member.share(of: cells.count, grain: 16) { cells[cell] = sum &+ round }
            member.meet()
          }
        }
        pool.run(3) { part in cells[part] &+= job }
      }
    }
    // The same, one member after the other.
    var expected = [Int](repeating: 0, count: 16 * threads)
    for job in 0..<500 {
      for round in 0..<4 {
        let sums = (0..<threads).map { index in
          expected[16 * ((index + 1) % threads)..<16 * ((index + 1) % threads + 1)].reduce(0, &+)
        }
        for cell in expected.indices { expected[cell] = sums[cell / 16] &+ round }
      }
      for part in 0..<3 { expected[part] &+= job }
    }
    #expect(cells == expected)
  }

  @Test func sharesCoverTheItems() {
    let pool = ThreadPool(threads: 3)
    for items in [0, 1, 2, 3, 16, 17, 100] {
      for grain in [1, 16] {
        let shares = Mutex<[Int: Range<Int>]>([:])
        pool.team(3) { member in
          let share = member.share(of: items, grain: grain)
          shares.withLock { $0[member.index] = share }
        }
        let all = shares.withLock { shares in (0..<3).compactMap { shares[$0] } }
        #expect(all.flatMap(\.self) == Array(0..<items))
        #expect(all.allSatisfy { $0.isEmpty || $0.lowerBound % grain == 0 })
      }
    }
  }
}
