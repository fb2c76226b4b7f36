import CKernels
import Kernels
import TensorCore

/// A product of packed rows with a group of matrices, cut into pieces of about as many tiles.
///
/// It holds plain values and pointers, so that a thread can begin without asking for more.
@safe struct Product: BitwiseCopyable {
  let table: UnsafePointer<kb_kernels>
  let isFast: Bool
  let tokens: Int
  let codes: UnsafeRawPointer  // [tokens, inputs], for quantized matrices in fast mode
  let floats: UnsafePointer<Float>  // [tokens, inputs], for the others
  let parts: UnsafeBufferPointer<LinearGroup.Part>
  let outputs: UnsafeBufferPointer<FloatMatrix.View>  // [tokens, outputs], for each part
  let tiles: Int
  let pieces: Int

  /// Computes one piece.
  func run(_ piece: Int) {
    let range = tiles * piece / pieces..<tiles * (piece + 1) / pieces
    for index in unsafe parts.indices {
      let part = unsafe parts[index]
      let mine = range.clamped(to: part.tiles)
      guard !mine.isEmpty else { continue }
      let first = mine.lowerBound - part.tiles.lowerBound
      unsafe multiply(part, tiles: first..<first + mine.count, into: outputs[index])
    }
  }

  private func multiply(_ part: LinearGroup.Part, tiles: Range<Int>, into out: FloatMatrix.View) {
    let (first, last) = (UInt32(tiles.lowerBound), UInt32(tiles.upperBound))
    unsafe withUnsafePointer(to: part.matrix) { matrix in
      if isFast && part.isQuantized {
        unsafe table.pointee.matmul_fast(
          matrix, codes, UInt32(tokens), first, last, out.base, out.stride)
      } else {
        unsafe table.pointee.matmul(
          matrix, floats, UInt32(tokens), first, last, out.base, out.stride)
      }
    }
    guard let bias = unsafe part.bias else { return }
    let begin = tiles.lowerBound * TensorGeometry.tileRows
    let end = min(tiles.upperBound * TensorGeometry.tileRows, part.outputs)
    for token in 0..<tokens {
      unsafe table.pointee.add(
        out.base + token * out.stride + begin, bias + begin, UInt32(end - begin))
    }
  }
}
