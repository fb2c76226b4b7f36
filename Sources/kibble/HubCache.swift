import ByteIO
import Diagnostics
import ToolSupport

/// The Hugging Face hub's cache of this machine, where `hf download` leaves repositories.
struct HubCache {
  /// The folder that holds `models--ORGANIZATION--NAME` folders.
  let folder: String

  /// Where huggingface_hub's documentation has it ("Manage huggingface_hub cache-system").
  static func ofProcess() -> HubCache {
    func folder(_ variable: String, _ rest: String) -> String? {
      guard var path = ProcessEnvironment.value(variable), !path.isEmpty else { return nil }
      // The library expands it, too.
      if path.hasPrefix("~/"), let home = ProcessEnvironment.value("HOME") {
        path = FileSystem.join(home, String(path.dropFirst(2)))
      }
      return FileSystem.join(path, rest)
    }
    return HubCache(
      folder: folder("HF_HUB_CACHE", "") ?? folder("HF_HOME", "hub")
        ?? folder("XDG_CACHE_HOME", "huggingface/hub") ?? folder("HOME", ".cache/huggingface/hub")
        ?? "huggingface/hub")
  }

  /// The path of a model: what is there under that path, or else the repository of that name.
  ///
  /// - Parameter name: a path, or `ORGANIZATION/NAME`.
  /// - Returns: a path; of what is neither, the same, for whoever opens it to complain.
  /// - Throws: `Diagnostic` where it can only be a repository, and is not in the cache.
  func path(of name: String) throws(Diagnostic) -> String {
    guard !FileSystem.entryExists(name), Self.isRepository(name) else { return name }
    let cached = FileSystem.join(
      folder, "models--" + name.split(separator: "/").joined(separator: "--"))
    if FileSystem.isFolder(cached) { return cached }
    // In a folder that is there, a path is more likely to be misspelled.
    guard !FileSystem.isFolder(FileSystem.folder(of: name)) else { return name }
    throw Diagnostic(
      .missingInput, code: "file.not-found",
      "there is no '\(name)', neither as a path nor in the Hugging Face cache at "
        + "'\(escaped(folder))'", path: name,
      hint: "download it with `hf download \(name)`, or check the spelling")
  }

  /// Whether it is spelled as the hub's repositories are.
  private static func isRepository(_ name: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 2
      && parts.allSatisfy { part in
        part.utf8.first.map { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "~") } ?? false
          && part.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
              || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "-_.".utf8.contains(byte)
          }
      } && !name.hasSuffix(".kibble")
  }
}
