import Kernels
import Parallel
import TensorCore

/// One thread's share of a call's tokens.
///
/// Of many tokens each member of the team brings some through a layer, with all of the matrices:
/// nothing passes between threads but keys and values. Few tokens all members bring through, each
/// with its share of the tiles of every matrix; what costs little each computes for itself, in
/// memory of its own.
struct CallShare: BitwiseCopyable {
  let member: TeamMember
  /// Whether tokens are shared out, and not the tiles of matrices.
  let splitsTokens: Bool

  /// Tokens from which on each member has some of its own: a block of the fast kernels.
  static let tokensOfAMember = 16

  init(_ member: TeamMember, tokens: Int) {
    self.member = member
    splitsTokens = tokens >= Self.tokensOfAMember * member.count
  }

  /// The rows of a block of the call that this member brings through.
  func rows(of block: Range<Int>) -> Range<Int> {
    guard splitsTokens else { return block }
    let share = member.share(of: block.count, grain: Self.tokensOfAMember)
    return block.lowerBound + share.lowerBound..<block.lowerBound + share.upperBound
  }

  /// Waits for the tiles of the others, where tiles are shared out.
  func meetBehindProduct() {
    if !splitsTokens { member.meet() }
  }
}

extension CallShare {
  /// The tiles of a product that are this member's, one matrix behind the other.
  var tiles: TileShare { splitsTokens ? .all : .contiguous(member) }
  /// The tiles that are this member's in each of some matrices of the same size.
  var tilesAlike: TileShare { splitsTokens ? .all : .alike(member) }

  /// The columns that `tilesAlike`, or `tiles` of one matrix, give of so many.
  func columns(of count: Int) -> Range<Int> {
    guard !splitsTokens else { return 0..<count }
    let tiles = member.share(of: (count + TensorGeometry.tileRows - 1) / TensorGeometry.tileRows)
    return min(
      tiles.lowerBound * TensorGeometry.tileRows, count)..<min(
        tiles.upperBound * TensorGeometry.tileRows, count)
  }
}
