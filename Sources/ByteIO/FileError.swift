/// What can go wrong with a file or with memory.
///
/// `errno` is the system's error number.
public enum FileError: Error, Equatable {
  /// No file, folder or anything else has that path.
  case notFound(path: String)
  /// The path is a symbolic link that leads nowhere.
  case danglingLink(path: String, target: String)
  /// A folder, device or pipe is where a file is needed.
  case notRegularFile(path: String)
  /// A file or nothing readable is where a folder is needed.
  case notFolder(path: String)
  /// The system refuses to open the file or list the folder.
  case cannotOpen(path: String, errno: Int32)
  /// The system refused to read at an offset in bytes.
  case cannotRead(path: String, offset: Int, errno: Int32)
  /// The file cannot be mapped into memory.
  case cannotMap(path: String, bytes: Int, errno: Int32)
  /// The file became shorter while it was read.
  case truncated(path: String, expected: Int, found: Int)
  /// The file was written while it was read.
  case changed(path: String)
  /// The file is larger than what is accepted in its place.
  case tooLarge(path: String, bytes: Int, limit: Int)
  /// The file is a pointer of Git LFS, in place of what its name says.
  case gitLFSPointer(path: String)
  /// The system has no memory of that size.
  case outOfMemory(bytes: Int)

  /// The output exists and may not be overwritten.
  case outputExists(path: String)
  /// The output is the same file as one of the inputs.
  case outputIsInput(path: String)
  /// The output's path names a folder or a device.
  case outputNotRegular(path: String)
  /// The output is what the standard output or error leads to.
  case outputIsStandard(path: String)
  /// The folder of the output does not exist.
  case missingFolder(path: String, folder: String)
  /// Another process has the file open, and may write it.
  case inUse(path: String)
  /// The output cannot be created for another reason.
  case cannotCreate(path: String, errno: Int32)
  /// The file system has too little room.
  case diskFull(path: String, needed: Int, available: Int)
  /// The system refused to write at an offset in bytes.
  case cannotWrite(path: String, offset: Int, errno: Int32)
  /// The data could not be forced to the disk.
  case cannotSync(path: String, errno: Int32)
  /// The finished file could not be given its name.
  case cannotRename(path: String, errno: Int32)
}
