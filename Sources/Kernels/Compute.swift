import Parallel

/// What computes: the kernels of an instruction set, and the threads that run them.
///
/// Neither changes a result: kernels give the same bits on every instruction set, and no sum is
/// split between threads (formats/numerics.md).
public struct Compute: Sendable {
  /// The kernels.
  public let kernels: KernelSet
  /// The threads.
  public let pool: ThreadPool

  /// Kernels that run on those threads.
  public init(kernels: KernelSet, pool: ThreadPool) {
    self.kernels = kernels
    self.pool = pool
  }

  /// The kernels of an instruction set, or of the best one, on so many threads.
  ///
  /// - Throws: `KernelError` where the instruction set is not there.
  public init(isa: InstructionSet? = nil, threads: Int) throws(KernelError) {
    self.init(kernels: try KernelSet(isa), pool: ThreadPool(threads: threads))
  }

  /// The same kernels on the calling thread alone.
  package var singleThreaded: Compute {
    Compute(kernels: kernels, pool: ThreadPool(threads: 1))
  }

  /// Calls `body` for each of some rows, on all threads, in four pieces for each of them.
  package func forRows(_ count: Int, _ body: (_ row: Int) -> Void) {
    pool.forRanges(of: count, pieces: 4) { part in
      for row in part { body(row) }
    }
  }
}
