import DogeArchitecture
import Kernels
import Parallel

/// A member's share of attention to a cache of floats.
struct FloatSchedule {
  let attention: DynamicMaskAttention
  let member: TeamMember
  /// Rows of the matrices that this member attends from.
  let rows: Range<Int>
  /// What is added to such a row for its position in the sequence.
  let start: Int
  let work: LayerBuffers
  let cache: FloatLayerCache
  /// One for each member, or for each kv head.
  let scratch: [AttentionScratch]

  /// Keys from which on a few queries are worth cutting up.
  private static let manyKeys = 256
  /// Queries of a task, about: their scores stay in the cache.
  private static let taskQueries = 24

  private var heads: Int { attention.keyValueHeadCount }
  /// Tokens of a task.
  private var span: Int { min(max(1, rows.count), max(1, Self.taskQueries / attention.group)) }
  private var spans: Int { (rows.count + span - 1) / span }

  /// Memory that a call needs.
  static func scratch(
    _ workspace: Workspace, _ config: DogeConfig, members: Int, tokens: Int, keys: Int
  ) -> [AttentionScratch] {
    let group = config.headCount / config.keyValueHeadCount
    return workspace.scratch(
      max(members, config.keyValueHeadCount),
      queries: min(tokens * group, max(taskQueries, group)), headDimension: config.headDimension,
      keys: keys)
  }

  /// Attends from all rows to some heads.
  func run(heads: Range<Int>) {
    for index in 0..<spans {
      for head in heads { task(index, head, scratch[member.index]).run() }
    }
  }

  /// Attends from all rows to all heads, together with the other members.
  func runShared() {
    if spans == 1, start + rows.upperBound >= Self.manyKeys {
      runStepwise()
    } else {
      // Later tokens see more keys; taking every count-th task evens that out.
      for number in stride(from: member.index, to: spans * heads, by: member.count) {
        task(number / heads, number % heads, scratch[member.index]).run()
      }
    }
  }

  /// A few queries and many keys: all members share the keys, then the dimensions of values.
  private func runStepwise() {
    func forHeads(_ body: (AttentionTask) -> Void) {
      for head in 0..<heads { body(task(0, head, scratch[head])) }
      member.meet()
    }
    for head in stride(from: member.index, to: heads, by: member.count) {
      task(0, head, scratch[head]).gatherQueries()
    }
    member.meet()
    forHeads { $0.score(tiles: member.share(of: $0.keyTiles)) }
    forHeads { $0.softmax(member.share(of: $0.queries)) }
    forHeads { task in
      if task.packsByKeys {
        task.packScores(member.share(of: task.keys))
      } else if member.index == 0 {
        task.packScores(0..<task.keys)
      }
    }
    forHeads { $0.sum(tiles: member.share(of: $0.valueTiles)) }
    for head in stride(from: member.index, to: heads, by: member.count) {
      task(0, head, scratch[head]).finish()
    }
  }

  private func task(_ index: Int, _ head: Int, _ scratch: AttentionScratch) -> AttentionTask {
    let first = rows.lowerBound + index * span
    return AttentionTask(
      attention: attention, tokens: first..<min(first + span, rows.upperBound), head: head,
      start: start, work: work, cache: cache, scratch: scratch)
  }
}
