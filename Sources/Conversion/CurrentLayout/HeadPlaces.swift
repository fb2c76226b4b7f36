import DogeArchitecture

/// Where the channels of a model's heads go when each query head gets a kv head of its own, and
/// heads perhaps get more channels (formats/layout-current.md, sections 2 and 4).
struct HeadPlaces {
  private let headCount: Int
  private let keyValueHeadCount: Int
  private let dimension: Int
  private let width: Int

  /// The places in heads of `width` channels.
  init(_ config: DogeConfig, width: Int) {
    headCount = config.headCount
    keyValueHeadCount = config.keyValueHeadCount
    dimension = config.headDimension
    self.width = width
  }

  /// Channels of queries, and of what goes into o_proj.
  var queries: AxisMap { map(headCount) { [$0] } }

  /// Channels of keys and values: a head's go to the heads of all its queries.
  var keysAndValues: AxisMap {
    let group = headCount / keyValueHeadCount
    return map(keyValueHeadCount) { Array($0 * group..<($0 + 1) * group) }
  }

  /// The channels that dt_proj reads: of equal heads the first.
  var firstValues: AxisMap {
    let group = headCount / keyValueHeadCount
    return map(keyValueHeadCount) { [$0 * group] }
  }

  /// The channels of a norm, which all heads share.
  var norm: AxisMap { AxisMap(runs: runs(head: 0, to: [0]), count: width) }

  private func map(_ count: Int, _ targets: (_ head: Int) -> [Int]) -> AxisMap {
    AxisMap(
      runs: (0..<count).flatMap { runs(head: $0, to: targets($0)) }, count: headCount * width)
  }

  /// The rotation turns channel i together with channel i + half the width, so that each half of a
  /// head goes to the beginning of a half.
  private func runs(head: Int, to targets: [Int]) -> [AxisMap.Run] {
    (0..<2).map { half in
      let start = head * dimension + half * dimension / 2
      return AxisMap.Run(
        source: start..<start + dimension / 2,
        targets: targets.map { $0 * width + half * width / 2 })
    }
  }
}
