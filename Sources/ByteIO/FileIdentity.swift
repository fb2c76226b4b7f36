/// What makes two paths the same file: hard links, symbolic links and detours included.
public struct FileIdentity: Hashable, Sendable {
  /// The device that holds the file.
  public let device: UInt64
  /// The file's number on the device.
  public let inode: UInt64

  /// The identity of that device and number.
  public init(device: UInt64, inode: UInt64) {
    self.device = device
    self.inode = inode
  }
}
