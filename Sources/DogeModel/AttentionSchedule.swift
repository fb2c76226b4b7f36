import Kernels
import Parallel

/// Shares a block's attention out between a team's members; what is computed does not depend on it.
struct AttentionSchedule {
  let attention: DynamicMaskAttention
  let share: CallShare
  /// Rows of the matrices that this member brings through, of one sequence.
  let rows: Range<Int>
  /// What is added to such a row for its position in the sequence.
  let start: Int
  /// The positions of all members' rows.
  let block: Range<Int>
  let rotation: RotaryTable.Rows
  let work: LayerBuffers
  let cache: LayerCache
  let scratch: AttentionMemory

  private var member: TeamMember { share.member }
  var heads: Int { attention.keyValueHeadCount }
  private var ownHeads: StrideTo<Int> {
    stride(from: member.index, to: heads, by: member.count)
  }

  /// Adds the rows to the cache and attends from all of them, whose q, k and v are there.
  func run() {
    if share.splitsTokens {
      for head in 0..<heads { prepare(head) }
      member.meet()  // a query needs the keys of the rows before it, which others may have
      noteKept()
      attend(heads: 0..<heads)
    } else if !noteKeptIsNeeded && (heads % member.count == 0 || isShort) {
      for head in ownHeads {  // each head stays with one member
        prepare(head)
        attend(heads: head..<head + 1)
      }
      member.meet()
    } else {
      for head in ownHeads { prepare(head) }
      member.meet()
      noteKept()
      switch cache {
      case .floats(let cache): floats(cache).runShared()
      case .codes(let cache): codes(cache).runShared()
      }
      member.meet()
    }
  }

  /// Adds the rows to the cache, whose k and v are there.
  func remember() {
    let own = share.splitsTokens ? stride(from: 0, to: heads, by: 1) : ownHeads
    for head in own {
      attention.remember(head: head, rows: rows, from: start, rotation, work, cache)
    }
    guard noteKeptIsNeeded else { return }
    member.meet()
    noteKept()
  }

  /// Whether so little is to be done that sharing it would take longer.
  private var isShort: Bool { rows.count == 1 && start + rows.upperBound <= Self.fewKeys }
  private static let fewKeys = 128

  /// Rotates the rows' queries of a kv head, and adds their keys and values to the cache.
  func prepare(_ head: Int) {
    attention.rotateQueries(head: head, rows: rows, from: start, rotation, work)
    attention.remember(head: head, rows: rows, from: start, rotation, work, cache)
  }

  /// Whether it has to be found out which keys queries keep.
  var noteKeptIsNeeded: Bool {
    guard case .codes = cache else { return false }
    return attention.visibility.prunes(tokens: block.upperBound)
  }

  private func noteKept() {
    guard noteKeptIsNeeded else { return }
    if member.index == 0 { noteKeptAlone() }
    member.meet()
  }

  /// Finds that out, of all members' rows; the first member alone can.
  func noteKeptAlone() {
    if case .codes(let cache) = cache { cache.noteKept(block) }
  }

  /// Attends from the rows to some kv heads, whose keys are there.
  func attend(heads: Range<Int>) {
    switch cache {
    case .floats(let cache): floats(cache).run(heads: heads)
    case .codes(let cache): codes(cache).run(heads: heads)
    }
  }

  private func floats(_ cache: FloatLayerCache) -> FloatSchedule {
    FloatSchedule(
      attention: attention, member: member, rows: rows, start: start, work: work, cache: cache,
      scratch: scratch.floats)
  }

  private func codes(_ cache: CodedLayerCache) -> CodedSchedule {
    CodedSchedule(
      attention: CodedAttention(
        attention: attention, cache: cache.keyValues, work: work, start: start),
      member: member, rows: rows, scratch: scratch.codes)
  }
}

/// A member's memory for attention.
struct AttentionMemory: Sendable {
  /// Of a float cache: one for each member, or for each kv head.
  let floats: [AttentionScratch]
  /// Of a cache in codes: the member's own, and what all share.
  let codes: CodedSchedule.Scratch?
}
