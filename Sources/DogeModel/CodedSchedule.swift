import DogeArchitecture
import Kernels
import Parallel

/// A member's share of attention to a cache in codes.
struct CodedSchedule {
  let attention: CodedAttention
  let member: TeamMember
  /// Rows of the matrices that this member attends from.
  let rows: Range<Int>
  let scratch: Scratch?

  /// A member's memory.
  struct Scratch: Sendable {
    let own: CodedScratch
    /// What blocks of keys give to a few queries, of all members.
    let shared: AttentionParts?
  }

  /// Queries of a task, about: keys are rearranged once for all of them.
  private static let taskQueries = 64

  private var heads: Int { attention.attention.keyValueHeadCount }
  private var group: Int { attention.attention.group }

  /// Memory that a call needs, for each member.
  static func scratch(
    _ workspace: Workspace, _ config: DogeConfig, members: Int, tokens: Int, keys: Int
  ) -> [Scratch] {
    let group = config.headCount / config.keyValueHeadCount
    // A few last tokens of a long call are brought through by all.
    let few = min(tokens, CallShare.tokensOfAMember * members - 1) * group
    let shared =
      members > 1
      ? workspace.sharedParts(
        queries: few * config.keyValueHeadCount, headDimension: config.headDimension,
        slots: (keys + CodedLayerCache.blockTokens - 1) / CodedLayerCache.blockTokens)
      : nil
    let many = min(tokens * group, max(taskQueries, group))
    return workspace.codedScratch(
      members, queries: max(many, few * (members > 1 ? config.keyValueHeadCount : 1)),
      headDimension: config.headDimension
    ).map { Scratch(own: $0, shared: shared) }
  }

  /// Attends from all rows to some heads.
  func run(heads: Range<Int>) {
    guard let scratch else { return }
    let span = max(1, Self.taskQueries / group)
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: span) {
      for head in heads {
        attention.run(first..<min(first + span, rows.upperBound), head: head, scratch.own)
      }
    }
  }

  /// Attends from all rows to all heads, together with the other members, which share the keys.
  func runShared() {
    guard let scratch, let parts = scratch.shared else { return run(heads: 0..<heads) }
    let blocks = attention.blocks(rows)
    attention.prepare(rows, heads: 0..<heads, scratch.own.queries)
    for unit in member.share(of: blocks.count * heads) {
      let (head, slot) = unit.quotientAndRemainder(dividingBy: blocks.count)
      attention.attend(
        rows, head: head, of: 0..<heads, block: blocks.lowerBound + slot, slot: slot,
        scratch.own, into: parts)
    }
    member.meet()
    for query in member.share(of: rows.count * group * heads) {
      attention.merge(query, rows, heads: 0..<heads, slots: 0..<blocks.count, parts)
    }
  }
}
