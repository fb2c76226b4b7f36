import DogeArchitecture
import Kernels
import Parallel

/// Shares a block's attention out between a team's members; what is computed does not depend on it.
struct AttentionSchedule {
  let attention: DynamicMaskAttention
  let share: CallShare
  /// Rows of the matrices that this member brings through.
  let rows: Range<Int>
  /// What is added to such a row for its position in the sequence.
  let start: Int
  let rotation: RotaryTable.Rows
  let work: LayerBuffers
  let cache: LayerCache
  let scratch: [AttentionScratch]

  /// Keys from which on a few queries are worth cutting up.
  private static let manyKeys = 256
  /// Queries of a task, about: their scores stay in the cache.
  private static let taskQueries = 24

  private var member: TeamMember { share.member }
  private var heads: Int { attention.keyValueHeadCount }
  /// Tokens of a task.
  private var span: Int { min(max(1, rows.count), max(1, Self.taskQueries / attention.group)) }
  private var spans: Int { (rows.count + span - 1) / span }

  /// Memory that a call's attention needs.
  static func scratch(
    _ workspace: Workspace, _ config: DogeConfig, members: Int, tokens: Int, keys: Int
  ) -> [AttentionScratch] {
    let group = config.headCount / config.keyValueHeadCount
    return workspace.scratch(
      max(members, config.keyValueHeadCount),
      queries: min(tokens * group, max(taskQueries, group)), headDimension: config.headDimension,
      keys: keys)
  }

  /// Adds the rows to the cache and attends from all of them, whose q, k and v are there.
  func run() {
    if share.splitsTokens {
      for head in 0..<heads { prepare(head) }
      member.meet()  // a query needs the keys of the rows before it, which others may have
      for task in 0..<spans * heads { self.task(task, scratch[member.index]).run() }
    } else if heads % member.count == 0 || rows.count == 1 && start < Self.manyKeys {
      // Each head stays with one member.
      for head in stride(from: member.index, to: heads, by: member.count) {
        prepare(head)
        for index in 0..<spans { task(index * heads + head, scratch[member.index]).run() }
      }
      member.meet()
    } else {
      for head in stride(from: member.index, to: heads, by: member.count) { prepare(head) }
      member.meet()
      if spans == 1, start + rows.upperBound >= Self.manyKeys {
        runStepwise()
      } else {
        // Later tokens see more keys; taking every count-th task evens that out.
        for number in stride(from: member.index, to: spans * heads, by: member.count) {
          task(number, scratch[member.index]).run()
        }
      }
      member.meet()
    }
  }

  /// Adds the rows to the cache, whose k and v are there.
  func remember() {
    let step = share.splitsTokens ? 1 : member.count
    for head in stride(from: share.splitsTokens ? 0 : member.index, to: heads, by: step) {
      attention.remember(head: head, rows: rows, from: start, rotation, work, cache)
    }
  }

  private func prepare(_ head: Int) {
    attention.rotateQueries(head: head, rows: rows, from: start, rotation, work)
    attention.remember(head: head, rows: rows, from: start, rotation, work, cache)
  }

  /// A few queries and many keys: all members share the keys, then the dimensions of values.
  private func runStepwise() {
    func forHeads(_ body: (AttentionTask) -> Void) {
      for head in 0..<heads { body(task(head, scratch[head])) }
      member.meet()
    }
    for head in stride(from: member.index, to: heads, by: member.count) {
      task(head, scratch[head]).gatherQueries()
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
      task(head, scratch[head]).finish()
    }
  }

  private func task(_ number: Int, _ scratch: AttentionScratch) -> AttentionTask {
    let (index, head) = number.quotientAndRemainder(dividingBy: heads)
    let first = rows.lowerBound + index * span
    return AttentionTask(
      attention: attention, tokens: first..<min(first + span, rows.upperBound), head: head,
      start: start, work: work, cache: cache, scratch: scratch)
  }
}
