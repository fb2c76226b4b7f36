/// How the patterns of one family differ; all of them split a text into words, numbers,
/// punctuation and white space, leaving nothing out.
protocol ScanRules {
  /// Categories that words consist of.
  static var word: UInt32 { get }
  /// How many numbers one match holds at most.
  static var numbersPerMatch: Int { get }
}

// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|…`
enum Llama3Rules: ScanRules {
  static var word: UInt32 { ScanCategories.letters }
  static var numbersPerMatch: Int { 3 }
}

/// The same with single numbers.
enum Qwen2Rules: ScanRules {
  static var word: UInt32 { ScanCategories.letters }
  static var numbersPerMatch: Int { 1 }
}

/// The same with single numbers, and marks that belong to words.
enum Qwen35Rules: ScanRules {
  static var word: UInt32 { ScanCategories.letters | ScanCategories.marks }
  static var numbersPerMatch: Int { 1 }
}

/// Bits of categories that the scanners tell apart.
enum ScanCategories {
  static var letters: UInt32 { 0x0000_001F }
  static var marks: UInt32 { 0x0000_00E0 }
  static var numbers: UInt32 { 0x0000_0700 }
  static var whiteSpace: UInt32 { 0x41C0_0000 }
}
