/// Which of Doge's layouts a checkpoint has, as its tensors show it.
public struct CheckpointLayout: Equatable, Sendable {
  /// The shapes of attention, which changed with the code; the raw value is the reported name.
  public enum Generation: String, CaseIterable, Sendable {
    /// Transformers' own (July 2025): a row of `A` and `dt_proj` per kv head, and q/k norms.
    case current
    /// A row of `A` and `dt_proj` per query head, no q/k norms (January 2025).
    case perQueryHead = "per-query-head"
    /// A row of `A` and `dt_proj` per query head, and q/k norms (early Doge2).
    case perQueryHeadQKNorm = "per-query-head-qknorm"
  }

  /// Which of Doge's attentions the tensors belong to: mask rows, q and k norms.
  public let generation: Generation
  /// The spelling of the tensors' names.
  public let naming: CheckpointNaming
  /// Whether the embedding serves as head, too.
  public let tied: Bool
  /// Rows of `A` and of `dt_proj`: the number of kv heads or of query heads.
  public let maskRows: Int
  /// Whether the router of the experts has a bias.
  public let routerHasBias: Bool

  /// Whether the names are those before June 2025.
  public var oldNames: Bool { naming == .oldNames }
  /// Whether queries and keys are normalized before they are rotated.
  public var hasQKNorm: Bool { generation != .perQueryHead }
  /// Whether queries keep only their `keepWindowSize` largest keys.
  ///
  /// The code that wrote the old names did not prune, so those models were trained without it.
  public var prunes: Bool { !oldNames }

  /// The layout's name in reports, such as `per-query-head-old-names`.
  public var name: String { generation.rawValue + (oldNames ? Self.oldNamesMark : "") }

  private static let oldNamesMark = "-old-names"

  init(
    generation: Generation, naming: CheckpointNaming, tied: Bool, routerHasBias: Bool,
    config: DogeConfig
  ) {
    self.generation = generation
    self.naming = naming
    self.tied = tied
    maskRows = generation == .current ? config.keyValueHeadCount : config.headCount
    self.routerHasBias = routerHasBias
  }

  /// Restores a layout from what a file records of it.
  ///
  /// The result is nil if no layout has that name, or if the spelling belongs to another one.
  ///
  /// - Parameters:
  ///   - name: the layout's name in reports.
  ///   - naming: the spelling of the tensors' names; by default the usual one for the name.
  ///   - tied: whether there is no separate head.
  ///   - routerHasBias: whether there is a bias of the router.
  ///   - config: the model's config.
  public init?(
    name: String, naming: CheckpointNaming? = nil, tied: Bool, routerHasBias: Bool,
    config: DogeConfig
  ) {
    let isOld = name.hasSuffix(Self.oldNamesMark)
    let base = isOld ? String(name.dropLast(Self.oldNamesMark.count)) : name
    guard let generation = Generation(rawValue: base) else { return nil }
    let naming = naming ?? (isOld ? .oldNames : .current)
    guard (naming == .oldNames) == isOld else { return nil }
    self.init(
      generation: generation, naming: naming, tied: tied, routerHasBias: routerHasBias,
      config: config)
  }
}
