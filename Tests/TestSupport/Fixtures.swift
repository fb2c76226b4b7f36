import Foundation

/// The checkpoints of the repository's `fixtures` folder.
public enum Fixtures {
  /// The root of the repository.
  public static let repository = URL(fileURLWithPath: #filePath)
    .resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The path of a folder below `fixtures`, such as "reference/e6-moe".
  public static func folder(_ name: String) -> String {
    repository.appending(path: "fixtures").appending(path: name).path
  }

  /// The names of all checkpoints below `fixtures`, sorted: "cases/act-gelu-moe" and so on.
  public static let checkpoints: [String] =
    ["doge-nano"]
    + ["cases", "reference"].flatMap { group in
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder(group))) ?? []
      return names.sorted().map { group + "/" + $0 }
        .filter { FileManager.default.fileExists(atPath: folder($0) + "/config.json") }
    }
}
