import JSONCore

extension CheckpointLayout {
  /// What a `.kibble` file records under `layout` in its metadata.
  public var metadata: JSON {
    [
      "name": .string(name), "naming": .string(naming.rawValue), "tied": .bool(tied),
      "router_bias": .bool(routerHasBias), "prunes": .bool(prunes),
    ]
  }

  /// Restores a layout from a file's metadata; nil where they describe none.
  ///
  /// `prunes` follows from the naming; it is there for readers that know nothing of namings.
  public init?(metadata: JSON?, config: DogeConfig) {
    guard let name = metadata?["name"]?.stringValue,
      let naming = metadata?["naming"]?.stringValue.flatMap(CheckpointNaming.init(rawValue:)),
      let tied = metadata?["tied"]?.boolValue,
      let routerHasBias = metadata?["router_bias"]?.boolValue
    else { return nil }
    self.init(
      name: name, naming: naming, tied: tied, routerHasBias: routerHasBias, config: config)
  }
}
