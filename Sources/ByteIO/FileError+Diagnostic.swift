import Diagnostics

extension FileError: Diagnosable {
  /// The error in words, with its exit code.
  public var diagnostic: Diagnostic {
    switch self {
    case .notFound(let path):
      Diagnostic(
        .missingInput, code: "file.not-found", "'\(escaped(path))' does not exist", path: path,
        hint: "check the spelling of the path")
    case .danglingLink(let path, let target):
      Diagnostic(
        .missingInput, code: "file.dangling-link",
        "'\(escaped(path))' is a link to \(escaped(target)), which is not there"
          // Where the hub's cache keeps what it downloads.
          + (target.contains(text: "blobs/") ? "; the download is incomplete" : ""), path: path,
        hint: "download the repository again, or remove the link")
    case .notRegularFile(let path):
      Diagnostic(
        .missingInput, code: "file.not-regular", "'\(escaped(path))' is not a regular file",
        path: path, hint: "give the path of a file, not of a folder, device or pipe")
    case .notFolder(let path):
      Diagnostic(
        .missingInput, code: "file.not-folder", "'\(escaped(path))' is not a folder", path: path,
        hint: "give the path of a folder")
    case .cannotOpen(let path, let errno):
      failure("open", "cannot open '\(escaped(path))'", errno, path: path)
    case .cannotRead(let path, let offset, let errno):
      failure("read", "cannot read '\(escaped(path))' at byte \(offset)", errno, path: path)
    case .cannotMap(let path, let bytes, let errno):
      failure(
        "map", "cannot map the \(bytes) bytes of '\(escaped(path))' into memory", errno, path: path)
    case .truncated(let path, let expected, let found):
      Diagnostic(
        .inputOutput, code: "file.truncated",
        "'\(escaped(path))' became shorter while it was read: expected \(expected) bytes, "
          + "found \(found)", path: path, hint: "let nothing else write the file, and try again")
    case .changed(let path):
      Diagnostic(
        .inputOutput, code: "file.changed", "'\(escaped(path))' changed while it was read",
        path: path, hint: "let nothing else write the file, and try again")
    case .tooLarge(let path, let bytes, let limit):
      Diagnostic(
        .badData, code: "file.too-large",
        "'\(escaped(path))' has \(bytes) bytes; at most \(limit) are accepted", path: path,
        hint: "check that this is the file that its name says")
    case .gitLFSPointer(let path):
      Diagnostic(
        .badData, code: "file.git-lfs-pointer",
        "'\(escaped(path))' is a Git LFS pointer, not the file itself", path: path,
        hint: "run 'git lfs pull' in the repository, or download the file")
    case .outOfMemory(let bytes):
      Diagnostic(
        .inputOutput, code: "file.out-of-memory", "cannot get \(bytes) bytes of memory",
        hint: "close other programs, or convert to a .kibble file, which is mapped and not loaded")

    case .outputExists(let path):
      Diagnostic(
        .cannotCreate, code: "file.output-exists", "the output '\(escaped(path))' exists already",
        path: path, hint: "give --force to overwrite it")
    case .outputIsInput(let path):
      Diagnostic(
        .cannotCreate, code: "file.output-is-input",
        "the output '\(escaped(path))' is one of the input files", path: path,
        hint: "give another path to write to; --force does not allow this")
    case .outputNotRegular(let path):
      Diagnostic(
        .cannotCreate, code: "file.output-not-regular",
        "the output '\(escaped(path))' is not the path of a regular file", path: path,
        hint: "give the path of a file, with its name")
    case .outputIsStandard(let path):
      Diagnostic(
        .cannotCreate, code: "file.output-is-standard",
        "the output '\(escaped(path))' is what the standard output or error leads to", path: path,
        hint: "give a file of its own; the standard output gets a summary")
    case .missingFolder(let path, let folder):
      Diagnostic(
        .cannotCreate, code: "file.missing-folder",
        "cannot create '\(escaped(path))': there is no folder '\(escaped(folder))'", path: path,
        hint: "create the folder first")
    case .inUse(let path):
      Diagnostic(
        .cannotCreate, code: "file.in-use", "'\(escaped(path))' is used by another run",
        path: path, hint: "wait until that has ended, or give another file")
    case .cannotCreate(let path, let errno):
      Diagnostic(
        .cannotCreate, code: "file.cannot-create",
        "cannot create '\(escaped(path))': \(systemMessage(errno))", path: path,
        hint: "check the folder's permissions, or write somewhere else")
    case .diskFull(let path, let needed, let available):
      Diagnostic(
        .inputOutput, code: "file.disk-full",
        "no room for '\(escaped(path))': \(needed) bytes are needed, \(available) are available",
        path: path, hint: "free some space, or write to another disk")
    case .cannotWrite(let path, let offset, let errno):
      failure("write", "cannot write '\(escaped(path))' at byte \(offset)", errno, path: path)
    case .cannotSync(let path, let errno):
      failure("sync", "cannot force '\(escaped(path))' to the disk", errno, path: path)
    case .cannotRename(let path, let errno):
      failure(
        "rename", "cannot give the finished file the name '\(escaped(path))'", errno, path: path)
    }
  }

  private func failure(
    _ code: String, _ message: String, _ errno: Int32, path: String
  ) -> Diagnostic {
    Diagnostic(
      .inputOutput, code: "file.cannot-\(code)", "\(message): \(systemMessage(errno))", path: path)
  }
}
