import ByteIO

/// A packed file's bytes, decoded in memory: they stand for that file.
final class UnpackedRegion: ByteRegion {
  private let memory: MemoryBuffer
  private let packed: any ByteRegion

  init(_ memory: MemoryBuffer, packed: any ByteRegion) {
    (self.memory, self.packed) = (memory, packed)
  }

  var count: Int { memory.count }
  var fileIdentity: FileIdentity? { packed.fileIdentity }

  func pointer(at offset: Int) -> UnsafeRawPointer { unsafe memory.pointer(at: offset) }

  func checkUnchanged() throws(FileError) { try packed.checkUnchanged() }
}
