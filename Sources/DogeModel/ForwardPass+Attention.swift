import DogeArchitecture
import Kernels
import Parallel

// Attention of a part's rows, each to the keys of its own sequence.

extension MemberPass {
  /// Adds a part's rows to the caches of their sequences and attends from them; q, k and v are
  /// there.
  func attend(
    _ part: CallPart, _ block: DogeModel.Block, _ layer: Int, _ share: CallShare
  ) {
    if sequences.count == 1 {
      schedule(sequences[0], part, block, layer, share)?.run()
    } else {
      attend(by: schedules(part, block, layer, share), share)
    }
  }

  /// Adds a part's rows to the caches of their sequences; k and v are there.
  func remember(
    _ part: CallPart, _ block: DogeModel.Block, _ layer: Int, _ share: CallShare
  ) {
    for schedule in schedules(part, block, layer, share) { schedule.remember() }
  }

  /// Attends from the rows of several sequences.
  ///
  /// Where tokens are shared out, a member has all heads of its rows, else some of the sequences'
  /// heads.
  private func attend(by schedules: [AttentionSchedule], _ share: CallShare) {
    let member = share.member
    func forOwnHeads(_ body: (AttentionSchedule, _ head: Int) -> Void) {
      var number = 0
      for schedule in schedules {
        for head in 0..<schedule.heads {
          if share.splitsTokens || number % member.count == member.index { body(schedule, head) }
          number += 1
        }
      }
    }
    let prunes = schedules.contains { $0.noteKeptIsNeeded }
    forOwnHeads { $0.prepare($1) }
    if share.splitsTokens || prunes { member.meet() }
    if prunes {
      // The first member has the caches themselves, and not views of them.
      if member.index == 0 {
        for schedule in schedules where schedule.noteKeptIsNeeded { schedule.noteKeptAlone() }
      }
      member.meet()
    }
    forOwnHeads { $0.attend(heads: $1..<$1 + 1) }
    share.meetBehindProduct()
  }

  private func schedules(
    _ part: CallPart, _ block: DogeModel.Block, _ layer: Int, _ share: CallShare
  ) -> [AttentionSchedule] {
    sequences.compactMap { schedule($0, part, block, layer, share) }
  }

  /// The attention of a sequence's rows; nil where a part's block has none of them.
  private func schedule(
    _ sequence: CallSequence, _ part: CallPart, _ block: DogeModel.Block, _ layer: Int,
    _ share: CallShare
  ) -> AttentionSchedule? {
    let all = part.block.clamped(to: sequence.rows)
    guard !all.isEmpty else { return nil }
    let mine = part.inCall.clamped(to: all)
    let toMatrices = part.inMatrices.lowerBound - part.inCall.lowerBound
    let toPositions = sequence.start - sequence.rows.lowerBound
    return AttentionSchedule(
      attention: block.attention, share: share,
      rows: mine.lowerBound + toMatrices..<mine.upperBound + toMatrices,
      start: toPositions - toMatrices,
      block: all.lowerBound + toPositions..<all.upperBound + toPositions,
      rotation: sequence.rotation, work: work, cache: sequence.caches[layer], scratch: scratch)
  }
}
