// The texts are in Data, where make_tables.py writes them.

extension NormalizationTable {
  /// Canonical mappings, one step.
  ///
  /// Scalar << 1 | whether composition restores it, first part, second part or zero; all are
  /// distances from the mapping before, those of the parts signed.
  static let canonicalMappings = PackedNumbers(PackageResources.canonical_mappings_txt)

  /// Compatibility mappings, to the end.
  ///
  /// Scalar << 5 | number of parts, the parts; all are distances, of the scalar less one, of the
  /// parts signed and from the part before.
  static let compatibilityMappings = PackedNumbers(PackageResources.compatibility_mappings_txt)

  /// Runs of one combining class: length less one, class.
  static let combiningClasses = PackedNumbers(PackageResources.combining_classes_txt)
}
