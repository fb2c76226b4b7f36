// The texts are in Data, where make_tables.py writes them.

extension CategoryTable {
  /// Runs of one category: length less one << 5 | category.
  static let runs = PackedNumbers(PackageResources.category_runs_txt)

  /// Ranges that tokenizers takes for punctuation against \p{P}, as distances.
  static let addedPunctuation = PackedNumbers(PackageResources.added_punctuation_txt)

  /// Ranges of \p{P} that tokenizers doesn't take for punctuation, as distances.
  static let missingPunctuation = PackedNumbers(PackageResources.missing_punctuation_txt)

  /// Ranges of the script Han, as distances.
  static let han = PackedNumbers(PackageResources.han_txt)
}
