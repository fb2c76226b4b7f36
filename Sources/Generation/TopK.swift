/// The k-th largest of some values.
///
/// The k largest so far lie in a heap with the smallest on top: values below it, nearly all where
/// k is small, cost one comparison.
///
/// - Parameters:
///   - k: from 1 to the number of values.
///   - values: no NaN among them.
/// - Returns: the value.
package func smallestOfLargest(_ k: Int, in values: [Float]) -> Float {
  var heap = Array(values[..<k])
  for root in stride(from: k / 2 - 1, through: 0, by: -1) { sink(root, in: &heap) }
  var least = heap[0]
  for index in k..<values.count where values[index] > least {
    heap[0] = values[index]
    sink(0, in: &heap)
    least = heap[0]
  }
  return least
}

private func sink(_ root: Int, in heap: inout [Float]) {
  var root = root
  while true {
    var smallest = root
    for child in 2 * root + 1...2 * root + 2 where child < heap.count {
      if heap[child] < heap[smallest] { smallest = child }
    }
    guard smallest != root else { return }
    heap.swapAt(root, smallest)
    root = smallest
  }
}
