import CKernels
import Kernels

/// The sizes around the edges of 16-lane vectors and of the kernels' inner blocks.
let edgeSizes = [1, 2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 256, 257, 300]

/// Every set but the scalar one that this processor has.
let vectorSets = InstructionSet.available.filter { $0 != .scalar }

/// The C functions of a set.
func kernels(_ isa: InstructionSet) throws -> kb_kernels { try KernelSet(isa).table.pointee }

/// The patterns of some numbers.
///
/// All NaNs count as one: which of them an operation gives is the processor's business.
func bits(_ values: [Float]) -> [UInt32] {
  values.map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern }
}

func bits(_ values: [Double]) -> [UInt64] {
  values.map { $0.isNaN ? Double.nan.bitPattern : $0.bitPattern }
}

/// Sums sixteen lanes as formats/numerics.md, section 2, says.
func treeSum<Number: BinaryFloatingPoint>(_ lanes: [Number]) -> Number {
  var lanes = lanes
  for step in [8, 4, 2, 1] {
    for lane in 0..<step { lanes[lane] += lanes[lane + step] }
  }
  return lanes[0]
}

/// A lane sum of a[i] * b[i].
func laneDot(_ a: [Float], _ b: [Float]) -> Float {
  var lanes = [Float](repeating: 0, count: 16)
  for i in a.indices { lanes[i % 16] = lanes[i % 16].addingProduct(a[i], b[i]) }
  return treeSum(lanes)
}
