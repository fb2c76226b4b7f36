import Kernels
import Parallel

/// Shares a block's attention out between the threads; what is computed does not depend on it.
struct AttentionSchedule {
  let attention: DynamicMaskAttention
  let pool: ThreadPool
  /// The block's positions in the sequence.
  let positions: Range<Int>
  let work: LayerBuffers
  let cache: LayerCache

  /// Keys from which on a few queries are worth cutting up.
  private static let manyKeys = 256
  /// Queries of a task, about: their scores stay in the cache.
  private static let taskQueries = 24

  private var group: Int { attention.headCount / attention.keyValueHeadCount }
  /// Tokens of a task.
  private var span: Int { min(positions.count, max(1, Self.taskQueries / group)) }
  private var spans: Int { (positions.count + span - 1) / span }

  /// Attends from all tokens of the block to all heads.
  func run() {
    let scratch = work.attentionScratch(
      threads: max(pool.threadCount, attention.keyValueHeadCount), queries: span * group,
      keys: positions.upperBound)
    if spans == 1, pool.threadCount > 1, positions.upperBound >= Self.manyKeys {
      runStepwise(scratch)
    } else {
      runTasks(scratch)
    }
  }

  /// A few tokens and one kv head at a time, each task on one thread.
  private func runTasks(_ scratch: [AttentionScratch]) {
    let tasks = spans * attention.keyValueHeadCount
    let parts = min(tasks, pool.threadCount)
    pool.run(parts) { part in
      // Later tokens see more keys; taking every parts-th task evens that out.
      for number in stride(from: part, to: tasks, by: parts) {
        task(number, scratch[part]).run()
      }
    }
  }

  /// A few queries and many keys: all threads share the keys, then the dimensions of values.
  private func runStepwise(_ scratch: [AttentionScratch]) {
    let heads = (0..<attention.keyValueHeadCount).map { task($0, scratch[$0]) }
    for task in heads { task.gatherQueries() }
    for task in heads { pool.forRanges(of: task.keyTiles) { task.score(tiles: $0) } }
    for task in heads { pool.forRanges(of: task.queries) { task.softmax($0) } }
    for task in heads {
      guard task.packsByKeys else {
        task.packScores(0..<task.keys)
        continue
      }
      pool.forRanges(of: task.keys) { task.packScores($0) }
    }
    for task in heads { pool.forRanges(of: task.valueTiles) { task.sum(tiles: $0) } }
    for task in heads { task.finish() }
  }

  private func task(_ number: Int, _ scratch: AttentionScratch) -> AttentionTask {
    let (index, head) = number.quotientAndRemainder(dividingBy: attention.keyValueHeadCount)
    return AttentionTask(
      attention: attention, tokens: index * span..<min((index + 1) * span, positions.count),
      head: head, start: positions.lowerBound, work: work, cache: cache, scratch: scratch)
  }
}
