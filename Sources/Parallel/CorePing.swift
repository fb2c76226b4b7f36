import LibC
import Synchronization

/// How long a cache line takes from one core to another.
///
/// Threads that meet for every product of a model wait that long each time. It differs between
/// machines by a factor of ten, and on a virtual one from minute to minute.
public enum CorePing {
  private static let rounds = 9
  private static let trips = 200

  /// The one-way time in nanoseconds: the median of some rounds, about a millisecond in all.
  ///
  /// - Parameter processors: how many this process may use.
  /// - Returns: the time; nil with one processor, or where other programs let no round end.
  public static func nanoseconds(processors: Int) -> Double? {
    guard processors > 1 else { return nil }
    let pool = ThreadPool(threads: 2)
    guard pool.threadCount > 1 else { return nil }
    let table = Table()
    pool.run(2) { player in
      for round in 0..<rounds {
        let start = monotonicSeconds()
        guard table.play(round * trips..<(round + 1) * trips, player: player) else { return }
        let nanoseconds = (monotonicSeconds() - start) * 1e9
        if player == 0 { table.times.withLock { $0.append(nanoseconds) } }
      }
    }
    let times = table.times.withLock { $0.sorted() }
    return times.isEmpty ? nil : times[times.count / 2] / Double(2 * trips)
  }

  /// Where two players hit a ball, in memory that nothing else shares a cache line with.
  private final class Table: Sendable {
    private typealias Line = (Int, Int, Int, Int, Int, Int, Int, Int)
    private let before: Line = (0, 0, 0, 0, 0, 0, 0, 0)
    /// How often it was hit: an even number has it with player 0.
    private let hits = Atomic(0)
    private let after: Line = (0, 0, 0, 0, 0, 0, 0, 0)
    private let isOver = Atomic(false)
    let times = Mutex<[Double]>([])

    /// Turns of waiting after which the other player may need this core, and those after which it
    /// has found none.
    private static let (spins, patience) = (1 << 15, 36 << 10)

    /// Hits the ball each time it comes; returns whether it came.
    func play(_ trips: Range<Int>, player: Int) -> Bool {
      for trip in trips {
        guard waits(for: 2 * trip + player) else { return false }
        hits.store(2 * trip + player + 1, ordering: .releasing)
      }
      return player == 1 || waits(for: 2 * trips.upperBound)
    }

    private func waits(for count: Int) -> Bool {
      for turn in 0..<Self.patience where !isOver.load(ordering: .relaxed) {
        if hits.load(ordering: .acquiring) == count { return true }
        if turn >= Self.spins { sched_yield() }
      }
      isOver.store(true, ordering: .relaxed)
      return false
    }
  }
}
